import { describe, expect, it } from "vitest";

import type { Camera } from "../api/types";
import { checkForm, EMPTY_FORM, errorOf, formOf, inputOf, otherErrors, patchOf } from "./spec";

const camera: Camera = {
  id: "c",
  revision: 3,
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
  name: "Gate",
  enabled: true,
  labels: ["outside"],
  site: "s",
  source: { type: "rtsp", url: "rtsp://10.0.0.1/a", username: "u", transport: "tcp", has_password: true },
  recording: { mode: "continuous" },
  placement: { redundancy: 1, max_sessions: 2, node_labels: [] },
  node: { id: "n", name: "berlin-1" },
  twin: null,
  status: { state: "online", reason: "", since: "2026-01-01T00:00:00Z" },
  stream: null,
  links: { self: "", hls: "", playback: "", recordings: "", gaps: "", export: "", thumbnail: "", timeline: "", markers: "", facts: "", ledger: "", status: "" },
};

describe("camera form", () => {
  it("changes nothing when nothing was changed, the stored password included", () => {
    expect(patchOf(camera, formOf(camera))).toEqual({});
  });

  it("sends only what changed, and null for what goes", () => {
    const form = { ...formOf(camera), name: " Gate 2 ", site: "", username: "", labels: [] };
    expect(patchOf(camera, form)).toEqual({ name: "Gate 2", site: null, labels: [], source: { username: null } });
  });

  it("sends a new password, or removes the stored one, only when asked to", () => {
    expect(patchOf(camera, { ...formOf(camera), password: "p" })).toEqual({ source: { password: "p" } });
    expect(patchOf(camera, { ...formOf(camera), removePassword: true })).toEqual({ source: { password: null } });
  });

  it("starts the source afresh when its type changes", () => {
    const form = { ...formOf(camera), sourceType: "file" as const, path: "a.mp4" };
    expect(patchOf(camera, form)).toEqual({ source: { type: "file", path: "a.mp4" } });
  });

  it("says nothing but its type of a camera that publishes", () => {
    expect(inputOf({ ...EMPTY_FORM, name: "A", sourceType: "rtmp", url: "left over" }).source).toEqual({ type: "rtmp" });
    expect(checkForm({ ...EMPTY_FORM, name: "A", sourceType: "rtmp" })).toEqual([]);
    const pushed = { ...camera, source: { type: "rtmp" as const } };
    expect(patchOf(pushed, formOf(pushed))).toEqual({});
    expect(patchOf(camera, { ...formOf(camera), sourceType: "rtmp" })).toEqual({ source: { type: "rtmp" } });
  });

  it("leaves empty credentials out of a new camera", () => {
    const input = inputOf({ ...EMPTY_FORM, name: "A", url: " rtsp://10.0.0.1/a " });
    expect(input.source).toEqual({ type: "rtsp", url: "rtsp://10.0.0.1/a", transport: "tcp" });
    expect(input).not.toHaveProperty("site");
  });

  it("says where in a cell a camera runs only where somebody chose it", () => {
    const pinned = { ...EMPTY_FORM, name: "A", url: "rtsps://10.0.0.1/a", fingerprint: " 0a " };
    expect(inputOf(pinned).source).toMatchObject({ certificate_sha256: "0a" });
    expect(inputOf({ ...pinned, url: "rtsp://10.0.0.1/a" }).source).not.toHaveProperty("certificate_sha256");
    expect(inputOf({ ...EMPTY_FORM, name: "A", url: "rtsp://10.0.0.1/a" })).not.toHaveProperty("placement");
    expect(inputOf({ ...EMPTY_FORM, name: "A", url: "rtsp://10.0.0.1/a", twin: true }).placement).toEqual({ redundancy: 2, max_sessions: 2, node_labels: [] });
    expect(patchOf(camera, { ...formOf(camera), sessions: "1", nodeLabels: ["gpu"] })).toEqual({ placement: { max_sessions: 1, node_labels: ["gpu"] } });
    const wrong = checkForm({ ...EMPTY_FORM, name: "A", url: "rtsp://10.0.0.1/a", sessions: "1.5" });
    expect(wrong.map((error) => error.field)).toEqual(["placement.max_sessions"]);
  });

  it("finds what can be told wrong without the node", () => {
    const fields = (url: string) => checkForm({ ...EMPTY_FORM, name: "a", url }).map((error) => error.field);
    expect(checkForm(EMPTY_FORM).map((error) => error.field)).toEqual(["name", "source.url"]);
    expect(fields("http://10.0.0.1/")).toEqual(["source.url"]);
    expect(fields("rtsp://u:p@10.0.0.1/")).toEqual(["source.url"]);
    expect(fields("rtsp://10.0.0.1/a@b")).toEqual([]);
  });

  it("shows an error at its field, and those of no field apart", () => {
    const errors = [
      { field: "labels[2]", reason: "one" },
      { field: "surprise", reason: "two" },
    ];
    expect(errorOf(errors, "labels")).toBe("One.");
    expect(errorOf(errors, "label")).toBeUndefined();
    expect(otherErrors(errors, ["name", "labels"])).toEqual([errors[1]]);
  });
});
