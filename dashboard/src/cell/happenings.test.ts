import { describe, expect, it } from "vitest";

import type { Cell, CellNode, CellPlacement } from "../api/types";
import { cellNode as node } from "./cell-node.fixture";
import { follow, happened, HAPPENINGS_MAX, type Snapshot } from "./happenings";

const placement = (camera: string, at: string, more: Partial<CellPlacement> = {}): CellPlacement => ({
  camera,
  name: `Camera ${camera}`,
  slot: 0,
  node: at,
  epoch: 2 ** 32 + 4,
  moving_to: null,
  ...more,
});

const snapshot = (at: number, nodes: CellNode[], placements: CellPlacement[], more: Partial<Cell> = {}): Snapshot => ({
  at,
  placements,
  cell: {
    id: "cell",
    node: "a",
    leader: "a",
    stale: false,
    generation: 1,
    applied_index: at,
    nodes,
    jobs: [],
    placements: placements.length,
    moving: 0,
    unplaced: 0,
    without_twin: 0,
    survival: { any_node: true, any_zone: true, quorum: true, nodes: [], zones: [] },
    ...more,
  },
});

const three = [node("a"), node("b"), node("c")];

describe("what happened in a cell", () => {
  it("is nothing where nothing changed", () => {
    const placements = [placement("1", "a"), placement("2", "b")];
    expect(happened(snapshot(1, three, placements), snapshot(2, [...three], [...placements]))).toEqual([]);
  });

  it("tells a failover: the death, the new leader, and who took over, with the epoch that rose", () => {
    const before = snapshot(1, three, [placement("1", "b"), placement("2", "b"), placement("3", "b"), placement("4", "a")], { leader: "b" });
    const after = snapshot(
      2,
      [node("a"), node("b", { health: "dead" }), node("c")],
      [placement("1", "a", { epoch: 2 ** 32 + 9 }), placement("2", "c", { epoch: 2 ** 32 + 7 }), placement("3", "a", { epoch: 2 ** 32 + 8 }), placement("4", "a")],
      { leader: "c" },
    );
    expect(happened(before, after)).toEqual([
      { at: 2, kind: "node", node: "b", change: "dead" },
      { at: 2, kind: "leader", node: "c" },
      { at: 2, kind: "moved", cameras: ["Camera 1", "Camera 3"], from: "b", to: "a", epoch: 9 },
      { at: 2, kind: "moved", cameras: ["Camera 2"], from: "b", to: "c", epoch: 7 },
    ]);
  });

  it("tells a planned move when it begins and when it is done, and not in between", () => {
    const here = snapshot(1, three, [placement("1", "b")]);
    const going = snapshot(2, [node("a"), node("b", { draining: true }), node("c")], [placement("1", "b", { moving_to: "c" })]);
    const there = snapshot(4, going.cell.nodes, [placement("1", "c", { epoch: 2 ** 32 + 5 })]);
    expect(happened(here, going)).toEqual([
      { at: 2, kind: "node", node: "b", change: "draining" },
      { at: 2, kind: "moving", cameras: ["Camera 1"], from: "b", to: "c" },
    ]);
    expect(happened(going, { ...going, at: 3 })).toEqual([]);
    expect(happened(going, there)).toEqual([{ at: 4, kind: "moved", cameras: ["Camera 1"], from: "b", to: "c", epoch: 5 }]);
  });

  it("tells nodes that come, go, come back and start anew", () => {
    const before = snapshot(1, [node("a"), node("b", { health: "dead" }), node("c")], []);
    const after = snapshot(2, [node("a", { start: 2 }), node("b", { start: 2 }), node("d")], []);
    expect(happened(before, after)).toEqual([
      { at: 2, kind: "node", node: "a", change: "restarted" },
      { at: 2, kind: "node", node: "b", change: "back" },
      { at: 2, kind: "node", node: "d", change: "joined" },
      { at: 2, kind: "node", node: "c", change: "left" },
    ]);
  });

  it("does not take a node that is cut off for a cell without a leader", () => {
    const cutOff = snapshot(2, three, [], { stale: true, leader: null });
    expect(happened(snapshot(1, three, []), cutOff)).toEqual([{ at: 2, kind: "cutOff", off: true }]);
    expect(happened(cutOff, snapshot(3, three, []))).toEqual([
      { at: 3, kind: "cutOff", off: false },
      { at: 3, kind: "leader", node: "a" },
    ]);
  });

  it("does not compare placements that one of the two looks did not have", () => {
    expect(happened(snapshot(1, three, [placement("1", "a")]), snapshot(2, three, [placement("2", "b")]))).toEqual([]);
  });
});

describe("following a cell", () => {
  it("keeps the latest first, and not without end", () => {
    const at = (n: number) => snapshot(n, [node("a", { start: n }), node("b")], []);
    let followed = follow(undefined, at(1));
    expect(followed.happenings).toEqual([]);
    for (let n = 2; n <= 2 * HAPPENINGS_MAX; n += 1) followed = follow(followed, at(n));
    expect(followed.happenings).toHaveLength(HAPPENINGS_MAX);
    expect(followed.happenings[0]).toEqual({ at: 2 * HAPPENINGS_MAX, kind: "node", node: "a", change: "restarted" });
  });

  it("begins anew with another cell", () => {
    const first = follow(follow(undefined, snapshot(1, three, [])), snapshot(2, [node("a")], []));
    expect(first.happenings).not.toEqual([]);
    expect(follow(first, snapshot(3, three, [], { id: "other" })).happenings).toEqual([]);
  });
});
