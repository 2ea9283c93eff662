import type { Gap, GapCause, Span } from "../api/types";

/** A stretch of the bar, as parts of its whole width. */
export interface BarPiece {
  kind: "recorded" | "gap";
  /** 0 at the left end, 1 at the right. */
  from: number;
  to: number;
  startMs: number;
  endMs: number;
  cause: GapCause | null;
}

/** The narrowest gap on the bar, as part of its width: a lost second in a day must still be seen. */
const GAP_WIDTH_MIN = 0.0025;
const HOUR_MS = 3_600_000;

/** The pieces of a bar from `fromMs` to `toMs`: what is recorded, and over it what is missing. */
export function barPieces(fromMs: number, toMs: number, spans: readonly Span[], gaps: readonly Gap[]): BarPiece[] {
  const length = toMs - fromMs;
  if (length <= 0) return [];
  const place = (stretch: { start: string; end: string }) => {
    const startMs = Date.parse(stretch.start);
    const endMs = Date.parse(stretch.end);
    const part = (ms: number): number => Math.min(1, Math.max(0, (ms - fromMs) / length));
    return { startMs, endMs, from: part(startMs), to: part(endMs) };
  };
  const recorded = spans.map((span): BarPiece => ({ kind: "recorded", cause: null, ...place(span) }));
  const missing = gaps.map((gap): BarPiece => {
    const piece = place(gap);
    const to = Math.min(1, Math.max(piece.to, piece.from + GAP_WIDTH_MIN));
    return { kind: "gap", cause: gap.cause, ...piece, from: Math.min(piece.from, to - GAP_WIDTH_MIN), to };
  });
  return [...recorded, ...missing].filter((piece) => piece.to > piece.from);
}

/** What lies under a point of the bar; gaps lie on top. */
export function pieceAt(pieces: readonly BarPiece[], at: number): BarPiece | null {
  const under = pieces.filter((piece) => piece.from <= at && at <= piece.to);
  return under.find((piece) => piece.kind === "gap") ?? under[0] ?? null;
}

/** How far `zone` is ahead of UTC at a moment, in milliseconds. */
export function zoneOffsetMs(atMs: number, zone: string): number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const parts = format.formatToParts(atMs);
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.find((p) => p.type === type)?.value ?? 0);
  const asUtc = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return asUtc - Math.floor(atMs / 1000) * 1000;
}

/** The moments to mark on the bar: every `everyHours` by a clock that is `offsetMs` ahead of UTC. */
export function hourMarks(fromMs: number, toMs: number, everyHours: number, offsetMs: number): number[] {
  const step = everyHours * HOUR_MS;
  const marks: number[] = [];
  for (let at = Math.ceil((fromMs + offsetMs) / step) * step - offsetMs; at <= toMs; at += step) marks.push(at);
  return marks;
}
