import { describe, expect, it } from "vitest";

import { stretch, videoAlone } from "./fmp4";

type Part = string | number | Part[];

/** Bytes: numbers are words of 32 bits, words their letters, lists what is in them. */
function bytes(part: Part): number[] {
  if (typeof part === "number") return [24, 16, 8, 0].map((shift) => (part >>> shift) & 255);
  if (typeof part === "string") return Array.from(part, (letter) => letter.charCodeAt(0));
  return part.flatMap(bytes);
}
const box = (kind: string, ...parts: Part[]): Part[] => {
  const body = bytes(parts);
  return [body.length + 8, kind, String.fromCharCode(...body)];
};
const buffer = (...parts: Part[]): ArrayBuffer => new Uint8Array(bytes(parts)).buffer;
const text = (data: ArrayBuffer): string => String.fromCharCode(...new Uint8Array(data));
const word = (data: ArrayBuffer, at: number): number => new DataView(data).getUint32(at);

const trak = (id: number, handler: string, rate: number) =>
  box("trak", box("tkhd", 0, 0, 0, id), box("mdia", box("mdhd", 0, 0, 0, rate, 0), box("hdlr", 0, 0, handler)));

describe("keyframes as a film", () => {
  it("have an init segment of the video alone", () => {
    const init = buffer(box("ftyp", "iso6"), box("moov", trak(1, "vide", 90_000), trak(2, "soun", 48_000), box("mvex", box("trex", 0, 1), box("trex", 0, 2))));
    const before = init.byteLength;
    expect(videoAlone(init)).toBe(90_000);
    expect(init.byteLength).toBe(before);
    expect(text(init).match(/trak|trex|free/g)).toEqual(["trak", "free", "trex", "free"]);
  });

  it("last as long as until the next", () => {
    const fragment = buffer(box("moof", box("mfhd", 0, 1), box("traf", box("tfhd", 0x020000, 1), box("trun", 0x000701, 1, 100, 3600, 5000, 0))), box("mdat", "x"));
    stretch(fragment, 2, 90_000);
    const trun = text(fragment).indexOf("trun") + 4;
    expect([word(fragment, trun + 12), word(fragment, trun + 16)]).toEqual([180_000, 5000]);
  });

  it("last so by the fragment's default too", () => {
    const fragment = buffer(box("moof", box("traf", box("tfhd", 0x02000a, 1, 1, 3600), box("trun", 0x000201, 1, 100, 5000))));
    stretch(fragment, 0.5, 90_000);
    expect(word(fragment, text(fragment).indexOf("tfhd") + 4 + 12)).toBe(45_000);
  });

  it("are left alone where they are no boxes", () => {
    for (const data of [buffer(), buffer("nothing at all"), buffer(3, "moof"), buffer(0xffffffff, "moov")]) {
      expect(videoAlone(data)).toBeNull();
      expect(() => stretch(data, 1, 1)).not.toThrow();
    }
  });
});
