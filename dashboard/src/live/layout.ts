/** How many cameras the grid shows at once. */
export type Layout = 1 | 4 | 9 | 16;

export const LAYOUTS: readonly Layout[] = [1, 4, 9, 16];

/** A layout from what an address or a store holds; `null` when it is none. */
export function readLayout(text: string | null): Layout | null {
  return LAYOUTS.find((layout) => String(layout) === text) ?? null;
}

/** The smallest layout that shows `cameras` at once; the largest when none does. */
export function layoutFor(cameras: number): Layout {
  return LAYOUTS.find((layout) => layout >= cameras) ?? 16;
}

/** How many pages `cameras` fill; at least one. */
export function pageCount(cameras: number, layout: Layout): number {
  return Math.max(1, Math.ceil(cameras / layout));
}
