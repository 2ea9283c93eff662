import { describe, expect, it } from "vitest";

import { isSelected, NONE, type Selection, sizeOf, toggled, withAll } from "./selection";

describe("selection of cameras", () => {
  it("ticks and unticks one by one", () => {
    const two = withAll(NONE, ["a", "b"]);
    expect([sizeOf(two), sizeOf(toggled(two, "a")), sizeOf(toggled(two, "c"))]).toEqual([2, 1, 3]);
    expect(isSelected(toggled(two, "a"), "a")).toBe(false);
  });

  it("holds all that match, loaded or not, but those unticked", () => {
    const all: Selection = { kind: "matching", total: 10_000, except: new Set() };
    const fewer = toggled(all, "a");
    expect(sizeOf(fewer)).toBe(9_999);
    expect([isSelected(fewer, "a"), isSelected(fewer, "never seen")]).toEqual([false, true]);
    expect(sizeOf(withAll(fewer, ["a"]))).toBe(10_000);
  });
});
