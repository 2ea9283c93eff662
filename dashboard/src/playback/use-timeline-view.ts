import { useState } from "react";

import { centred, firstSpanMs, inBounds, spanOf, type View } from "./view";

/** A view whose end lies this close to the latest one, as part of its length, goes on with time. */
const STICKS = 0.02;

/**
 * What of the timeline is seen. A view that holds the live edge goes on with it as time passes; any other stays where it was put.
 */
export function useTimelineView(
  nowMs: number,
  atMs: number | null,
  addedMs: number,
): [View, (next: View | ((view: View) => View)) => void] {
  const [kept, setKept] = useState<{ view: View; sticks: boolean }>(() => {
    const latest = inBounds({ fromMs: nowMs - firstSpanMs(nowMs - addedMs), toMs: nowMs }, nowMs);
    return atMs === null ? { view: latest, sticks: true } : { view: centred(latest, atMs, nowMs), sticks: false };
  });
  const shown = kept.sticks ? latestOf(kept.view, nowMs) : kept.view;
  const setView = (next: View | ((view: View) => View)) =>
    setKept((old) => {
      const atNowMs = Date.now();
      const seen = old.sticks ? latestOf(old.view, atNowMs) : old.view;
      const asked = typeof next === "function" ? next(seen) : next;
      if (asked === seen) return old;
      const view = inBounds(asked, atNowMs);
      return { view, sticks: latestOf(view, atNowMs).toMs - view.toMs < spanOf(view) * STICKS };
    });
  return [shown, setView];
}

/** The view of the same length that ends where views end. */
function latestOf(view: View, nowMs: number): View {
  return inBounds({ fromMs: nowMs, toMs: nowMs + spanOf(view) }, nowMs);
}
