import { describe, expect, it } from "vitest";

import { type ListPage, type PageQuery, wholeList } from "./pages";

/** A list of `total` numbers that gives `perPage` at a time, whatever is asked for; notes the cursors it was asked with. */
function list(total: number, perPage: number) {
  const cursors: (string | undefined)[] = [];
  const ask = ({ cursor }: PageQuery): Promise<ListPage<number>> => {
    cursors.push(cursor);
    const start = Number(cursor ?? 0);
    const items = Array.from({ length: Math.min(perPage, total - start) }, (_, n) => start + n);
    const end = start + items.length;
    return Promise.resolve({ items, total, next_cursor: end < total ? String(end) : null });
  };
  return { ask, cursors };
}

describe("a whole list", () => {
  it("is read to its last page, each from where the one before ended", async () => {
    const { ask, cursors } = list(250, 100);
    expect(await wholeList(ask)).toEqual(Array.from({ length: 250 }, (_, n) => n));
    expect(cursors).toEqual([undefined, "100", "200"]);
  });

  it("is asked for once when it is empty", async () => {
    const { ask, cursors } = list(0, 100);
    expect(await wholeList(ask)).toEqual([]);
    expect(cursors).toEqual([undefined]);
  });

  it("ends although the node goes on naming a next page", async () => {
    const { ask, cursors } = list(Number.MAX_SAFE_INTEGER, 1);
    expect(await wholeList(ask)).toHaveLength(10);
    expect(cursors).toHaveLength(10);
  });
});
