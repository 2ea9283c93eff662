import type { View } from "./view";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** What is loaded at once: enough that the next is seldom asked for, little enough that its playlist comes at once. */
const AHEAD_MS = { every: HOUR_MS, keyframes: 6 * HOUR_MS };
/** What is loaded of the time before, so that a look back a little asks for nothing. */
const BACK_MS = { every: 2 * MINUTE_MS, keyframes: 20 * MINUTE_MS };

/** The range to load for playing from a moment on; `null` for one that is still to come. */
export function chunkAt(ms: number, nowMs: number, keyframes: boolean): View | null {
  if (ms >= nowMs) return null;
  const what = keyframes ? "keyframes" : "every";
  return { fromMs: ms - BACK_MS[what], toMs: Math.min(nowMs, ms + AHEAD_MS[what]) };
}

/** A range as the API takes it: whole milliseconds, none of it left out. */
export const rangeOf = ({ fromMs, toMs }: View): { from: string; to: string } => ({ from: new Date(Math.floor(fromMs)).toISOString(), to: new Date(Math.ceil(toMs)).toISOString() });

/** A range as the query of an address. */
export function rangeQuery(range: View): string {
  const { from, to } = rangeOf(range);
  return `from=${from}&to=${to}`;
}
