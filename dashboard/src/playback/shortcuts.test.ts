import { describe, expect, it } from "vitest";

import { shortcutOf } from "./use-shortcuts";

const press = (key: string, held: Partial<Record<"ctrlKey" | "metaKey" | "altKey" | "shiftKey", boolean>> = {}) =>
  shortcutOf({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held });

describe("keys", () => {
  it("mean the same in small and capital letters, and another thing with arrows", () => {
    expect([press("J"), press("j"), press("?", { shiftKey: true }), press("+", { shiftKey: true })]).toEqual(["j", "j", "?", "+"]);
    expect([press("ArrowLeft"), press("ArrowLeft", { shiftKey: true })]).toEqual(["arrowleft", "shift+arrowleft"]);
  });

  it("are left to the browser with control, command or alt", () => {
    expect([press("l", { ctrlKey: true }), press("l", { metaKey: true }), press("ArrowLeft", { altKey: true })]).toEqual([null, null, null]);
  });
});
