import { describe, expect, it } from "vitest";

import type { TimelineMarker } from "../api/types";
import { flagsOf } from "./flags";

const iso = (ms: number): string => new Date(ms).toISOString();
const marker = (id: string, start: number, end: number | null = null): TimelineMarker => ({ id, title: id, start: iso(start), end: end === null ? null : iso(end), count: 1 });
const view = { fromMs: 1_000_000, toMs: 2_000_000 };

describe("markers on a timeline", () => {
  it("are one where they would lie on one another, and none is lost", () => {
    const flags = flagsOf([marker("a", 1_100_000), marker("b", 1_105_000, 1_300_000), marker("c", 1_200_000), { start: iso(1_500_000), end: null, count: 7 }], view, 0.02);
    expect(flags.map(({ key, count, endMs }) => [key, count, endMs])).toEqual([
      ["a", 2, 1_300_000],
      ["c", 1, null],
      ["at1500000", 7, null],
    ]);
  });

  it("are those that reach into the view", () => {
    expect(flagsOf([marker("before", 0), marker("into", 900_000, 1_000_500), marker("after", 2_000_000)], view, 0.01).map((flag) => flag.title)).toEqual(["into"]);
  });
});
