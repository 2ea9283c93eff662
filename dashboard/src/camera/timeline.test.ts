import { describe, expect, it } from "vitest";

import { barPieces, hourMarks, pieceAt, zoneOffsetMs } from "./timeline";

const iso = (ms: number): string => new Date(ms).toISOString();
const span = (start: number, end: number) => ({ start: iso(start), end: iso(end), available: true, sources: [] });
const gap = (start: number, end: number) => ({ start: iso(start), end: iso(end), cause: "node_down" as const });

describe("recording bar", () => {
  it("cuts spans at the ends of the bar and leaves out what lies beyond", () => {
    const pieces = barPieces(1_000_000, 2_000_000, [span(0, 1_500_000), span(3_000_000, 4_000_000)], []);
    expect(pieces.map(({ from, to }) => [from, to])).toEqual([[0, 0.5]]);
  });

  it("keeps a lost second visible, at the right end too", () => {
    for (const start of [1_000_000, 86_399_500]) {
      const [piece] = barPieces(0, 86_400_000, [], [gap(start, start + 500)]);
      expect(piece && piece.to - piece.from).toBeCloseTo(0.0025);
      expect(piece?.to).toBeLessThanOrEqual(1);
    }
  });

  it("finds the gap under a point before the recording around it", () => {
    const pieces = barPieces(0, 1_000, [span(0, 1_000)], [gap(400, 600)]);
    expect(pieceAt(pieces, 0.5)?.cause).toBe("node_down");
    expect(pieceAt(pieces, 0.1)?.kind).toBe("recorded");
    expect(pieceAt([], 0.5)).toBeNull();
  });

  it("marks the hours of the camera's zone", () => {
    const from = Date.parse("2026-07-01T05:10:00Z");
    const offset = zoneOffsetMs(from, "Asia/Kolkata");
    expect(offset).toBe(5.5 * 3_600_000);
    expect(hourMarks(from, from + 12 * 3_600_000, 6, offset).map(iso)).toEqual(["2026-07-01T06:30:00.000Z", "2026-07-01T12:30:00.000Z"]);
  });
});
