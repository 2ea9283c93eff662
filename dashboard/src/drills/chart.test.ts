import { describe, expect, it } from "vitest";

import { barOf, spanOf, stateOf } from "./chart";

const fault = (begins_ms: number, ends_ms: number, begun = false, over = false) => ({ what: "kill", hit: [], begins_ms, ends_ms, begun, over });

describe("the timeline of a drill", () => {
  it("reaches to the last end, and to now when a round goes on longer", () => {
    expect(spanOf([fault(5_000, 25_000), fault(1_000, 2_000)], 3_000)).toBe(25_000);
    expect(spanOf([fault(5_000, 25_000)], 40_000)).toBe(40_000);
    expect(spanOf([], 0)).toBe(1_000);
  });

  it("draws each fault within itself, and a moment so that it is seen", () => {
    expect(barOf(fault(5_000, 15_000), 20_000)).toEqual({ from: 25, to: 75 });
    expect(barOf(fault(20_000, 20_000), 20_000)).toEqual({ from: 99, to: 100 });
    expect(barOf(fault(90_000, 99_000), 20_000)).toEqual({ from: 99, to: 100 });
  });

  it("tells what is planned from what is in force and what is over", () => {
    expect([fault(0, 1), fault(0, 1, true), fault(0, 1, true, true)].map(stateOf)).toEqual(["planned", "inForce", "over"]);
  });
});
