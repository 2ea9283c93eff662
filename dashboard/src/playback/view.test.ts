import { describe, expect, it } from "vitest";

import { centred, firstSpanMs, following, inBounds, momentAt, panned, pinched, shareOf, showing, SPAN_MAX_MS, SPAN_MIN_MS, spanOf, windowOf, zoomed } from "./view";

const NOW = Date.parse("2026-06-01T12:00:00Z");
const HOUR = 3_600_000;
const hour = { fromMs: NOW - 5 * HOUR, toMs: NOW - 4 * HOUR };

describe("the view of a timeline", () => {
  it("keeps the moment under the pointer in its place while it zooms", () => {
    const anchor = momentAt(hour, 0.3);
    for (const factor of [0.5, 0.9, 2]) {
      const next = zoomed(hour, factor, anchor, NOW);
      expect(spanOf(next)).toBeCloseTo(HOUR * factor);
      expect(shareOf(next, anchor)).toBeCloseTo(0.3);
    }
  });

  it("zooms from a minute to a year and no further", () => {
    let view = hour;
    for (let i = 0; i < 40; i += 1) view = zoomed(view, 2, momentAt(view, 0.5), NOW);
    expect(spanOf(view)).toBe(SPAN_MAX_MS);
    for (let i = 0; i < 40; i += 1) view = zoomed(view, 0.5, momentAt(view, 0.5), NOW);
    expect(spanOf(view)).toBe(SPAN_MIN_MS);
  });

  it("begins with what a new camera can have, and with hours of an old one", () => {
    expect(firstSpanMs(10_000)).toBe(5 * 60_000);
    expect(firstSpanMs(10 * 60_000)).toBe(12.5 * 60_000);
    expect(firstSpanMs(1e12)).toBe(2 * HOUR);
  });

  it("does not go beyond now, however it is moved", () => {
    for (const view of [panned(hour, 1e12, NOW), zoomed(hour, 1e6, hour.fromMs, NOW), centred(hour, NOW + HOUR, NOW)]) {
      expect(view.toMs).toBeLessThanOrEqual(NOW + spanOf(view) * 0.05);
      expect(view.toMs).toBeGreaterThan(NOW);
    }
    expect(spanOf(panned(hour, 1e12, NOW))).toBe(HOUR);
  });

  it("follows the playhead as it leaves, not while somebody looks elsewhere", () => {
    for (const share of [-0.5, 0.5, 1.5]) expect(following(hour, momentAt(hour, share), NOW)).toBe(hour);
    const moved = following(hour, momentAt(hour, 0.99), NOW);
    expect(shareOf(moved, momentAt(hour, 0.99))).toBeCloseTo(0.15);
  });

  it("is moved to a moment that is not seen", () => {
    expect(showing(hour, momentAt(hour, 0.1), NOW)).toBe(hour);
    expect(shareOf(showing(hour, momentAt(hour, -3), NOW), momentAt(hour, -3))).toBeCloseTo(0.5);
  });

  it("keeps the moments under two fingers under them", () => {
    const next = pinched(hour, [0.4, 0.6], [0.3, 0.7], NOW);
    expect(spanOf(next)).toBeCloseTo(HOUR / 2);
    expect(shareOf(next, momentAt(hour, 0.4))).toBeCloseTo(0.3);
    expect(shareOf(next, momentAt(hour, 0.6))).toBeCloseTo(0.7);
  });

  it("asks for one window while it moves a little, and always for all that is seen", () => {
    const asked = windowOf(hour);
    expect(windowOf(panned(hour, 1000, NOW))).toEqual(asked);
    for (const span of [SPAN_MIN_MS, HOUR, 86_400_000, SPAN_MAX_MS]) {
      const view = inBounds({ fromMs: NOW - span, toMs: NOW }, NOW);
      const window = windowOf(view);
      expect(window.fromMs).toBeLessThanOrEqual(view.fromMs);
      expect(window.toMs).toBeGreaterThanOrEqual(view.toMs);
      expect(spanOf(window)).toBeLessThanOrEqual(400 * 86_400_000);
    }
  });
});
