/** How many cameras the grid shows at once. */
export type Layout = 1 | 4 | 8 | 9 | 16 | 32;

export const LAYOUTS: readonly Layout[] = [1, 4, 8, 9, 16, 32];

/** Columns and rows of a layout; eight are one large tile with seven around two of its sides. */
export const GRID: Readonly<Record<Layout, readonly [columns: number, rows: number]>> = {
  1: [1, 1],
  4: [2, 2],
  8: [4, 4],
  9: [3, 3],
  16: [4, 4],
  32: [8, 4],
};

/** Tiles that play at once: what a desk computer decodes without dropping pictures. Those after them show stills. */
export const PLAYING_MAX = 16;

/** A layout from what an address or a store holds; `null` when it is none. */
export function readLayout(text: string | null): Layout | null {
  return LAYOUTS.find((layout) => String(layout) === text) ?? null;
}

/** The smallest even layout that shows `cameras` at once; the largest when none does. */
export function layoutFor(cameras: number): Layout {
  return LAYOUTS.find((layout) => layout !== 8 && layout >= cameras) ?? 32;
}

/** How many pages `cameras` fill; at least one. */
export function pageCount(cameras: number, layout: Layout): number {
  return Math.max(1, Math.ceil(cameras / layout));
}

/** The layout that a digit key chooses: the first, the second and so on. */
export function layoutOfKey(key: string): Layout | null {
  return /^[1-9]$/.test(key) ? (LAYOUTS[Number(key) - 1] ?? null) : null;
}

/** The tile that an arrow key leads to from `index`; the same where there is none. */
export function tileOfArrow(key: string, index: number, columns: number, count: number): number {
  const steps: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  const to = index + (steps[key] ?? 0);
  return to >= 0 && to < count ? to : index;
}
