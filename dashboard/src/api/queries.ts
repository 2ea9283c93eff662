import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { api, unwrap } from "./client";
import { type PageQuery, pagedQuery, wholeList } from "./pages";
import type { CameraState } from "./types";

/** How many cameras one page of an answer holds: three screens of the largest wall. */
const CAMERAS_PAGE = 48;
/** How many sites or users one page of an answer holds: more than most have at all. */
const LIST_PAGE = 50;
const DAY_MS = 24 * 60 * 60 * 1000;

export interface CameraFilter {
  search?: string;
  label?: string;
  site?: string;
  state?: CameraState;
}

export const filled = <T extends object>(filter: T): T =>
  Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined && value !== "")) as T;

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: () => unwrap(api.GET("/api/v1/me")),
  staleTime: 60_000,
});

export const camerasQuery = (filter: CameraFilter) =>
  pagedQuery(["cameras", "list", filled(filter)], CAMERAS_PAGE, (page, signal) =>
    unwrap(api.GET("/api/v1/cameras", { params: { query: { ...filled(filter), ...page } }, signal })),
  );

/** The labels in use. */
export const labelsQuery = queryOptions({
  queryKey: ["labels"],
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/v1/labels", { signal }))).items.map(({ label }) => label),
  staleTime: 30_000,
});

/** The cameras to choose one from: the first whose name or address holds `search`. */
export const pickQuery = (search: string) =>
  queryOptions({
    queryKey: ["cameras", "pick", search],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/cameras", { params: { query: { ...filled({ search }), limit: CAMERAS_PAGE } }, signal })),
    placeholderData: keepPreviousData,
  });

export const cameraQuery = (id: string) =>
  queryOptions({
    queryKey: ["cameras", "one", id],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/cameras/{id}", { params: { path: { id } }, signal })),
  });

/** How much of the 24 hours up to now was to be recorded, and was. */
export const recordedDayQuery = (id: string) =>
  queryOptions({
    queryKey: ["recordings", id],
    queryFn: ({ signal }) => {
      const to = Date.now();
      const query = { from: new Date(to - DAY_MS).toISOString(), to: new Date(to).toISOString() };
      return unwrap(api.GET("/api/v1/cameras/{id}/gaps", { params: { path: { id }, query }, signal }));
    },
    refetchInterval: 30_000,
  });

const askSites = (query: PageQuery, signal: AbortSignal) => unwrap(api.GET("/api/v1/sites", { params: { query }, signal }));

/** The sites, page by page. */
export const siteListQuery = pagedQuery(["sites", "list"], LIST_PAGE, askSites);

/** Every site: what cameras are looked up in, and chosen from. */
export const sitesQuery = queryOptions({
  queryKey: ["sites", "all"],
  queryFn: ({ signal }) => wholeList((page) => askSites(page, signal)),
  staleTime: 30_000,
});

/** The users, page by page. */
export const userListQuery = pagedQuery(["users"], LIST_PAGE, (query, signal) =>
  unwrap(api.GET("/api/v1/users", { params: { query }, signal })),
);

export const nodeQuery = queryOptions({
  queryKey: ["node"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/node", { signal })),
  refetchInterval: 5_000,
});
