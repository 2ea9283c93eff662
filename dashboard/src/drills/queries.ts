import { queryOptions } from "@tanstack/react-query";

import { api, unwrap } from "../api/client";
import type { DrillRun } from "../api/types";

/** How often a drill is asked for while it runs, and otherwise. */
const RUNNING_EVERY_MS = 1_000;
const IDLE_EVERY_MS = 5_000;

export const drillCatalogueQuery = queryOptions({
  queryKey: ["drills", "catalogue"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/drills", { signal })),
  staleTime: Infinity,
});

/** Whether a run is still going on. */
export const isGoing = (run: DrillRun): boolean => run.now.state !== "ended";

/** The runs, the latest first; the one that goes on is followed closely. */
export const drillRunsQuery = queryOptions({
  queryKey: ["drills", "runs"],
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/v1/drills/runs", { signal }))).items,
  refetchInterval: (query) => (query.state.data?.some(isGoing) ? RUNNING_EVERY_MS : IDLE_EVERY_MS),
});

export const drillAgentsQuery = queryOptions({
  queryKey: ["drills", "agents"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/drills/agents", { signal })),
  refetchInterval: IDLE_EVERY_MS,
});

/** Which drill: one of the catalogue, or a file's text. */
export type Wanted = { drill: string } | { file: string };

/** What it would do to this cell now. */
export const drillPlanQuery = (wanted: Wanted, cell: string) =>
  queryOptions({
    queryKey: ["drills", "plan", wanted, cell],
    queryFn: ({ signal }) => unwrap(api.POST("/api/v1/drills/plan", { body: { ...wanted, cell }, signal })),
    staleTime: 0,
    gcTime: 0,
  });
