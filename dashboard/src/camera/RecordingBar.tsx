import { type PointerEvent, useState } from "react";

import type { Gap, Span } from "../api/types";
import { m } from "../messages";
import { formatStretch, formatTime } from "../time/format";
import { barPieces, hourMarks, pieceAt, zoneOffsetMs } from "./timeline";

const MARK_EVERY_HOURS = 6;

interface Props {
  from: number;
  to: number;
  spans: readonly Span[];
  gaps: readonly Gap[];
  zone: string;
}

/** A day of recording as a bar: recorded, missing with its cause under the pointer or finger, and not asked for. */
export function RecordingBar({ from, to, spans, gaps, zone }: Props) {
  const [at, setAt] = useState<number | null>(null);
  const pieces = barPieces(from, to, spans, gaps);
  const piece = at === null ? null : pieceAt(pieces, at);
  const marks = hourMarks(from, to, MARK_EVERY_HOURS, zoneOffsetMs(from, zone));
  const point = (event: PointerEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    setAt(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
  };
  const shown = piece ?? { kind: "none" as const, cause: null, startMs: 0, endMs: 0 };
  const words = shown.kind === "gap" ? m.causes[shown.cause ?? "unknown"] : shown.kind === "recorded" ? m.camera.recorded : m.camera.notExpected;
  return (
    <figure>
      <div className="relative">
        <svg
          role="img"
          aria-label={m.camera.barLabel}
          viewBox="0 0 1000 40"
          preserveAspectRatio="none"
          className="h-11 w-full touch-pan-y rounded-lg bg-sunken"
          onPointerMove={point}
          onPointerDown={point}
          onPointerLeave={(event) => event.pointerType === "mouse" && setAt(null)}
        >
          {pieces.map((p) => (
            <rect
              key={`${p.kind}${p.startMs}`}
              x={p.from * 1000}
              width={(p.to - p.from) * 1000}
              y={p.kind === "gap" ? 0 : 6}
              height={p.kind === "gap" ? 40 : 28}
              className={p.kind === "gap" ? "fill-bad-fill" : "fill-good-fill"}
            />
          ))}
          {at !== null && <rect x={at * 1000 - 0.75} width={1.5} y={0} height={40} className="fill-ink" />}
        </svg>
      </div>
      <svg aria-hidden="true" className="h-6 w-full overflow-visible text-[0.75rem]">
        {marks.map((mark) => {
          const share = (mark - from) / (to - from);
          const anchor = share < 0.05 ? "start" : share > 0.95 ? "end" : "middle";
          return (
            <text key={mark} x={`${share * 100}%`} y={17} textAnchor={anchor} className="fill-faint tabular-nums">
              {formatTime(mark, zone)}
            </text>
          );
        })}
      </svg>
      <figcaption className="mt-1 flex min-h-6 flex-wrap items-center gap-x-4 gap-y-1 text-sm">
        {at === null ? (
          <>
            <Key className="bg-good-fill" text={m.camera.recorded} />
            <Key className="bg-bad-fill" text={m.camera.gap} />
            <Key className="bg-sunken ring-1 ring-line-strong ring-inset" text={m.camera.notExpected} />
          </>
        ) : (
          <span aria-live="polite">
            <span className="font-medium">{words}</span>
            <span className="ml-2 text-soft tabular-nums">
              {piece ? formatStretch(Math.max(from, piece.startMs), Math.min(to, piece.endMs), zone) : formatTime(from + at * (to - from), zone)}
            </span>
          </span>
        )}
      </figcaption>
    </figure>
  );
}

function Key({ className, text }: { className: string; text: string }) {
  return (
    <span className="inline-flex items-center gap-2 text-faint">
      <span aria-hidden="true" className={`size-2.5 rounded-sm ${className}`} />
      {text}
    </span>
  );
}
