// What changes by itself and is asked for again and again: pictures, facts, history, and the walls people saved.
import { queryOptions } from "@tanstack/react-query";

import { api, unwrap } from "./client";

interface Range {
  from: string;
  to: string;
  points: number;
}

/** Points asked for: a day in minutes, which the node keeps; an hour comes in minutes and a month in hours then. */
const POINTS = 1_500;
const POSTER_REFRESH_MS = 10_000;
const POSTER_WIDTH_PX = 320;
/** The picture beside a line of text. */
const MOMENT_WIDTH_PX = 240;

function lastRange(seconds: number): Range {
  const to = Date.now();
  return { from: new Date(to - seconds * 1000).toISOString(), to: new Date(to).toISOString(), points: POINTS };
}

/** How long until the newest point of a chart is worth asking for: a point's width, within reason. */
const refreshMs = (seconds: number): number => Math.min(300_000, Math.max(10_000, (seconds * 1000) / 240));

export const nodeHistoryQuery = (seconds: number) =>
  queryOptions({
    queryKey: ["node", "history", seconds],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/node/history", { params: { query: lastRange(seconds) }, signal })),
    refetchInterval: refreshMs(seconds),
  });

export const factsQuery = (id: string) =>
  queryOptions({
    queryKey: ["facts", id],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/cameras/{id}/facts", { params: { path: { id } }, signal })),
    refetchInterval: 10_000,
  });

export const factsHistoryQuery = (id: string, seconds: number) =>
  queryOptions({
    queryKey: ["facts", id, "history", seconds],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/cameras/{id}/facts/history", { params: { path: { id }, query: lastRange(seconds) }, signal })),
    refetchInterval: refreshMs(seconds),
  });

export const layoutsQuery = queryOptions({
  queryKey: ["layouts"],
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/v1/layouts", { signal }))).items,
  staleTime: 30_000,
});

/** The picture of a moment that was recorded. It never changes; where there is none, none comes. */
export const momentQuery = (id: string, at: string) =>
  queryOptions({
    queryKey: ["picture", id, at],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/cameras/{id}/thumbnail.jpg", {
          params: { path: { id }, query: { at, width: MOMENT_WIDTH_PX } },
          parseAs: "blob",
          signal,
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    retry: false,
  });

/** A camera's latest picture. An `<img>` cannot carry the access token, so it is fetched. */
export const posterQuery = (id: string) =>
  queryOptions({
    queryKey: ["poster", id],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/cameras/{id}/thumbnail.jpg", {
          params: { path: { id }, query: { width: POSTER_WIDTH_PX } },
          parseAs: "blob",
          signal,
        }),
      ),
    refetchInterval: POSTER_REFRESH_MS,
    gcTime: 60_000,
    retry: false,
  });
