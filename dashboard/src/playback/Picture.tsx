import { type ReactNode, type Ref, useRef, useState } from "react";

import type { Camera } from "../api/types";
import { toggleFullscreen } from "../live/fullscreen";
import { LiveVideo } from "../live/LiveVideo";
import type { PlayerState } from "../live/player";
import { m } from "../messages";
import { useCameraStatus } from "../status/StatusProvider";
import { formatInstant } from "../time/format";
import { IconButton } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { type PlaybackControl, PlaybackVideo } from "./PlaybackVideo";
import type { Jump, PlaybackState } from "./player";
import type { Speed } from "./speed";

const badge = "absolute top-3 left-3 inline-flex items-center gap-2 rounded-full bg-black/75 px-3 py-1.5 text-[0.8125rem] leading-none font-medium";

interface Props {
  camera: Camera;
  zone: string;
  /** Where and how to begin playing; `null` while it is live. */
  begin: { atMs: number; speed: Speed; playing: boolean } | null;
  state: PlaybackState | null;
  /** What lies over the picture while the playhead is dragged. */
  scrub: { ms: number; picture: string | null } | null;
  /** What was passed or happened a moment ago. */
  notice: string | null;
  control: Ref<PlaybackControl>;
  onState: (state: PlaybackState) => void;
  onJump: (jump: Jump) => void;
  onCaughtUp: () => void;
  footageAfter: (ms: number) => Promise<number | null>;
}

/** The picture: live, or recorded. */
export function Picture({ camera, zone, begin, state, scrub, notice, control, onState, onJump, onCaughtUp, footageAfter }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const [muted, setMuted] = useState(true);
  const status = useCameraStatus(camera.id, camera.status);
  const online = status.state === "online";
  const hasSound = camera.stream?.audio != null;
  return (
    <div ref={frame} data-camera={camera.id} className="group relative aspect-video max-h-[72dvh] w-full overflow-hidden rounded-2xl bg-black text-white">
      {begin ? (
        <PlaybackVideo
          cameraId={camera.id}
          name={camera.name}
          playbackUrl={camera.links.playback}
          begin={begin}
          muted={muted}
          control={control}
          onState={onState}
          onJump={onJump}
          onCaughtUp={onCaughtUp}
          footageAfter={footageAfter}
        />
      ) : (
        <LiveVideo cameraId={camera.id} name={camera.name} hlsUrl={camera.links.hls} active={online} lowLatency muted={muted}>
          {(player) => online && <LiveOverlay player={player} />}
        </LiveVideo>
      )}
      {!begin && !online && (
        <div className="absolute inset-0 flex flex-col items-center justify-center gap-2 p-6 text-center">
          <Icon name={status.state === "disabled" ? "power" : "warning"} className="size-9 text-white/60" />
          <p className="font-medium">{m.states[status.state].headline}</p>
        </div>
      )}
      {begin && state && <RecordedOverlay state={state} atMs={scrub?.ms ?? state.atMs} zone={zone} />}
      {scrub?.picture && <img src={scrub.picture} alt="" data-scrub="" className="absolute inset-0 size-full bg-black object-contain" />}
      {scrub && begin === null && <p className={`${badge} tabular-nums`}>{formatInstant(scrub.ms, zone)}</p>}
      {scrub?.picture && begin && <p className={`${badge} tabular-nums`}>{formatInstant(scrub.ms, zone)}</p>}
      <p role="status" data-notice="" className={`absolute bottom-3 left-3 max-w-[75%] rounded-lg bg-black/80 px-3 py-2 text-sm ${notice ? "" : "hidden"}`}>
        {notice}
      </p>
      <div className="scrim-bottom absolute right-0 bottom-0 flex justify-end gap-1 rounded-tl-xl p-2 opacity-0 transition-opacity group-hover:opacity-100 focus-within:opacity-100 [@media(hover:none)]:opacity-100">
        {hasSound && <IconButton onPicture icon={muted ? "mute" : "sound"} name={muted ? m.player.unmute : m.player.mute} onClick={() => setMuted(!muted)} />}
        <IconButton onPicture icon="expand" name={m.player.fullscreen} onClick={() => frame.current && toggleFullscreen(frame.current)} />
      </div>
    </div>
  );
}

function Words({ children }: { children: ReactNode }) {
  return (
    <p role="status" className="absolute inset-0 flex items-center justify-center p-6 text-center text-white/85">
      {children}
    </p>
  );
}

function RecordedOverlay({ state, atMs, zone }: { state: PlaybackState; atMs: number; zone: string }) {
  const words = state.phase === "playing" || state.phase === "paused" ? null : m.playback.phases[state.phase];
  return (
    <>
      {words && <Words>{words}</Words>}
      <p className={badge} data-wall-clock={new Date(atMs).toISOString()}>
        <span className="tabular-nums">{formatInstant(atMs, zone)}</span>
        {state.keyframes && <span className="hidden font-normal text-white/75 sm:inline">{m.playback.keyframes}</span>}
      </p>
    </>
  );
}

function LiveOverlay({ player }: { player: PlayerState }): ReactNode {
  if (player.phase !== "playing") {
    return <Words>{player.phase === "unsupported" ? m.grid.codecTrouble : player.phase === "retrying" ? m.grid.pictureTrouble : m.grid.starting}</Words>;
  }
  return (
    <p className={badge}>
      <span aria-hidden="true" className="size-2 rounded-full bg-bad-fill" />
      {m.player.live}
      {player.behindS !== null && <span className="font-normal text-white/75 tabular-nums">{m.player.behind(player.behindS.toFixed(1))}</span>}
    </p>
  );
}
