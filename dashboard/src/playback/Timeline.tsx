import { memo, type ReactNode, useRef } from "react";

import type { TimelineItem, TimelineMarker } from "../api/types";
import { m } from "../messages";
import { formatDay, formatDuration, formatInstant, formatMonth, formatStretch, formatTime } from "../time/format";
import { useWidth } from "../ui/use-width";
import { type Flag, flagsOf } from "./flags";
import { type Piece, pieceAt, piecesOf } from "./strip";
import { type Tick, ticksOf } from "./ticks";
import { type Handle, useGestures } from "./use-gestures";
import { useThumbnail } from "./use-thumbnail";
import { momentAt, shareOf, spanOf, type View } from "./view";

/** Pixels a mark with its words takes. */
const TICK_PX = 84;
/** How far from a gap a finger and a mouse may be. */
const REACH_PX = { touch: 14, mouse: 3 };
const PREVIEW_PX = 176;
/** Markers closer to one another are drawn as one. */
const FLAG_PX = 14;

export interface Clip {
  inMs: number | null;
  outMs: number | null;
}

interface Props {
  view: View;
  nowMs: number;
  zone: string;
  items: readonly TimelineItem[];
  markers: readonly TimelineMarker[];
  clip: Clip;
  /** Where the picture is; that of now while it is live. */
  atMs: number;
  thumbnailUrl: string;
  onView: (view: View) => void;
  onSeek: (ms: number) => void;
  /** The playhead is dragged over a moment, with its picture; `null` once it is let go. */
  onScrub: (scrub: { ms: number; picture: string | null } | null) => void;
  onClip: (clip: Clip) => void;
  onFlag: (flag: Flag) => void;
}

const percent = (share: number): string => `${share * 100}%`;

/** What is recorded over time: seen from a minute to a year, moved by drag, searched by the playhead. */
export function Timeline({ view, nowMs, zone, items, markers, clip, atMs, thumbnailUrl, onView, onSeek, onScrub, onClip, onFlag }: Props) {
  const root = useRef<HTMLDivElement>(null);
  const width = useWidth(root);
  const pieces = piecesOf(items, view);
  const reach = (touch: boolean): number => (width > 0 ? REACH_PX[touch ? "touch" : "mouse"] / width : 0);

  const move = (handle: Handle, ms: number): void => {
    const bounded = Math.min(nowMs, ms);
    if (handle === "scrub") onScrub({ ms: bounded, picture: preview });
    else if (handle === "in") onClip({ ...clip, inMs: Math.min(bounded, (clip.outMs ?? Number.POSITIVE_INFINITY) - 1000) });
    else onClip({ ...clip, outMs: Math.max(bounded, (clip.inMs ?? Number.NEGATIVE_INFINITY) + 1000) });
  };
  const { pointed, dragging, handlers } = useGestures(root, {
    view,
    nowMs,
    onView,
    onTap: (ms, share, touch) => {
      // A finger cannot hover: tapping a gap tells what it is.
      if (!touch || pieceAt(pieces, share, reach(touch))?.kind !== "missing") onSeek(Math.min(nowMs, ms));
    },
    onDrag: move,
    onDrop: (handle, ms) => {
      if (handle !== "scrub") return;
      onScrub(null);
      onSeek(Math.min(nowMs, ms));
    },
  });

  const pointedMs = pointed === null || dragging === "pan" ? null : Math.min(nowMs, momentAt(view, pointed.share));
  const preview = useThumbnail(thumbnailUrl, pointedMs, spanOf(view));
  const cursor = shareOf(view, atMs);
  const seen = cursor >= 0 && cursor <= 1;
  const piece = pointed && pointedMs !== null ? pieceAt(pieces, pointed.share, reach(pointed.touch)) : null;
  const under = pieceAt(pieces, cursor);
  return (
    <div>
      <div
        ref={root}
        role="slider"
        tabIndex={0}
        aria-label={m.playback.timeline}
        data-recorded-s={Math.round(pieces.reduce((sum, drawn) => (drawn.kind === "recorded" ? sum + drawn.endMs - drawn.startMs : sum), 0) / 1000)}
        aria-valuemin={Math.round(view.fromMs)}
        aria-valuemax={Math.round(view.toMs)}
        aria-valuenow={Math.round(Math.min(view.toMs, Math.max(view.fromMs, atMs)))}
        aria-valuetext={`${formatInstant(atMs, zone)}. ${pieceWords(under, zone)}`}
        title={pointed ? undefined : m.playback.timelineHelp}
        className={`group/line relative h-24 touch-pan-y rounded-lg select-none ${dragging === "pan" ? "cursor-grabbing" : "cursor-pointer"}`}
        {...handlers}
      >
        <div data-handle="scrub" className="absolute inset-x-0 top-0 h-8 cursor-ew-resize">
          <Ruler view={view} zone={zone} width={width} />
        </div>
        <Strip pieces={pieces} nowShare={shareOf(view, nowMs)} />
        <ClipRange clip={clip} view={view} />
        {flagsOf(markers, view, width > 0 ? FLAG_PX / width : 0).map((flag) => (
          <FlagButton key={flag.key} flag={flag} view={view} onFlag={onFlag} />
        ))}
        {pointed && pointedMs !== null && dragging === null && <div className="pointer-events-none absolute top-8 bottom-0 w-px bg-ink/60" style={{ left: percent(pointed.share) }} />}
        {seen && (
          <div data-handle="scrub" data-playhead="" className="absolute inset-y-0 z-20 w-6 -translate-x-1/2 cursor-ew-resize" style={{ left: percent(cursor) }}>
            <div className="mx-auto h-full w-0.5 bg-ink" />
            <div className="absolute top-4.5 left-1/2 size-3.5 -translate-x-1/2 rounded-full border-2 border-surface bg-ink shadow-card transition-transform group-hover/line:scale-115" />
          </div>
        )}
        {pointed && pointedMs !== null && !(pointed.touch && dragging === null) && (
          <Preview share={pointed.share} width={width} picture={preview} time={formatTime(pointedMs, zone, true)} day={formatDay(pointedMs, zone)} />
        )}
      </div>
      <p className="mt-2 flex min-h-6 flex-wrap items-center gap-x-4 gap-y-1 text-[0.8125rem]" aria-live="polite">
        {piece ? <Told piece={piece} zone={zone} /> : <Legend items={items} />}
      </p>
    </div>
  );
}

