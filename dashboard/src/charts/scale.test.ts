import { describe, expect, it } from "vitest";

import { linePath, nearest, niceMax, runs } from "./scale";

const box = { fromMs: 0, toMs: 100, max: 10, width: 100, height: 10 };

describe("charts", () => {
  it("ends an axis at a round number", () => {
    expect([0, 0.3, 1, 1.01, 23, 51, 7_000_000].map(niceMax)).toEqual([1, 0.5, 1, 2, 25, 100, 10_000_000]);
    expect(niceMax(Number.NaN)).toBe(1);
  });

  it("draws no line over what was not measured", () => {
    const samples = [
      { atMs: 0, value: 1 },
      { atMs: 10, value: 2 },
      { atMs: 20, value: null },
      { atMs: 30, value: 3 },
      { atMs: 90, value: 4 },
    ];
    expect(runs(samples, 10).map((run) => run.map((point) => point.atMs))).toEqual([[0, 10], [30], [90]]);
    expect(linePath(samples, 10, box)).toBe("M0 9L10 8M30 7h0M90 6h0");
  });

  it("finds the sample under the pointer", () => {
    expect(nearest([], 5)).toBeNull();
    expect(nearest([{ atMs: 0, value: 1 }, { atMs: 10, value: 2 }], 6)?.value).toBe(2);
  });
});
