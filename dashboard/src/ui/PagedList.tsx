import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef } from "react";

import type { ListPage } from "../api/pages";
import { problemWords } from "../api/problem";
import { m } from "../messages";
import { Button } from "./Button";
import { Failed, Loading, Notice } from "./States";

/** As many are counted at a look; more get their number said. */
const FEW = 10;

interface Props<T> {
  query: UseInfiniteQueryResult<InfiniteData<ListPage<T>>>;
  /** What the list is of, for who cannot see it. */
  caption: string;
  /** Shown where there is no entry. */
  empty: ReactNode;
  /** One entry, as an `<li>` with a key. */
  children: (item: T) => ReactNode;
}

/** A list of the API: what has come so far, how many there are, and the way to the rest. */
export function PagedList<T>({ query, caption, empty, children }: Props<T>) {
  const list = useRef<HTMLUListElement>(null);
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const total = query.data?.pages.at(-1)?.total ?? 0;
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError } = query;

  // The button goes away with the last page; whoever pressed it by keyboard goes on at the first entry it brought.
  const pressedAt = useRef<number | null>(null);
  useEffect(() => {
    if (pressedAt.current === null || isFetchingNextPage || items.length <= pressedAt.current) return;
    if (!hasNextPage) {
      const next = list.current?.children[pressedAt.current];
      next?.querySelector<HTMLElement>("a, button:not(:disabled)")?.focus({ preventScroll: true });
    }
    pressedAt.current = null;
  }, [isFetchingNextPage, hasNextPage, items.length]);

  if (query.isError && !query.data) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <Loading />;
  if (items.length === 0) return empty;
  return (
    <>
      <ul ref={list} aria-label={caption} className="divide-y divide-line overflow-hidden rounded-2xl border border-line bg-surface shadow-card">
        {items.map(children)}
      </ul>
      {(hasNextPage || items.length > FEW) && (
        <div className="mt-4 flex flex-col items-center gap-3 text-sm text-faint">
          <span role="status">{m.common.shown(items.length, Math.max(total, items.length))}</span>
          {isFetchNextPageError && <Notice>{problemWords(query.error)}</Notice>}
          {hasNextPage && (
            <Button
              disabled={isFetchingNextPage}
              onClick={() => {
                pressedAt.current = items.length;
                void query.fetchNextPage();
              }}
            >
              {isFetchingNextPage ? m.common.loading : isFetchNextPageError ? m.common.retry : m.common.loadMore}
            </Button>
          )}
        </div>
      )}
    </>
  );
}

interface RowProps {
  title: ReactNode;
  text: ReactNode;
  /** What can be done with it. */
  children?: ReactNode;
}

/** An entry in two lines with what can be done with it. */
export function ListRow({ title, text, children }: RowProps) {
  return (
    <li className="flex items-center gap-1 py-2.5 pr-2 pl-4">
      <div className="mr-1 min-w-0 flex-1">
        <p className="flex min-w-0 items-center gap-2 font-medium">{title}</p>
        <p className="text-sm text-faint sm:truncate">{text}</p>
      </div>
      {children}
    </li>
  );
}
