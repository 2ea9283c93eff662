import type { Cell, CellNode, CellPlacement } from "../api/types";

/** As many are remembered while the page is open: a failover of a large cell is a dozen lines. */
export const HAPPENINGS_MAX = 60;
/** Epochs count on from here in each generation (docs/glossary.md). */
const GENERATION = 2 ** 32;

/** A cell at one moment, as far as it is followed. */
export interface Snapshot {
  /** When it was seen, by this browser's clock. */
  at: number;
  cell: Cell;
  /** Its first placements; those of two snapshots are compared where both have them. */
  placements: readonly CellPlacement[];
}

/** What became of a node. */
export type NodeChange = "joined" | "left" | "dead" | "back" | "restarted" | "draining" | "undrained";

/** Something that happened between two looks. Nodes and cameras by their names, as they were then. */
export type Happening = { at: number } & (
  | { kind: "node"; node: string; change: NodeChange }
  /** Another node leads; null while none does. */
  | { kind: "leader"; node: string | null }
  /** The node that is asked lost its cell, or is back in it. */
  | { kind: "cutOff"; off: boolean }
  /** Cameras that have begun to move, make before break. */
  | { kind: "moving"; cameras: readonly (string | null)[]; from: string | null; to: string | null }
  /** Cameras that another node has now, with the latest epoch among them. */
  | { kind: "moved"; cameras: readonly (string | null)[]; from: string | null; to: string | null; epoch: number }
);

/** A snapshot, and what had happened until then, the latest first. */
export interface Followed {
  snapshot: Snapshot;
  happenings: readonly Happening[];
}

/** Follows a cell to its next snapshot. */
export function follow(before: Followed | undefined, next: Snapshot): Followed {
  // Another cell's past is not this one's.
  if (!before || before.snapshot.cell.id !== next.cell.id) return { snapshot: next, happenings: [] };
  const news = happened(before.snapshot, next).reverse();
  return { snapshot: next, happenings: [...news, ...before.happenings].slice(0, HAPPENINGS_MAX) };
}

/** What happened between two snapshots, causes before effects. */
export function happened(before: Snapshot, after: Snapshot): Happening[] {
  const at = after.at;
  const all: Happening[] = [];
  if (before.cell.stale !== after.cell.stale) all.push({ at, kind: "cutOff", off: after.cell.stale });
  const names = new Map([...before.cell.nodes, ...after.cell.nodes].map((node) => [node.id, node.name]));
  const named = (id: string | null): string | null => (id === null ? null : (names.get(id) ?? null));
  const known = new Map(before.cell.nodes.map((node) => [node.id, node]));
  for (const node of after.cell.nodes) {
    for (const change of changesOf(known.get(node.id), node)) all.push({ at, kind: "node", node: node.name, change });
    known.delete(node.id);
  }
  for (const gone of known.values()) all.push({ at, kind: "node", node: gone.name, change: "left" });
  // One that is cut off knows of no leader, which is told already.
  if (before.cell.leader !== after.cell.leader && !after.cell.stale) all.push({ at, kind: "leader", node: named(after.cell.leader) });
  return [...all, ...placed(before, after, named)];
}

function changesOf(before: CellNode | undefined, after: CellNode): NodeChange[] {
  if (!before) return ["joined"];
  const changes: NodeChange[] = [];
  if (before.health !== after.health) changes.push(after.health === "dead" ? "dead" : "back");
  else if (after.start > before.start) changes.push("restarted");
  if (before.draining !== after.draining) changes.push(after.draining ? "draining" : "undrained");
  return changes;
}

/** The moves, those of one way together. */
function placed(before: Snapshot, after: Snapshot, named: (id: string | null) => string | null): Happening[] {
  const key = ({ camera, slot }: CellPlacement) => `${camera}/${slot}`;
  const known = new Map(before.placements.map((placement) => [key(placement), placement]));
  const ways = new Map<string, Extract<Happening, { kind: "moving" | "moved" }>>();
  for (const now of after.placements) {
    const was = known.get(key(now));
    if (!was) continue;
    const moved = was.node !== now.node;
    if (!moved && (now.moving_to === null || now.moving_to === was.moving_to)) continue;
    const to = moved ? now.node : now.moving_to;
    const way = `${moved}/${was.node}/${to}`;
    const before = ways.get(way);
    const cameras = [...(before?.cameras ?? []), now.name];
    const step = { at: after.at, cameras, from: named(was.node), to: named(to) };
    const epoch = Math.max(before?.kind === "moved" ? before.epoch : 0, now.epoch % GENERATION);
    ways.set(way, moved ? { ...step, kind: "moved", epoch } : { ...step, kind: "moving" });
  }
  return [...ways.values()];
}
