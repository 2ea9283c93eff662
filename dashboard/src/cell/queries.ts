import { queryOptions } from "@tanstack/react-query";

import { api, unwrap } from "../api/client";
import { follow, type Followed } from "./happenings";

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

/** As many placements are followed one by one: what is asked for every two seconds has to stay small. */
const FOLLOWED_MAX = 200;
const FOLLOWED_KEY = ["cell", "followed"] as const;

/** The cell as it is, and what happened in it while somebody looked. */
export const followedCellQuery = queryOptions({
  queryKey: FOLLOWED_KEY,
  queryFn: async ({ client, signal }): Promise<Followed> => {
    // The page asks for the cell as often; one answer serves both.
    const [cell, page] = await Promise.all([
      client.query({ ...cellQuery, staleTime: CELL_EVERY_MS / 2 }),
      unwrap(api.GET("/api/v1/cluster/placements", { params: { query: { limit: FOLLOWED_MAX } }, signal })),
    ]);
    return follow(client.getQueryData<Followed>(FOLLOWED_KEY), { at: Date.now(), cell, placements: page.items });
  },
  refetchInterval: CELL_EVERY_MS,
});
