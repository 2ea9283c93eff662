import { describe, expect, it } from "vitest";

import { gapsIn, grown, momentOf, parseVod, renderVod, secondsAt, thinned, vodEndMs } from "./vod";

const BASE = "http://node/api/v1/cameras/c/playback/media.m3u8?from=a&to=b";
const PREFIX = "http://node/api/v1/cameras/c/playback".length;
const T0 = Date.parse("2026-01-31T12:00:00Z");
const PLAYLIST = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="1.a/init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:00.000000Z
#EXTINF:6.000000,
1.a/0-5.m4s
#EXTINF:4.000000,
1.a/6-9.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="2.b/init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:22.000000Z
#EXTINF:6.000000,
2.b/0-5.m4s
#EXT-X-ENDLIST
`;
const entries = parseVod(PLAYLIST, BASE);

describe("a playlist of recorded footage", () => {
  it("gives each entry its address, its init segment and its wall time", () => {
    expect(entries.map(({ url, initUrl, startMs, atS, discontinuity }) => [url.slice(PREFIX), initUrl.slice(PREFIX), startMs - T0, atS, discontinuity])).toEqual([
      ["/1.a/0-5.m4s", "/1.a/init.mp4", 0, 0, false],
      ["/1.a/6-9.m4s", "/1.a/init.mp4", 6000, 6, false],
      ["/2.b/0-5.m4s", "/2.b/init.mp4", 22_000, 10, true],
    ]);
    expect(vodEndMs(entries)).toBe(T0 + 28_000);
  });

  it("reads back as it was written", () => {
    expect(parseVod(renderVod(entries), BASE)).toEqual(entries);
  });

  it("knows where a moment lies, and goes on after a hole for one that lies in it", () => {
    expect(secondsAt(entries, T0 + 7_500)).toBe(7.5);
    expect(secondsAt(entries, T0 + 15_000)).toBe(10);
    expect(secondsAt(entries, T0 - 5_000)).toBe(0);
    expect(secondsAt(entries, T0 + 28_000)).toBeNull();
    for (const seconds of [0, 5.9, 6, 10, 12.5]) expect(secondsAt(entries, momentOf(entries, seconds) ?? 0)).toBeCloseTo(seconds);
    expect(momentOf([], 1)).toBeNull();
  });

  it("names its holes", () => {
    expect(gapsIn(entries)).toEqual([{ fromMs: T0 + 10_000, toMs: T0 + 22_000, atS: 10 }]);
  });

  it("grows by what is whole, and never changes what was played", () => {
    const [first, second, third] = entries;
    if (!first || !second || !third) throw new Error("three entries");
    expect(grown([], entries)).toEqual([first, second]);
    const shorter = { ...second, durationS: 2 };
    expect(grown([first, shorter], [first, second, third, { ...third, startMs: third.startMs + 6000, atS: 16 }])).toEqual([first, shorter, { ...third, atS: 8 }]);
    const known = [first, second];
    expect(grown(known, entries)).toBe(known);
    expect(renderVod(known, true)).not.toContain("ENDLIST");
    expect(parseVod(renderVod(known, true), BASE)).toEqual(known);
  });

  it("of which entries are left out stays as long, and keeps what comes after a hole", () => {
    const sparse = thinned(entries, 8);
    expect(sparse.map(({ atS, durationS }) => [atS, durationS])).toEqual([[0, 10], [10, 6]]);
    expect(thinned(entries, 1)).toEqual(entries);
    expect(entries[0]?.durationS).toBe(6);
  });
});
