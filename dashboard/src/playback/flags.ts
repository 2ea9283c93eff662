import type { TimelineMarker } from "../api/types";
import { shareOf, type View } from "./view";

/** A marker as it is drawn; several that lie close together are one. */
export interface Flag {
  key: string;
  startMs: number;
  /** `null` for a moment. */
  endMs: number | null;
  title: string;
  count: number;
}

/** The markers that are seen, sorted by start, those that begin within `apart` of the view's width of one another as one. */
export function flagsOf(markers: readonly TimelineMarker[], view: View, apart: number): Flag[] {
  const flags: Flag[] = [];
  for (const marker of markers) {
    const startMs = Date.parse(marker.start);
    const endMs = marker.end === null ? null : Date.parse(marker.end);
    if (startMs >= view.toMs || Math.max(startMs, endMs ?? startMs) < view.fromMs) continue;
    const last = flags.at(-1);
    if (last && shareOf(view, startMs) - shareOf(view, last.startMs) < apart) {
      last.count += marker.count;
      if (endMs !== null) last.endMs = Math.max(endMs, last.endMs ?? endMs);
    } else flags.push({ key: marker.id ?? `at${startMs}`, startMs, endMs, title: marker.title ?? "", count: marker.count });
  }
  return flags;
}
