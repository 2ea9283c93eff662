import { infiniteQueryOptions, keepPreviousData } from "@tanstack/react-query";

/** A page of a list, as every list of the API gives it. */
export interface ListPage<T> {
  items: T[];
  /** Where the next page begins; `null` on the last one. */
  next_cursor: string | null;
  /** How many there are, on all pages together. */
  total: number;
}

/** What to ask one page of a list with. */
export interface PageQuery {
  limit: number;
  cursor?: string;
}

/** Most entries the API gives on one page. */
const PAGE_MAX = 1_000;
/** Pages read when a whole list is needed: the node keeps at most 10,000 sites. */
const ALL_PAGES_MAX = 10;

/** A query that reads a list page by page. */
export function pagedQuery<T, K extends readonly unknown[]>(
  queryKey: K,
  limit: number,
  ask: (query: PageQuery, signal: AbortSignal) => Promise<ListPage<T>>,
) {
  return infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam, signal }) => ask({ limit, ...(pageParam ? { cursor: pageParam } : {}) }, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });
}

/** Every entry of a list: what a choice in a form, or a look-up by id, must not miss. */
export async function wholeList<T>(ask: (query: PageQuery) => Promise<ListPage<T>>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < ALL_PAGES_MAX; page += 1) {
    const answer: ListPage<T> = await ask({ limit: PAGE_MAX, ...(cursor === null ? {} : { cursor }) });
    items.push(...answer.items);
    cursor = answer.next_cursor;
    if (cursor === null) break;
  }
  return items;
}
