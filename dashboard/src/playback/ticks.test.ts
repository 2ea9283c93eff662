import { describe, expect, it } from "vitest";

import { ticksOf } from "./ticks";

const at = Date.parse;
const iso = (ms: number): string => new Date(ms).toISOString();
const view = (from: string, to: string) => ({ fromMs: at(from), toMs: at(to) });

describe("the marks of a timeline", () => {
  it("stand at round times by the clocks of the site", () => {
    const ticks = ticksOf(view("2026-07-01T05:10:00Z", "2026-07-01T17:10:00Z"), 3, "Asia/Kolkata");
    expect(ticks.map((tick) => iso(tick.ms))).toEqual(["2026-07-01T06:30:00.000Z", "2026-07-01T12:30:00.000Z"]);
    expect(ticks.every((tick) => tick.unit === "minute")).toBe(true);
  });

  it("name the day at midnight", () => {
    const ticks = ticksOf(view("2026-06-30T20:00:00Z", "2026-07-01T02:00:00Z"), 6, "UTC");
    expect(ticks.filter((tick) => tick.unit === "day").map((tick) => iso(tick.ms))).toEqual(["2026-07-01T00:00:00.000Z"]);
  });

  it("stay at the same clock times when clocks are changed", () => {
    const ticks = ticksOf(view("2026-03-28T22:00:00Z", "2026-03-29T23:00:00Z"), 5, "Europe/Berlin");
    expect(ticks.map((tick) => iso(tick.ms))).toEqual(["2026-03-28T23:00:00.000Z", "2026-03-29T04:00:00.000Z", "2026-03-29T10:00:00.000Z", "2026-03-29T16:00:00.000Z", "2026-03-29T22:00:00.000Z"]);
  });

  it("count months over a year, and seconds in a minute, never more than there is room for", () => {
    expect(ticksOf(view("2025-07-01T00:00:00Z", "2026-06-30T00:00:00Z"), 12, "UTC").map((tick) => iso(tick.ms).slice(0, 7))).toEqual([
      "2025-07", "2025-08", "2025-09", "2025-10", "2025-11", "2025-12", "2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06",
    ]);
    const seconds = ticksOf(view("2026-06-01T10:00:00Z", "2026-06-01T10:01:00Z"), 12, "UTC");
    expect(seconds.length).toBe(13);
    expect(seconds[1]?.unit).toBe("second");
    for (const days of [1, 9, 40, 366]) {
      const from = at("2025-06-01T00:00:00Z");
      expect(ticksOf({ fromMs: from, toMs: from + days * 86_400_000 }, 4, "UTC").length).toBeLessThanOrEqual(5);
    }
  });
});
