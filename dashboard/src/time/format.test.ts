import { describe, expect, it } from "vitest";

import { formatBytes, formatCountdown, formatDays, formatDuration, formatMoment, formatPercent, formatStretch, knownZone } from "./format";

const at = (text: string): number => Date.parse(text);

describe("formatting", () => {
  it("tells durations in at most two units", () => {
    expect([200, 59_400, 61_000, 600_000, 3_600_000, 12_000_000, 86_400_000, 273_600_000].map(formatDuration)).toEqual([
      "1 s",
      "59 s",
      "1 min 1 s",
      "10 min",
      "1 h",
      "3 h 20 min",
      "1 d",
      "3 d 4 h",
    ]);
  });

  it("counts down to one second, never showing zero while waiting", () => {
    expect([1, 1_000, 1_001, 89_000, 120_000].map(formatCountdown)).toEqual(["1 second", "1 second", "2 seconds", "89 seconds", "2 min"]);
  });

  it("shows a moment by the clock of its zone, with the day only when it is another one there", () => {
    const now = at("2026-03-10T23:30:00Z");
    expect(formatMoment(at("2026-03-10T20:00:00Z"), now, "UTC")).toBe("20:00");
    expect(formatMoment(at("2026-03-10T23:29:05Z"), now, "UTC")).toBe("23:29:05");
    expect(formatMoment(at("2026-03-10T20:00:00Z"), now, "Europe/Berlin")).toBe("10 Mar 2026, 21:00");
  });

  it("tells a stretch with its length", () => {
    const stretch = formatStretch(at("2026-07-01T07:12:03Z"), at("2026-07-01T07:12:41Z"), "Europe/Berlin");
    expect(stretch).toBe("09:12:03 – 09:12:41 (38 s)");
  });

  it("never says 100 % when something is missing", () => {
    expect(formatPercent(100, 100)).toBe("100%");
    expect(formatPercent(99.99999, 100)).toBe("99.99%");
    expect(formatPercent(96.77, 100)).toBe("96.7%");
    expect(formatPercent(0, 100)).toBe("0%");
    expect(formatPercent(0, 0)).toBe("");
  });

  it("foresees without false precision", () => {
    expect([0.01, 1.5, 2.4, 100.4, 1000, 9131].map(formatDays)).toEqual(["14 min", "36 hours", "2 days", "100 days", "2.7 years", "25 years"]);
  });

  it("tells bytes in decimal units", () => {
    expect([0, 999, 1_000, 48_000_000, 999_950, 2e12].map(formatBytes)).toEqual(["0 B", "999 B", "1 kB", "48 MB", "1 MB", "2 TB"]);
  });

  it("falls back to the own zone where a zone is not known here", () => {
    expect(knownZone("Europe/Berlin")).toBe("Europe/Berlin");
    expect(knownZone("Mars/Olympus")).toBe(knownZone(null));
  });
});
