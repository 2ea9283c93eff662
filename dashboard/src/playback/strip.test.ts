import { describe, expect, it } from "vitest";

import type { TimelineItem } from "../api/types";
import { footageAfter, footageNear, hasFootage, pieceAt, piecesOf } from "./strip";

const iso = (ms: number): string => new Date(ms).toISOString();
const recorded = (start: number, end: number): TimelineItem => ({ start: iso(start), end: iso(end), kind: "recorded" });
const missing = (start: number, end: number, missing_s = (end - start) / 1000): TimelineItem => ({ start: iso(start), end: iso(end), kind: "missing", cause: "node_down", missing_s });
const view = { fromMs: 1_000_000, toMs: 2_000_000 };

describe("what is drawn of a timeline", () => {
  it("is cut at the ends of the view, and left out beyond", () => {
    const pieces = piecesOf([recorded(0, 1_500_000), recorded(3_000_000, 4_000_000)], view);
    expect(pieces.map(({ from, to }) => [from, to])).toEqual([[0, 0.5]]);
  });

  it("keeps a lost second visible, at the right end too", () => {
    for (const start of [1_000_000, 86_399_500]) {
      const [piece] = piecesOf([missing(start, start + 500)], { fromMs: 0, toMs: 86_400_000 });
      expect(piece && piece.to - piece.from).toBeCloseTo(0.0025);
      expect(piece?.to).toBeLessThanOrEqual(1);
    }
  });

  it("has gaps on top", () => {
    expect(piecesOf([missing(1_100_000, 1_200_000), recorded(1_200_000, 1_300_000)], view).map((piece) => piece.kind)).toEqual(["recorded", "missing"]);
  });
});

describe("what lies under a point", () => {
  const pieces = piecesOf([recorded(1_000_000, 1_400_000), missing(1_400_000, 1_402_000), recorded(1_402_000, 2_000_000)], view);

  it("is the gap, wherever there is one", () => {
    expect(pieceAt(pieces, 0.401)?.cause).toBe("node_down");
    expect(pieceAt(pieces, 0.1)?.kind).toBe("recorded");
    expect(pieceAt([], 0.5)).toBeNull();
  });

  it("is a gap that a finger just missed, and no other", () => {
    expect(pieceAt(pieces, 0.41, 0.01)?.kind).toBe("missing");
    expect(pieceAt(pieces, 0.42, 0.01)?.kind).toBe("recorded");
  });
});

describe("where there is footage", () => {
  const items = [recorded(0, 10_000), missing(10_000, 40_000), recorded(40_000, 60_000), { ...recorded(60_000, 90_000), kind: "deleted" as const }];

  it("is in merged stretches of which only a part is missing", () => {
    expect([hasFootage(missing(0, 10_000)), hasFootage(missing(0, 10_000, 4))]).toEqual([false, true]);
  });

  it("goes on after a gap, and nowhere after the last", () => {
    expect(footageAfter(items, 5_000)).toBe(5_000);
    expect(footageAfter(items, 15_000)).toBe(40_000);
    expect(footageAfter(items, 60_000)).toBeNull();
  });

  it("is found on the closer side", () => {
    expect(footageNear(items, 12_000, 3_000)).toBe(7_000);
    expect(footageNear(items, 38_000, 3_000)).toBe(40_000);
    expect(footageNear(items, 80_000, 3_000)).toBe(57_000);
    expect(footageNear([], 1, 1)).toBeNull();
  });
});
