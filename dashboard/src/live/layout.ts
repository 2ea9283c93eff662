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

const acrossOf = ({ left, width }: Box) => ({ low: left, high: left + width });
const downOf = ({ top, height }: Box) => ({ low: top, high: top + height });

/** The tile that an arrow key leads to from `index`: the nearest one there, the same where there is none. */
export function tileOfArrow(key: string, index: number, tiles: readonly Box[]): number {
  const from = tiles[index];
  if (!from) return index;
  const vertical = key === "ArrowUp" || key === "ArrowDown";
  const onwards = key === "ArrowRight" || key === "ArrowDown";
  if (!vertical && !onwards && key !== "ArrowLeft") return index;
  let best = index;
  let least = Number.POSITIVE_INFINITY;
  for (const [n, tile] of tiles.entries()) {
    // How far its near edge is from our far one along the way, and whether it lies beside us across it.
    const [theirs, ours] = vertical ? [acrossOf(tile), acrossOf(from)] : [downOf(tile), downOf(from)];
    const [ahead, behind] = vertical ? [downOf(tile), downOf(from)] : [acrossOf(tile), acrossOf(from)];
    const along = onwards ? ahead.low - behind.high : behind.low - ahead.high;
    // Tiles share edges up to a rounded pixel. What lies beside our span is in another row or column.
    if (n === index || along < -1 || theirs.low >= ours.high || ours.low >= theirs.high) continue;
    // Of several that touch the large tile, the one at its beginning.
    const distance = along * 10_000 + Math.abs(theirs.low - ours.low);
    if (distance < least) [best, least] = [n, distance];
  }
  return best;
}
