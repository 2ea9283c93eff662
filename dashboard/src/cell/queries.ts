import { queryOptions } from "@tanstack/react-query";

import { api, unwrap } from "../api/client";

/** How often the cell is asked for while somebody looks at it: a move takes seconds. */
const CELL_EVERY_MS = 2_000;
/** How many cameras on the move are named. */
export const MOVING_SHOWN = 12;

/** The cell, as this node sees it. */
export const cellQuery = queryOptions({
  queryKey: ["cell"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/cluster", { signal })),
  staleTime: 30_000,
});

/** The same, followed closely. */
export const watchedCellQuery = queryOptions({ ...cellQuery, staleTime: 0, refetchInterval: CELL_EVERY_MS });

/** The cameras that are on their way from one node to another: the first of them, and how many there are. */
export const movingQuery = queryOptions({
  queryKey: ["cell", "moving"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/cluster/placements", { params: { query: { moving: true, limit: MOVING_SHOWN } }, signal })),
  refetchInterval: CELL_EVERY_MS,
});
