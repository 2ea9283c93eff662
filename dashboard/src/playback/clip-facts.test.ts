import { describe, expect, it } from "vitest";

import { clipFacts } from "./clip-facts";

const at = Date.parse;
const asked = { fromMs: 0, toMs: 1000 };

describe("what a clip holds", () => {
  it("stands in the headers", () => {
    const facts = clipFacts(
      new Headers({
        "content-length": "1234",
        "content-disposition": 'attachment; filename="Front-door_20260131T120000Z_20260131T121000Z.mp4"',
        "eyrie-covered-from": "2026-01-31T11:59:58.500000Z",
        "eyrie-covered-to": "2026-01-31T12:10:01Z",
        "eyrie-gaps": '21, "2026-01-31T12:01:00Z/2026-01-31T12:01:12Z";cause=camera_unreachable, "2026-01-31T12:05:00Z/2026-01-31T12:05:01Z";cause=packets_lost',
      }),
      asked,
    );
    expect(facts).toMatchObject({ name: "Front-door_20260131T120000Z_20260131T121000Z.mp4", bytes: 1234, fromMs: at("2026-01-31T11:59:58.500Z"), gapCount: 21 });
    expect(facts.gaps.map(({ fromMs, toMs, cause }) => [toMs - fromMs, cause])).toEqual([
      [12_000, "camera_unreachable"],
      [1_000, "packets_lost"],
    ]);
  });

  it("is what was asked for where nothing is told", () => {
    expect(clipFacts(new Headers({ "eyrie-gaps": "0" }), asked)).toEqual({ name: "clip.mp4", bytes: null, fromMs: 0, toMs: 1000, gapCount: 0, gaps: [] });
  });
});
