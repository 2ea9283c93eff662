import { type Ref, useEffect, useEffectEvent, useImperativeHandle, useRef, useState } from "react";

import { keepStill } from "../live/still";
import { m } from "../messages";
import { type Jump, PlaybackPlayer, type PlaybackState } from "./player";
import type { Speed } from "./speed";

/** What can be done with a player that runs. */
export type PlaybackControl = Pick<PlaybackPlayer, "play" | "pause" | "toggle" | "setSpeed" | "seek" | "step">;

interface Props {
  cameraId: string;
  name: string;
  playbackUrl: string;
  /** Where and how to begin; later changes go through `control`. */
  begin: { atMs: number; speed: Speed; playing: boolean };
  muted: boolean;
  control: Ref<PlaybackControl>;
  onState: (state: PlaybackState) => void;
  onJump: (jump: Jump) => void;
  onCaughtUp: () => void;
  footageAfter: (ms: number) => Promise<number | null>;
}

/** The recorded picture of a camera. The last one stays, dimmed, while the next is on its way. */
export function PlaybackVideo({ cameraId, name, playbackUrl, begin, muted, control, onState, onJump, onCaughtUp, footageAfter }: Props) {
  const video = useRef<HTMLVideoElement>(null);
  const still = useRef<HTMLCanvasElement>(null);
  const player = useRef<PlaybackPlayer | null>(null);
  const [shown, setShown] = useState(false);

  const tell = useEffectEvent((state: PlaybackState) => {
    const moving = state.phase === "playing" || state.phase === "paused";
    if (!moving && video.current && still.current) keepStill(video.current, still.current);
    setShown(moving);
    onState(state);
  });
  const tellJump = useEffectEvent(onJump);
  const tellCaughtUp = useEffectEvent(onCaughtUp);
  const ask = useEffectEvent(footageAfter);
  const first = useEffectEvent(() => begin);

  useEffect(() => {
    const element = video.current;
    if (!element) return;
    const { atMs, speed, playing } = first();
    const options = {
      cameraId,
      playbackUrl,
      onState: (state: PlaybackState) => tell(state),
      onJump: (jump: Jump) => tellJump(jump),
      onCaughtUp: () => tellCaughtUp(),
      footageAfter: (ms: number) => ask(ms),
    };
    const running = new PlaybackPlayer(element, options, atMs, speed, playing);
    player.current = running;
    return () => {
      player.current = null;
      running.destroy();
    };
  }, [cameraId, playbackUrl]);

  useImperativeHandle(control, () => ({
    play: () => player.current?.play(),
    pause: () => player.current?.pause(),
    toggle: () => player.current?.toggle(),
    setSpeed: (speed) => player.current?.setSpeed(speed),
    seek: (ms) => player.current?.seek(ms),
    step: (by) => player.current?.step(by),
  }), []);

  return (
    <div className="absolute inset-0 overflow-hidden bg-black">
      <canvas ref={still} className="still absolute inset-0 size-full object-contain" aria-hidden="true" />
      <video
        ref={video}
        className={`absolute inset-0 size-full object-contain ${shown ? "opacity-100" : "opacity-0"}`}
        aria-label={m.playback.label(name)}
        muted={muted}
        playsInline
      />
      {!shown && <div className="skeleton absolute inset-0" aria-hidden="true" />}
    </div>
  );
}
