// Shapes of routes that the OpenAPI document does not hold yet; the generated types take their place once it does.
import { queryOptions } from "@tanstack/react-query";
import createClient from "openapi-fetch";

import { authorizedFetch, unwrap } from "./client";

interface Answer<T> {
  responses: { 200: { content: { "application/json": T } } };
}

interface Range {
  from: string;
  to: string;
  points: number;
}

/** A saved wall: which camera stands in which tile. */
export interface SavedLayout {
  id: string;
  name: string;
  tiles: number;
  cameras: (string | null)[];
}

export type LayoutBody = Omit<SavedLayout, "id">;

export type VerdictLevel = "good" | "fair" | "poor";

/** What is measured of a camera's stream. */
export interface StreamFacts {
  at: string;
  bitrate_bps: number | null;
  fps: number | null;
  gop_s: number | null;
  jitter_ms: number | null;
  lost_total: number;
  viewers: number;
  verdict: { level: VerdictLevel; reasons: { code: string; text: string }[] };
}

export interface FactsPoint {
  at: string;
  bitrate_bps: number | null;
  fps: number | null;
  gop_s: number | null;
  jitter_ms: number | null;
  lost: number | null;
  viewers: number | null;
}

export interface NodePoint {
  at: string;
  cpu_cores: number | null;
  memory_bytes: number | null;
  received_bps: number | null;
  written_bps: number | null;
  cameras_online: number | null;
  viewers: number | null;
  disk_free_bytes: number | null;
}

export interface History<P> {
  /** Seconds from one point to the next. */
  step_s: number;
  points: P[];
}

interface ById {
  path: { id: string };
}

interface PendingPaths {
  "/api/v1/layouts": {
    get: { parameters: { query?: { cursor?: string } } } & Answer<{ items: SavedLayout[]; next_cursor?: string | null } | SavedLayout[]>;
    post: { requestBody: { content: { "application/json": LayoutBody } } } & Answer<SavedLayout>;
  };
  "/api/v1/layouts/{id}": {
    put: { parameters: ById; requestBody: { content: { "application/json": LayoutBody } } } & Answer<SavedLayout>;
    delete: { parameters: ById } & Answer<null>;
  };
  "/api/v1/cameras/{id}/thumbnail.jpg": {
    get: { parameters: ById & { query?: { width?: number; at?: string } } } & { responses: { 200: { content: { "image/jpeg": Blob } } } };
  };
  "/api/v1/cameras/{id}/facts": { get: { parameters: ById } & Answer<StreamFacts> };
  "/api/v1/cameras/{id}/facts/history": { get: { parameters: ById & { query: Range } } & Answer<History<FactsPoint>> };
  "/api/v1/node/history": { get: { parameters: { query: Range } } & Answer<History<NodePoint>> };
}

export const pending = createClient<PendingPaths>({ baseUrl: "", fetch: authorizedFetch });

/** Points asked for: a day in minutes, which the node keeps; an hour comes in minutes and a month in hours then. */
const POINTS = 1_500;
const POSTER_REFRESH_MS = 10_000;
const POSTER_WIDTH_PX = 320;

function lastRange(seconds: number): Range {
  const to = Date.now();
  return { from: new Date(to - seconds * 1000).toISOString(), to: new Date(to).toISOString(), points: POINTS };
}

/** How long until the newest point of a chart is worth asking for: a point's width, within reason. */
const refreshMs = (seconds: number): number => Math.min(300_000, Math.max(10_000, (seconds * 1000) / 240));

export const nodeHistoryQuery = (seconds: number) =>
  queryOptions({
    queryKey: ["node", "history", seconds],
    queryFn: ({ signal }) => unwrap(pending.GET("/api/v1/node/history", { params: { query: lastRange(seconds) }, signal })),
    refetchInterval: refreshMs(seconds),
  });

export const factsQuery = (id: string) =>
  queryOptions({
    queryKey: ["facts", id],
    queryFn: ({ signal }) => unwrap(pending.GET("/api/v1/cameras/{id}/facts", { params: { path: { id } }, signal })),
    refetchInterval: 10_000,
  });

export const factsHistoryQuery = (id: string, seconds: number) =>
  queryOptions({
    queryKey: ["facts", id, "history", seconds],
    queryFn: ({ signal }) =>
      unwrap(pending.GET("/api/v1/cameras/{id}/facts/history", { params: { path: { id }, query: lastRange(seconds) }, signal })),
    refetchInterval: refreshMs(seconds),
  });

export const layoutsQuery = queryOptions({
  queryKey: ["layouts"],
  queryFn: async ({ signal }) => {
    const answer = await unwrap(pending.GET("/api/v1/layouts", { signal }));
    return Array.isArray(answer) ? answer : answer.items;
  },
  staleTime: 30_000,
});

/** A camera's latest picture. An `<img>` cannot carry the access token, so it is fetched. */
export const posterQuery = (id: string) =>
  queryOptions({
    queryKey: ["poster", id],
    queryFn: ({ signal }) =>
      unwrap(
        pending.GET("/api/v1/cameras/{id}/thumbnail.jpg", {
          params: { path: { id }, query: { width: POSTER_WIDTH_PX } },
          parseAs: "blob",
          signal,
        }),
      ),
    refetchInterval: POSTER_REFRESH_MS,
    gcTime: 60_000,
    retry: false,
  });
