import { describe, expect, it } from "vitest";

import { CHUNK, type Outcome, type Ports, runBulk } from "./change";

const ids = Array.from({ length: CHUNK * 2 + 5 }, (_, n) => `camera-${n}`);
const done = (some: readonly string[]): Outcome[] => some.map((id) => ({ id, error: null }));

function ports(): Ports & { asked: number[]; patched: unknown[] } {
  const asked: number[] = [];
  const patched: unknown[] = [];
  return {
    asked,
    patched,
    many: (some) => {
      asked.push(some.length);
      return asked.length === 2 ? Promise.reject(new Error("away")) : Promise.resolve(done(some));
    },
    patch: (id, patch) => {
      patched.push(patch);
      return id === "camera-1" ? Promise.reject(new Error("no")) : Promise.resolve();
    },
  };
}

describe("changing many cameras", () => {
  it("goes on after a request that failed, and says which cameras it was about", async () => {
    const to = ports();
    const steps: number[] = [];
    const outcomes = await runBulk(ids, { kind: "enable" }, to, (so) => steps.push(so.length), new AbortController().signal);
    expect(to.asked).toEqual([CHUNK, CHUNK, 5]);
    expect(steps).toEqual([CHUNK, CHUNK * 2, CHUNK * 2 + 5]);
    expect(outcomes.map((outcome) => outcome.id)).toEqual(ids);
    expect(outcomes.filter((outcome) => outcome.error !== null).map((outcome) => outcome.id)).toEqual(ids.slice(CHUNK, CHUNK * 2));
  });

  it("patches each camera where the node has no change for many", async () => {
    const to = ports();
    const outcomes = await runBulk(ids.slice(0, 6), { kind: "site", site: null }, to, () => undefined, new AbortController().signal);
    expect(to.patched).toEqual(Array.from({ length: 6 }, () => ({ site: null })));
    expect(outcomes.filter((outcome) => outcome.error !== null).map((outcome) => outcome.id)).toEqual(["camera-1"]);
  });

  it("starts nothing more once it is stopped", async () => {
    const to = ports();
    const stop = new AbortController();
    const outcomes = await runBulk(ids, { kind: "delete" }, to, () => stop.abort(), stop.signal);
    expect(outcomes).toHaveLength(CHUNK);
  });
});