/** What a stretch is, in words. */
function pieceWords(piece: Piece | null, zone: string): string {
  if (!piece) return m.playback.kinds.none;
  const what = piece.cause ? m.causes[piece.cause] : m.playback.kinds[piece.kind];
  const partly = piece.kind === "missing" && piece.missingMs < piece.endMs - piece.startMs - 500 ? ` ${m.playback.partly(formatDuration(piece.missingMs))}` : "";
  return `${what}. ${formatStretch(piece.startMs, piece.endMs, zone)}${partly}`;
}

function Told({ piece, zone }: { piece: Piece; zone: string }) {
  const what = piece.cause ? m.causes[piece.cause] : m.playback.kinds[piece.kind];
  const merged = piece.kind === "missing" && piece.missingMs < piece.endMs - piece.startMs - 500;
  return (
    <span data-told={piece.kind} data-cause={piece.cause ?? undefined}>
      <span className={`font-medium ${piece.kind === "missing" ? "text-bad" : ""}`}>{what}</span>
      <span className="ml-2 text-soft tabular-nums">{formatStretch(piece.startMs, piece.endMs, zone)}</span>
      {merged && <span className="ml-2 text-soft">{m.playback.partly(formatDuration(piece.missingMs))}</span>}
    </span>
  );
}

function Legend({ items }: { items: readonly TimelineItem[] }) {
  const entry = (look: string, text: string): ReactNode => (
    <span key={text} className="inline-flex items-center gap-2 text-faint">
      <span aria-hidden="true" className={`size-2.5 rounded-sm ${look}`} />
      {text}
    </span>
  );
  return (
    <>
      {entry("bg-good-fill", m.playback.kinds.recorded)}
      {entry("bg-bad-fill", m.playback.kinds.missing)}
      {items.some((item) => item.kind === "deleted") && entry("bg-line-strong", m.playback.keyDeleted)}
      {entry("bg-sunken ring-1 ring-line-strong ring-inset", m.playback.kinds.none)}
    </>
  );
}

const LOOKS = { recorded: "fill-good-fill", missing: "fill-bad-fill", deleted: "fill-line-strong" };

function Strip({ pieces, nowShare }: { pieces: readonly Piece[]; nowShare: number }) {
  return (
    <svg aria-hidden="true" viewBox="0 0 1000 64" preserveAspectRatio="none" className="absolute inset-x-0 top-8 h-16 w-full rounded-lg bg-sunken">
      {pieces.map((piece) => (
        <rect
          key={`${piece.kind}${piece.startMs}`}
          x={piece.from * 1000}
          width={(piece.to - piece.from) * 1000}
          y={piece.kind === "missing" ? 8 : 14}
          height={piece.kind === "missing" ? 56 : 50}
          className={LOOKS[piece.kind]}
        />
      ))}
      {nowShare < 1 && <rect x={nowShare * 1000} width={(1 - nowShare) * 1000} y={0} height={64} className="fill-canvas" />}
    </svg>
  );
}

