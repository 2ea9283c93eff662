import { describe, expect, it } from "vitest";

import { reasonWords, sentence } from "./reason";

describe("reasons", () => {
  it("become sentences", () => {
    expect(["", "must not be empty", "Try again.", "über"].map(sentence)).toEqual(["", "Must not be empty.", "Try again.", "Über."]);
  });

  it("say no more than once what the headline says, and nothing only a programmer knows", () => {
    const headline = "The camera cannot be reached";
    expect(reasonWords("the camera cannot be reached: Connection refused (os error 111)", headline)).toBe("Connection refused.");
    expect(reasonWords("the camera knows no stream at this address; check the path in source.url", "No")).toBe(
      "The camera knows no stream at this address; check the path in its address.",
    );
    expect(reasonWords("", headline)).toBe("");
  });
});
