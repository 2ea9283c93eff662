import { describe, expect, it } from "vitest";

import type { CameraStatus } from "../api/types";
import { m } from "../messages";
import { newerStatus, readMessage, StatusBoard } from "./feed";

const online: CameraStatus = { state: "online", reason: "", since: "2026-01-01T10:00:00Z" };
const refused: CameraStatus = { state: "refused", reason: "Wrong password.", since: "2026-01-01T10:05:00Z" };
const event = (camera: string, status: CameraStatus): string =>
  JSON.stringify({ type: "event", event: { kind: "camera.status", camera, status } });

describe("status feed", () => {
  it("reads snapshots, status events and changes of the directory", () => {
    expect(readMessage(JSON.stringify({ type: "snapshot", statuses: { a: online } }))).toEqual({
      type: "snapshot",
      statuses: new Map([["a", online]]),
    });
    expect(readMessage(event("a", refused))).toEqual({ type: "status", camera: "a", status: refused });
    expect(readMessage(JSON.stringify({ type: "event", event: { kind: "camera.deleted", camera: "a" } }))?.type).toBe("cameras_changed");
    const marked = readMessage(JSON.stringify({ type: "event", event: { kind: "marker.updated", camera: "a", marker: "b" } }));
    expect(marked).toEqual({ type: "markers_changed", camera: "a" });
  });

  it("reads stream facts, and none whose verdict it does not know", () => {
    const sent = { type: "facts", camera: "a", at: "2026-01-01T10:00:00Z", bitrate_bps: 5, fps: 25, gop_s: null, jitter_ms: 1, lost_total: 2, viewers: 3 };
    const verdict = { level: "fair", reasons: [{ code: "long_gop", text: "GOP of 8 s" }, 7] };
    const message = readMessage(JSON.stringify({ ...sent, verdict }));
    expect(message?.type === "facts" && message.facts.verdict.reasons).toEqual([{ code: "long_gop", text: "GOP of 8 s" }]);
    expect(readMessage(JSON.stringify({ ...sent, verdict: { level: "odd" } }))).toBeNull();
    expect(readMessage(JSON.stringify(sent))).toBeNull();
  });

  it("lets pass what it does not know", () => {
    const unknown = ["", "{", "null", "5", '{"type":"snapshot"}', '{"type":"event"}', '{"type":"event","event":{"kind":"new","camera":"a"}}'];
    expect(unknown.map(readMessage)).toEqual(unknown.map(() => null));
    expect(readMessage(event("a", { ...online, state: "melting" as "online" }))).toBeNull();
  });

  it("believes the later of what was pushed and what was fetched", () => {
    expect(newerStatus(undefined, online)).toBe(online);
    expect(newerStatus(refused, online)).toBe(refused);
    expect(newerStatus(online, refused)).toBe(refused);
  });

  it("remembers changes, latest first, and what changed while it was not connected", () => {
    const board = new StatusBoard();
    board.apply({ type: "snapshot", statuses: new Map([["a", online]]) });
    expect(board.changes("a")).toEqual([]);
    board.apply({ type: "status", camera: "a", status: refused });
    const back = { ...online, since: "2026-01-01T10:09:00Z" };
    board.apply({ type: "snapshot", statuses: new Map([["a", back]]) });
    expect(board.changes("a")).toEqual([back, refused]);
    expect(board.status("a")).toBe(back);
  });

  it("adds the pieces of a large snapshot to its first one", () => {
    const board = new StatusBoard();
    board.apply({ type: "snapshot", statuses: new Map([["old", online]]) });
    board.apply({ type: "snapshot", statuses: new Map([["a", online]]) });
    const more = readMessage(JSON.stringify({ type: "statuses", statuses: { b: refused } }));
    if (more) board.apply(more);
    expect([board.status("a"), board.status("b"), board.status("old")]).toEqual([online, refused, undefined]);
  });

  it("keeps a bounded number of changes", () => {
    const board = new StatusBoard();
    for (let n = 0; n < 100; n += 1) {
      board.apply({ type: "status", camera: "a", status: { ...online, since: new Date(n * 1000).toISOString() } });
    }
    expect(board.changes("a").length).toBe(20);
  });
});

describe("status words", () => {
  it("say for every state that troubles somebody what can be done", () => {
    for (const state of ["silent", "refused", "offline"] as const) {
      expect(m.states[state].advice.length).toBeGreaterThan(0);
      expect(m.states[state].headline).not.toBe("");
    }
  });
});