const tickWords = ({ ms, unit }: Tick, zone: string): string =>
  unit === "month" ? formatMonth(ms, zone) : unit === "day" ? formatDay(ms, zone) : formatTime(ms, zone, unit === "second");

const Ruler = memo(function Ruler({ view, zone, width }: { view: View; zone: string; width: number }) {
  if (width === 0) return null;
  return (
    <svg aria-hidden="true" className="size-full overflow-visible text-[0.75rem]">
      {ticksOf(view, width / TICK_PX, zone).map((tick) => {
        const share = shareOf(view, tick.ms);
        const anchor = share * width < TICK_PX / 2 ? "start" : (1 - share) * width < TICK_PX / 2 ? "end" : "middle";
        return (
          <g key={tick.ms}>
            <text x={percent(share)} y={13} textAnchor={anchor} className={`tabular-nums ${tick.unit === "day" || tick.unit === "month" ? "fill-soft font-medium" : "fill-faint"}`}>
              {tickWords(tick, zone)}
            </text>
            <line x1={percent(share)} x2={percent(share)} y1={20} y2={30} className="stroke-line-strong" />
          </g>
        );
      })}
    </svg>
  );
});

function ClipRange({ clip, view }: { clip: Clip; view: View }) {
  const ends = [["in", clip.inMs] as const, ["out", clip.outMs] as const];
  const from = clip.inMs === null ? null : Math.max(0, shareOf(view, clip.inMs));
  const to = clip.outMs === null ? null : Math.min(1, shareOf(view, clip.outMs));
  return (
    <>
      {from !== null && to !== null && to > from && (
        <div className="pointer-events-none absolute top-8 bottom-0 border-y-2 border-accent-fill bg-accent-fill/30" style={{ left: percent(from), width: percent(to - from) }} />
      )}
      {ends.map(([handle, ms]) => {
        if (ms === null) return null;
        const share = shareOf(view, ms);
        if (share < 0 || share > 1) return null;
        return (
          <div key={handle} data-handle={handle} className="absolute top-8 bottom-0 z-10 w-5 -translate-x-1/2 cursor-ew-resize" style={{ left: percent(share) }}>
            <div className={`mx-auto h-full w-1.5 rounded-full bg-accent-fill ring-1 ring-surface`} />
          </div>
        );
      })}
    </>
  );
}

function FlagButton({ flag, view, onFlag }: { flag: Flag; view: View; onFlag: (flag: Flag) => void }) {
  const share = shareOf(view, flag.startMs);
  const endShare = flag.endMs === null ? share : Math.min(1, shareOf(view, flag.endMs));
  if (endShare < 0 || share > 1) return null;
  const name = flag.count > 1 ? m.markers.many(flag.count) : m.markers.open(flag.title);
  const left = Math.max(0, share);
  return (
    <>
      {endShare > left && <div className="pointer-events-none absolute top-8 z-10 h-1.5 rounded-full bg-warn-fill" style={{ left: percent(left), width: percent(endShare - left) }} />}
      <button
        type="button"
        aria-label={name}
        title={name}
        className="absolute top-7 z-10 flex h-5 min-w-5 -translate-x-1/2 items-start justify-center [@media(hover:none)]:before:absolute [@media(hover:none)]:before:-inset-2"
        style={{ left: percent(left) }}
        onClick={() => onFlag(flag)}
      >
        <span className="flex h-3.5 min-w-3.5 items-center justify-center rounded-sm rounded-b-lg border border-surface bg-warn-fill px-0.5 text-[0.625rem] leading-none font-semibold text-black">
          {flag.count > 1 ? flag.count : ""}
        </span>
      </button>
    </>
  );
}

function Preview({ share, width, picture, time, day }: { share: number; width: number; picture: string | null; time: string; day: string }) {
  const half = PREVIEW_PX / 2;
  const left = width > 0 ? Math.min(Math.max(share * width, half), Math.max(half, width - half)) : 0;
  return (
    <div className="pointer-events-none absolute bottom-full z-30 mb-1 flex -translate-x-1/2 flex-col items-center" style={{ left, width: PREVIEW_PX }}>
      <div className="overflow-hidden rounded-lg border border-line-strong bg-black shadow-pop">
        {picture && <img src={picture} alt="" data-preview="" className="aspect-video w-44 object-contain" />}
        <p className="px-2.5 py-1 text-center text-[0.8125rem] font-medium text-white tabular-nums">
          {time} <span className="font-normal text-white/70">{day}</span>
        </p>
      </div>
    </div>
  );
}
