import { describe, expect, it } from "vitest";

import { backoffMs } from "../retry";
import { DryRuns } from "./dry-runs";
import { placed, resized, swapped } from "./arrangement";
import { layoutFor, layoutOfKey, pageCount, readLayout, tileOfArrow } from "./layout";
import { mayUseLowLatency, withoutLowLatency } from "./playlist";

describe("live grid", () => {
  it("chooses the smallest layout that shows all, and pages beyond thirty-two", () => {
    expect([0, 1, 2, 4, 5, 10, 17, 200].map(layoutFor)).toEqual([1, 1, 4, 4, 9, 16, 32, 32]);
    expect([0, 16, 17].map((cameras) => pageCount(cameras, 16))).toEqual([1, 1, 2]);
    expect([null, "", "3", "9"].map(readLayout)).toEqual([null, null, null, 9]);
  });

  it("goes by keyboard from tile to tile, and never off the wall", () => {
    expect(["1", "3", "6", "7", "0", "a"].map(layoutOfKey)).toEqual([1, 8, 32, null, null, null]);
    const nine = Array.from({ length: 8 }, (_, n) => ({ left: (n % 3) * 106, top: Math.floor(n / 3) * 66, width: 100, height: 60 }));
    const from = (key: string, index: number) => tileOfArrow(key, index, nine);
    expect([from("ArrowRight", 0), from("ArrowDown", 0), from("ArrowUp", 4)]).toEqual([1, 3, 1]);
    expect([from("ArrowLeft", 0), from("ArrowUp", 2), from("ArrowDown", 5), from("Enter", 5)]).toEqual([0, 2, 5, 5]);
    expect(from("ArrowRight", 2)).toBe(2);
  });

  it("goes around the large tile of eight", () => {
    // One large tile, three beside it, four below.
    const beside = [0, 66, 132].map((top) => ({ left: 318, top, width: 100, height: 60 }));
    const below = [0, 106, 212, 318].map((left) => ({ left, top: 198, width: 100, height: 60 }));
    const eight = [{ left: 0, top: 0, width: 312, height: 192 }, ...beside, ...below];
    const from = (key: string, index: number) => tileOfArrow(key, index, eight);
    expect([from("ArrowRight", 0), from("ArrowDown", 0)]).toEqual([1, 4]);
    expect([1, 2, 3].map((n) => from("ArrowLeft", n))).toEqual([0, 0, 0]);
    expect([4, 5, 6, 7].map((n) => from("ArrowUp", n))).toEqual([0, 0, 0, 3]);
    expect([from("ArrowDown", 1), from("ArrowDown", 3), from("ArrowRight", 6), from("ArrowLeft", 7)]).toEqual([2, 7, 7, 6]);
  });

  it("has a camera on a wall once, wherever it is put", () => {
    const slots = resized(["a", "b"], 4);
    expect(slots).toEqual(["a", "b", null, null]);
    expect(swapped(slots, 0, 3)).toEqual([null, "b", null, "a"]);
    expect(placed(slots, "a", 2)).toEqual([null, "b", "a", null]);
    expect(placed(slots, null, 1)).toEqual(["a", null, null, null]);
    expect(resized(slots, 1)).toEqual(["a"]);
  });

  it("uses low latency on a wall only where requests do not queue for connections", () => {
    expect(mayUseLowLatency(4, "http/1.1")).toBe(true);
    expect(mayUseLowLatency(5, "http/1.1")).toBe(false);
    expect(mayUseLowLatency(16, "h2")).toBe(true);
    expect(mayUseLowLatency(16, "")).toBe(false);
  });

  it("takes the low-latency tags out of a playlist and nothing else", () => {
    const kept = ["#EXTM3U", "#EXT-X-TARGETDURATION:4", '#EXT-X-MAP:URI="i1.mp4"', "#EXTINF:1.0,", "s5.m4s"];
    const playlist = [
      ...kept.slice(0, 2),
      "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.0",
      "#EXT-X-PART-INF:PART-TARGET=0.33",
      ...kept.slice(2),
      '#EXT-X-PART:DURATION=0.33,URI="p6.0.m4s",INDEPENDENT=YES',
      '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p6.1.m4s"',
    ];
    expect(withoutLowLatency(playlist.join("\n"))).toBe(kept.join("\n"));
  });

  it("gives up low latency when it runs dry again and again, not when it does now and then", () => {
    const note = (...at: number[]): boolean[] => {
      const dryRuns = new DryRuns();
      return at.map((ms) => dryRuns.note(ms));
    };
    expect(note(0, 1_000, 2_000)).toEqual([false, false, true]);
    expect(note(0, 7_000, 14_999)).toEqual([false, false, true]);
    // The first has run out of the window when the third comes.
    expect(note(0, 7_000, 15_000, 16_000)).toEqual([false, false, false, true]);
    expect(note(...Array.from({ length: 50 }, (_, n) => n * 8_000))).not.toContain(true);
  });

  it("waits longer with each failure, up to a limit, never in step", () => {
    expect([0, 1, 2, 50].map((failures) => backoffMs(failures, 0))).toEqual([250, 500, 1000, 7500]);
    expect(backoffMs(50, 0.999)).toBeLessThanOrEqual(15_000);
    expect(backoffMs(3, 0)).not.toBe(backoffMs(3, 0.5));
  });
});
