import { describe, expect, it } from "vitest";

import { keyframeSpacingS, type Speed, SPEEDS, stepSpeed } from "./speed";

describe("playing speed", () => {
  it("steps through all speeds and stops at the ends", () => {
    let speed: Speed = 0.25;
    const seen = [speed as number];
    for (let i = 0; i < 8; i += 1) {
      speed = stepSpeed(speed, 1);
      seen.push(speed);
    }
    expect(seen).toEqual([...SPEEDS, 16, 16]);
    expect(stepSpeed(1, -1)).toBe(0.5);
    expect(stepSpeed(0.25, -1)).toBe(0.25);
  });

  it("needs keyframes only above twice, and never more than eight a second", () => {
    expect(SPEEDS.map(keyframeSpacingS)).toEqual([null, null, null, null, 0.5, 1, 2]);
  });
});
