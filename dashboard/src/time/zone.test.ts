import { describe, expect, it } from "vitest";

import { dayRange, dayValue, zoneOffsetMs } from "./zone";

const at = Date.parse;
const HOUR = 3_600_000;

describe("time zones", () => {
  it("know how far they are ahead, half hours and summer time included", () => {
    expect(zoneOffsetMs(at("2026-07-01T05:10:00Z"), "Asia/Kolkata")).toBe(5.5 * HOUR);
    expect(zoneOffsetMs(at("2026-07-01T00:00:00.250Z"), "Europe/Berlin")).toBe(2 * HOUR);
    expect(zoneOffsetMs(at("2026-01-01T00:00:00Z"), "Europe/Berlin")).toBe(HOUR);
  });

  it("name the day that clocks there show", () => {
    expect(dayValue(at("2026-01-31T23:30:00Z"), "Europe/Berlin")).toBe("2026-02-01");
    expect(dayValue(at("2026-01-31T23:30:00Z"), "America/New_York")).toBe("2026-01-31");
  });

  it("give days of 23 and 25 hours where clocks are changed", () => {
    const hours = (day: string): number => {
      const range = dayRange(day, "Europe/Berlin");
      return range ? (range.toMs - range.fromMs) / HOUR : 0;
    };
    expect([hours("2026-03-29"), hours("2026-06-01"), hours("2026-10-25")]).toEqual([23, 24, 25]);
    expect(dayRange("2026-06-01", "Europe/Berlin")?.fromMs).toBe(at("2026-05-31T22:00:00Z"));
    expect(dayRange("", "UTC")).toBeNull();
  });
});
