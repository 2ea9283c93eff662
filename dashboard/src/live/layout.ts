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

/** Where a tile lies. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** The tile that an arrow key leads to from `index`: the nearest one there, the same where there is none. */
export function tileOfArrow(key: string, index: number, tiles: readonly Box[]): number {
  const from = tiles[index];
  if (!from) return index;
  const ahead = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  if (!ahead) return index;
  const [x = 0, y = 0] = ahead;
  let best = index;
  let least = Number.POSITIVE_INFINITY;
  for (const [n, tile] of tiles.entries()) {
    // How far its near edge is from our far edge along the way, and how far its span is off ours across it.
    const along = x > 0 ? tile.left - from.left - from.width : x < 0 ? from.left - tile.left - tile.width : y > 0 ? tile.top - from.top - from.height : from.top - tile.top - tile.height;
    const [low, high, ourLow, ourHigh] =
      x === 0
        ? [tile.left, tile.left + tile.width, from.left, from.left + from.width]
        : [tile.top, tile.top + tile.height, from.top, from.top + from.height];
    const across = Math.max(0, low - ourHigh, ourLow - high);
    // Tiles share edges up to a rounded pixel. What is across from here lies in another row or column.
    if (n === index || along < -1 || across > 0) continue;
    // Of several that touch the large tile, the one at its beginning.
    const distance = along * 10_000 + Math.abs(low - ourLow);
    if (distance < least) [best, least] = [n, distance];
  }
  return best;
}
