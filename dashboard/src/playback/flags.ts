import type { Marker, TimelineMarker } from "../api/pending";

/** A marker as it is drawn; several that lie close together are one. */
export interface Flag {
  key: string;
  id: string | null;
  startMs: number;
  endMs: number | null;
  title: string;
  count: number;
}

/** The markers of a timeline's answer as they are drawn. */
export const flagsOf = (markers: readonly (TimelineMarker | Marker)[]): Flag[] =>
  markers.map((marker) => {
    const startMs = Date.parse(marker.start);
    const count = "count" in marker ? (marker.count ?? 1) : 1;
    const endMs = marker.end ? Date.parse(marker.end) : null;
    return { key: marker.id ?? `at${startMs}`, id: marker.id ?? null, startMs, endMs: endMs !== null && endMs > startMs ? endMs : null, title: marker.title ?? "", count };
  });
