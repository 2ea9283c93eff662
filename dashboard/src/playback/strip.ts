import type { GapCause, TimelineItem, TimelineKind } from "../api/types";
import { shareOf, type View } from "./view";

/** A stretch of a timeline as it is drawn. */
export interface Piece {
  kind: TimelineKind;
  /** Parts of the view's width; between 0 and 1. */
  from: number;
  to: number;
  startMs: number;
  endMs: number;
  cause: GapCause | null;
  /** Milliseconds of it that are missing; less than its length where several were merged. */
  missingMs: number;
}

/** The narrowest stretches, as parts of the width: a lost second in a year must still be seen. */
const WIDTH_MIN: Readonly<Record<TimelineKind, number>> = { missing: 0.0025, recorded: 0.001, deleted: 0 };
/** What is missing less than this of a merged stretch's length is all of it: clocks round. */
const ROUNDING_MS = 500;

/** What of `items` is seen, as it is drawn: gaps last, so on top. */
export function piecesOf(items: readonly TimelineItem[], view: View): Piece[] {
  const pieces: Piece[] = [];
  for (const item of items) {
    const [startMs, endMs] = [Date.parse(item.start), Date.parse(item.end)];
    if (endMs <= view.fromMs || startMs >= view.toMs) continue;
    let from = Math.max(0, shareOf(view, startMs));
    let to = Math.min(1, shareOf(view, endMs));
    const least = WIDTH_MIN[item.kind];
    if (to - from < least) {
      to = Math.min(1, from + least);
      from = to - least;
    }
    const missingMs = (item.missing_s ?? 0) * 1000;
    pieces.push({ kind: item.kind, from, to, startMs, endMs, cause: item.kind === "missing" ? (item.cause ?? "unknown") : null, missingMs });
  }
  const onTop = (piece: Piece): number => (piece.kind === "missing" ? 1 : 0);
  return pieces.sort((a, b) => onTop(a) - onTop(b));
}

/** What lies under a point of the view. A gap within `reach` of it wins: a finger is wider than a lost second. */
export function pieceAt(pieces: readonly Piece[], at: number, reach = 0): Piece | null {
  let gap: Piece | null = null;
  let under: Piece | null = null;
  let closest = reach;
  for (const piece of pieces) {
    const away = Math.max(0, piece.from - at, at - piece.to);
    if (away === 0 && piece.kind !== "missing") under ??= piece;
    if (piece.kind === "missing" && away <= closest) [gap, closest] = [piece, away];
  }
  return gap ?? under;
}

/** Whether a stretch holds footage: a merged one may, though something of it is missing. */
export function hasFootage(item: TimelineItem): boolean {
  if (item.kind !== "missing") return item.kind === "recorded";
  const lengthMs = Date.parse(item.end) - Date.parse(item.start);
  return item.missing_s != null && item.missing_s * 1000 < lengthMs - ROUNDING_MS;
}

/** The first moment with footage at or after `ms`, as far as `items` tell. */
export function footageAfter(items: readonly TimelineItem[], ms: number): number | null {
  for (const item of items) {
    if (hasFootage(item) && Date.parse(item.end) > ms) return Math.max(ms, Date.parse(item.start));
  }
  return null;
}

/** The moment with footage that is closest to `ms`; of a stretch before it, its last `leadMs`. */
export function footageNear(items: readonly TimelineItem[], ms: number, leadMs: number): number | null {
  const after = footageAfter(items, ms);
  let before: TimelineItem | null = null;
  for (const item of items) if (hasFootage(item) && Date.parse(item.end) <= ms) before = item;
  if (before === null) return after;
  const endMs = Date.parse(before.end);
  if (after !== null && after - ms <= ms - endMs) return after;
  return Math.max(Date.parse(before.start), endMs - leadMs);
}
