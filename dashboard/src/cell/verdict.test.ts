import { describe, expect, it } from "vitest";

import { cellNode as node } from "./cell-node.fixture";
import { nodeState, verdictOf } from "./verdict";

const survives = { any_node: true, any_zone: true, quorum: true, nodes: [], zones: [] };

describe("the verdict on a cell", () => {
  it("is good where any one node may fail, and speaks of zones only where there are some", () => {
    const three = [node("a"), node("b"), node("c")];
    expect(verdictOf({ nodes: three, survival: survives, unplaced: 0, without_twin: 0 })).toEqual({ level: "good", sentences: ["Any one node may fail: all cameras still fit."] });
    const zoned = [node("a", { zone: "west" }), node("b", { zone: "east" }), node("c", { zone: "east" })];
    expect(verdictOf({ nodes: zoned, survival: survives, unplaced: 0, without_twin: 0 }).sentences).toContain("Any one zone may fail, too.");
  });

  it("names what would be lost, and what to do about it", () => {
    const survival = { any_node: false, any_zone: true, quorum: true, nodes: [{ id: "b", name: "berlin-2", without_room: 12 }], zones: [] };
    const { level, sentences } = verdictOf({ nodes: [node("a"), node("b")], survival, unplaced: 0, without_twin: 0 });
    expect(level).toBe("warn");
    expect(sentences[0]).toBe("If berlin-2 fails, 12 cameras find no place.");
    expect(sentences).toHaveLength(2);
  });

  it("tells the loss of a zone where it is more than that of a node", () => {
    const nodes = [node("a", { zone: "west" }), node("b", { zone: "east" }), node("c", { zone: "east" })];
    const zones = ["west", "east"].map((zone) => ({ zone, without_room: 5 }));
    const { sentences } = verdictOf({ nodes, survival: { any_node: true, any_zone: false, quorum: true, nodes: [], zones }, unplaced: 0, without_twin: 0 });
    expect(sentences.slice(0, 2)).toEqual(["Any one node may fail: all cameras still fit.", "If the zone east fails, 5 cameras find no place."]);
  });

  it("does not promise what a single live node cannot keep", () => {
    expect(verdictOf({ nodes: [node("a")], survival: survives, unplaced: 0, without_twin: 0 }).level).toBe("warn");
    const lastOfTwo = verdictOf({ nodes: [node("a"), node("b", { health: "dead" })], survival: survives, unplaced: 0, without_twin: 0 });
    expect(lastOfTwo.level).toBe("bad");
    expect(lastOfTwo.sentences.join(" ")).not.toContain("may fail");
  });

  it("puts cameras without a node first, and counts long lists", () => {
    const nodes = ["a", "b", "c", "d", "e"].map((name) => node(name));
    const survival = { any_node: false, any_zone: true, quorum: true, nodes: nodes.map(({ id, name }) => ({ id, name, without_room: 1 })), zones: [] };
    const { level, sentences } = verdictOf({ nodes, survival, unplaced: 2, without_twin: 0 });
    expect(level).toBe("bad");
    expect(sentences[0]).toContain("2 cameras are with no live node");
    expect(sentences).toContain("So would 2 more.");
  });

  it("does not take a camera that lacks its twin for one that is not recorded", () => {
    const { level, sentences } = verdictOf({ nodes: [node("a"), node("b")], survival: survives, unplaced: 0, without_twin: 1 });
    expect(level).toBe("warn");
    expect(sentences).toEqual(["Any one node may fail: all cameras still fit.", "1 camera has no twin now: no second node that fits has room."]);
  });

  it("does not call two nodes safe: one voter alone decides", () => {
    const two = [node("a"), node("b", { voter: false })];
    const { level, sentences } = verdictOf({ nodes: two, survival: { ...survives, quorum: false }, unplaced: 0, without_twin: 0 });
    expect(level).toBe("warn");
    expect(sentences[0]).toContain("If a fails, the cell cannot decide");
    const degraded = [node("a"), node("b"), node("c", { health: "dead" })];
    expect(verdictOf({ nodes: degraded, survival: { ...survives, quorum: false }, unplaced: 0, without_twin: 0 }).sentences[0]).toContain("If one of a, b fails");
  });

  it("tells a node that is being emptied from one that is empty", () => {
    const cell = { stale: false, node: "here" };
    expect(["up", "draining", "drained", "dead"]).toEqual([
      nodeState(node("a", { heard_ms: 9_000 }), cell),
      nodeState(node("a", { draining: true }), cell),
      nodeState(node("a", { draining: true, placements: 0 }), cell),
      nodeState(node("a", { draining: true, health: "dead" }), cell),
    ]);
  });

  it("does not call a node up that a cut-off one no longer hears", () => {
    const cell = { stale: true, node: "here" };
    expect(["up", "up", "silent", "silent", "dead"]).toEqual([
      nodeState(node("here", { heard_ms: null }), cell),
      nodeState(node("a"), cell),
      nodeState(node("b", { heard_ms: 9_000 }), cell),
      nodeState(node("c", { heard_ms: null }), cell),
      nodeState(node("d", { heard_ms: 9_000, health: "dead" }), cell),
    ]);
  });
});
