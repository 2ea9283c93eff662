import { keepPreviousData, queryOptions, infiniteQueryOptions } from "@tanstack/react-query";

import { api, unwrap } from "./client";
import type { CameraState } from "./types";

/** How many cameras one page of an answer holds. */
const CAMERAS_PAGE = 48;
const DAY_MS = 24 * 60 * 60 * 1000;

export interface CameraFilter {
  search?: string;
  label?: string;
  site?: string;
  state?: CameraState;
}

const filled = <T extends object>(filter: T): T =>
  Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined && value !== "")) as T;

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: () => unwrap(api.GET("/api/v1/me")),
  staleTime: 60_000,
});

export const camerasQuery = (filter: CameraFilter) =>
  infiniteQueryOptions({
    queryKey: ["cameras", "list", filled(filter)],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET("/api/v1/cameras", {
          params: { query: { ...filled(filter), limit: CAMERAS_PAGE, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });

export const cameraQuery = (id: string) =>
  queryOptions({
    queryKey: ["cameras", "one", id],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/cameras/{id}", { params: { path: { id } }, signal })),
  });

/** What was and was not recorded in the 24 hours up to now. */
export const recordedDayQuery = (id: string) =>
  queryOptions({
    queryKey: ["recordings", id],
    queryFn: async ({ signal }) => {
      const to = Date.now();
      const from = to - DAY_MS;
      const query = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
      const params = { path: { id }, query };
      const [recordings, gaps] = await Promise.all([
        unwrap(api.GET("/api/v1/cameras/{id}/recordings", { params, signal })),
        unwrap(api.GET("/api/v1/cameras/{id}/gaps", { params, signal })),
      ]);
      return { from, to, spans: recordings.spans, ...gaps };
    },
    refetchInterval: 30_000,
  });

export const sitesQuery = queryOptions({
  queryKey: ["sites"],
  queryFn: () => unwrap(api.GET("/api/v1/sites")),
  staleTime: 30_000,
});

export const usersQuery = queryOptions({ queryKey: ["users"], queryFn: () => unwrap(api.GET("/api/v1/users")) });

export const nodeQuery = queryOptions({
  queryKey: ["node"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/node", { signal })),
  refetchInterval: 5_000,
});
