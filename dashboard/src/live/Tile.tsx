import { useRef, useState } from "react";
import { Link } from "react-router";

import type { Camera } from "../api/types";
import { m } from "../messages";
import { reasonWords } from "../status/reason";
import { StatusDot } from "../status/StatusBadge";
import { useCameraStatus } from "../status/StatusProvider";
import { formatMoment } from "../time/format";
import { useNow } from "../time/use-now";
import { useSiteZone } from "../time/use-site-zone";
import { IconButton } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { toggleFullscreen } from "./fullscreen";
import { LiveVideo } from "./LiveVideo";
import { Poster } from "./Poster";

interface Props {
  camera: Camera;
  lowLatency: boolean;
  /** Little room: a wall of many. */
  dense: boolean;
  /** Shows a still; plays only while somebody points at it or has the focus on it. */
  still?: boolean;
  /** Fills a tile that is placed already. */
  fill?: boolean;
}

/** One camera of the grid: its picture, its name, and why there is no picture when there is none. */
export function Tile({ camera, lowLatency, dense, still = false, fill = false }: Props) {
  const frame = useRef<HTMLElement>(null);
  const [pointed, setPointed] = useState(false);
  const status = useCameraStatus(camera.id, camera.status);
  const online = status.state === "online";
  const words = m.states[status.state];
  // Pointing and focus start a still moving; what can be pressed are the link and the button inside.
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <article
      ref={frame}
      data-camera={camera.id}
      data-state={status.state}
      onPointerEnter={() => setPointed(true)}
      onPointerLeave={() => setPointed(false)}
      onFocus={() => setPointed(true)}
      onBlur={() => setPointed(false)}
      className={`group @container min-h-0 min-w-0 overflow-hidden rounded-lg bg-black text-white ${fill ? "absolute inset-0" : "relative"}`}
    >
      {still && !pointed ? (
        online && <Poster cameraId={camera.id} />
      ) : (
        <LiveVideo cameraId={camera.id} name={camera.name} hlsUrl={camera.links.hls} active={online} lowLatency={lowLatency} muted>
          {(player) =>
            online && player.phase !== "playing" ? (
              <p role="status" className="absolute inset-0 flex items-center justify-center p-6 text-center text-sm text-white/85">
                {player.phase === "unsupported" ? m.grid.codecTrouble : player.phase === "retrying" ? m.grid.pictureTrouble : m.grid.starting}
              </p>
            ) : null
          }
        </LiveVideo>
      )}
      {!online && (
        <div role="status" className="absolute inset-0 flex flex-col items-center justify-center gap-1.5 overflow-hidden p-3 pb-9 text-center">
          <Icon
            name={status.state === "disabled" ? "power" : status.state === "connecting" ? "plug" : "warning"}
            className={`size-6 @md:size-8 ${status.state === "connecting" ? "pulse" : ""} text-white/70`}
          />
          <p className="text-sm font-medium @2xs:hidden">{words.label}</p>
          <p className="hidden text-sm font-medium @2xs:block @md:text-base">{words.headline}</p>
          {status.reason && <p className="hidden max-w-md text-xs text-white/70 @xs:line-clamp-2 @md:line-clamp-3 @md:text-sm">{reasonWords(status.reason, words.headline)}</p>}
          {status.state !== "connecting" && <Since since={status.since} site={camera.site} />}
        </div>
      )}
      <Link
        to={`/cameras/${camera.id}`}
        data-tile
        aria-label={m.grid.open(camera.name)}
        className="absolute inset-0 rounded-lg outline-offset-[-3px] focus-visible:outline-white"
      />
      <div className="scrim-bottom pointer-events-none absolute inset-x-0 bottom-0 flex items-end gap-2 px-3 pt-8 pb-2">
        <StatusDot state={status.state} className="mb-1.5" />
        <span className="sr-only">{words.label}</span>
        <span className={`min-w-0 flex-1 truncate font-medium ${dense ? "text-[0.8125rem]" : "text-sm"}`}>
          <bdi>{camera.name}</bdi>
        </span>
      </div>
      <IconButton
        icon="expand"
        onPicture
        name={m.grid.tileFullscreen(camera.name)}
        className="absolute top-1.5 right-1.5 bg-black/40 opacity-0 group-hover:opacity-100 focus-visible:opacity-100 [@media(hover:none)]:hidden"
        onClick={() => frame.current && toggleFullscreen(frame.current)}
      />
    </article>
  );
}

function Since({ since, site }: { since: string; site: string | null | undefined }) {
  const now = useNow(30_000);
  const zone = useSiteZone(site);
  return <p className="hidden text-xs text-white/60 @xs:block">{m.since(formatMoment(Date.parse(since), now, zone))}</p>;
}
