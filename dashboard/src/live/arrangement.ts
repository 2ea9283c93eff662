import type { Layout } from "./layout";

/** Which camera stands in which tile; `null` for a free one. */
export type Slots = readonly (string | null)[];

/** As many slots as the layout has tiles. */
export function resized(slots: Slots, layout: Layout): Slots {
  return Array.from({ length: layout }, (_, at) => slots[at] ?? null);
}

/** Exchanges two tiles. */
export function swapped(slots: Slots, from: number, to: number): Slots {
  return slots.map((camera, at) => (at === from ? (slots[to] ?? null) : at === to ? (slots[from] ?? null) : camera));
}

/** Puts a camera into a tile. One that stands elsewhere already moves: a camera is on a wall once. */
export function placed(slots: Slots, camera: string | null, to: number): Slots {
  return slots.map((present, at) => (at === to ? camera : present === camera ? null : present));
}
