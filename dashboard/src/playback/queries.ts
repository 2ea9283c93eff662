import { infiniteQueryOptions, keepPreviousData, type QueryClient, queryOptions } from "@tanstack/react-query";

import { api, unwrap } from "../api/client";
import { filled } from "../api/queries";
import type { Camera, Timeline, TimelineItem } from "../api/types";
import { rangeOf } from "./chunk";
import { footageAfter } from "./strip";
import type { View } from "./view";

type Linked = Pick<Camera, "id" | "links">;

/** Stretches asked for: a window is some three views wide, a view as many pixels as a wide screen. */
const POINTS = 3_000;
/** Stretches of the whole past: only where there is anything matters. */
const OVERVIEW_POINTS = 400;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** How far back the node draws. */
const PAST_MS = 399 * DAY_MS;
/** Markers a page of the list holds. */
const MARKERS_PAGE = 50;

const askTimeline = (camera: Linked, window: View, points: number, signal: AbortSignal): Promise<Timeline> =>
  unwrap(api.GET("/api/v1/cameras/{id}/timeline", { params: { path: { id: camera.id }, query: { ...rangeOf(window), points } }, signal }));

/** A window of a camera's timeline. */
export const timelineQuery = (camera: Linked, window: View) =>
  queryOptions({
    queryKey: ["timeline", camera.id, window.fromMs, window.toMs],
    queryFn: ({ signal }) => askTimeline(camera, window, POINTS, signal),
    // Only what reaches up to now changes while one looks.
    refetchInterval: () => (window.toMs > Date.now() ? 5_000 : false),
    staleTime: 4_000,
    placeholderData: keepPreviousData,
  });

/** Where a camera has footage at all, over the last year. */
export const overviewQuery = (camera: Linked) =>
  queryOptions({
    queryKey: ["timeline", camera.id, "overview"],
    queryFn: ({ signal }) => {
      const toMs = Date.now();
      return askTimeline(camera, { fromMs: toMs - PAST_MS, toMs }, OVERVIEW_POINTS, signal);
    },
    refetchInterval: 60_000,
    staleTime: 30_000,
  });

/** A camera's markers in a range, page by page. */
export const markersQuery = (camera: Linked, range: View) =>
  infiniteQueryOptions({
    queryKey: ["markers", camera.id, range.fromMs, range.toMs],
    queryFn: ({ pageParam, signal }) => {
      const query = { ...rangeOf(range), limit: MARKERS_PAGE, ...(pageParam ? { cursor: pageParam } : {}) };
      return unwrap(api.GET("/api/v1/cameras/{id}/markers", { params: { path: { id: camera.id }, query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });

/** Which markers to find: by a part of title or note, by category, or all of them. */
export interface MarkerFilter {
  search?: string;
  category?: string;
}

/** The markers of all cameras that match, the latest first, page by page. */
export const markerSearchQuery = (filter: MarkerFilter) =>
  infiniteQueryOptions({
    queryKey: ["markers", "all", filled(filter)],
    queryFn: ({ pageParam, signal }) => {
      const query = { ...filled(filter), limit: MARKERS_PAGE, ...(pageParam ? { cursor: pageParam } : {}) };
      return unwrap(api.GET("/api/v1/markers", { params: { query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });

const itemsOf = async (queries: QueryClient, camera: Linked, fromMs: number, toMs: number): Promise<readonly TimelineItem[]> =>
  toMs <= fromMs ? [] : (await queries.query(timelineQuery(camera, { fromMs, toMs }))).items;

/** The first moment with footage at or after `ms`: looked for close by, then far off, then exactly where it was found. */
export async function nextFootage(queries: QueryClient, camera: Linked, ms: number): Promise<number | null> {
  const now = Date.now();
  for (const reach of [2 * DAY_MS, PAST_MS]) {
    const found = footageAfter(await itemsOf(queries, camera, ms, Math.min(now, ms + reach)), ms);
    if (found === null) continue;
    if (reach === 2 * DAY_MS) return found;
    return footageAfter(await itemsOf(queries, camera, found, Math.min(now, found + 2 * DAY_MS)), found) ?? found;
  }
  return null;
}

/** What of a range is missing or deleted the longest, and so why it was passed; `null` where most of it was not asked for. */
export async function reasonOf(queries: QueryClient, camera: Linked, range: View): Promise<TimelineItem | null> {
  const items = await itemsOf(queries, camera, range.fromMs, range.toMs);
  const length = (item: TimelineItem): number =>
    Math.min(range.toMs, Date.parse(item.end)) - Math.max(range.fromMs, Date.parse(item.start));
  const passed = items.filter((item) => item.kind !== "recorded");
  const longest = passed.reduce<TimelineItem | null>((sofar, item) => (sofar && length(sofar) >= length(item) ? sofar : item), null);
  return passed.reduce((sum, item) => sum + length(item), 0) < (range.toMs - range.fromMs) / 2 ? null : longest;
}
