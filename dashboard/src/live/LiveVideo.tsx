import { type ReactNode, useEffect, useRef, useState } from "react";

import { m } from "../messages";
import { LivePlayer, type PlayerState } from "./player";
import { keepStill } from "./still";
import { useLingering } from "./use-lingering";
import { useOnScreen } from "./use-on-screen";

interface Props {
  cameraId: string;
  name: string;
  hlsUrl: string;
  /** Whether there is something to play: the camera is online. */
  active: boolean;
  lowLatency: boolean;
  muted: boolean;
  fit?: "cover" | "contain";
  /** Drawn over the picture; gets what the player is doing. */
  children?: (state: PlayerState) => ReactNode;
}

/** A camera that is not online any more is played on for this long: when its node has died, another one has it within seconds. */
const LINGER_MS = 15_000;

const LOADING: PlayerState = { phase: "loading", behindS: null };

/** A camera's live picture. Plays only while it can be seen; the last picture stays, dimmed, while nothing moves. */
export function LiveVideo({ cameraId, name, hlsUrl, active, lowLatency, muted, fit = "contain", children }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const still = useRef<HTMLCanvasElement>(null);
  const onScreen = useOnScreen(frame);
  const [state, setState] = useState<PlayerState>(LOADING);
  const lingering = useLingering(active, LINGER_MS);
  const playing = lingering && onScreen;

  useEffect(() => {
    const element = video.current;
    const canvas = still.current;
    if (!playing || !element || !canvas) return;
    const player = new LivePlayer(element, {
      cameraId,
      hlsUrl,
      lowLatency,
      onState: (next) => {
        if (next.phase !== "playing") keepStill(element, canvas);
        setState(next);
      },
    });
    return () => {
      keepStill(element, canvas);
      player.destroy();
      setState(LOADING);
    };
  }, [playing, cameraId, hlsUrl, lowLatency]);

  const moving = playing && state.phase === "playing";
  const fitClass = fit === "cover" ? "object-cover" : "object-contain";
  return (
    <div ref={frame} className="absolute inset-0 overflow-hidden bg-black" data-phase={playing ? state.phase : "idle"}>
      {active && !moving && <div className="skeleton absolute inset-0" aria-hidden="true" />}
      <canvas ref={still} className={`still absolute inset-0 size-full ${fitClass}`} aria-hidden="true" />
      <video
        ref={video}
        className={`absolute inset-0 size-full transition-opacity duration-300 ${fitClass} ${moving ? "opacity-100" : "opacity-0"}`}
        aria-label={m.player.label(name)}
        muted={muted}
        autoPlay
        playsInline
        disablePictureInPicture={false}
      />
      {children?.(state)}
    </div>
  );
}
