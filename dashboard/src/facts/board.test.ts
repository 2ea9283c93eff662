import { describe, expect, it } from "vitest";

import type { StreamFacts } from "../api/pending2";
import { FactsBoard } from "./board";

const facts: StreamFacts = {
  at: "2026-01-01T10:00:00Z",
  bitrate_bps: 1,
  fps: 25,
  gop_s: 1,
  jitter_ms: 0,
  lost_total: 0,
  viewers: 1,
  verdict: { level: "good", reasons: [] },
};

describe("facts board", () => {
  it("tells the node what is watched when that changes, and again on a new connection", () => {
    const said: unknown[] = [];
    const board = new FactsBoard();
    board.connect((message) => said.push(message));
    board.sayAgain();
    const first = board.watch("a");
    const second = board.watch("a");
    first();
    board.sayAgain();
    second();
    expect(said).toEqual([["a"], ["a"], []].map((cameras) => ({ type: "watch_facts", cameras })));
  });

  it("keeps the facts of what is watched alone", () => {
    const board = new FactsBoard();
    board.apply("a", facts);
    expect(board.latest("a")).toBeUndefined();
    const stop = board.watch("a");
    board.apply("a", facts);
    expect(board.latest("a")).toBe(facts);
    stop();
    expect(board.latest("a")).toBeUndefined();
  });
});
