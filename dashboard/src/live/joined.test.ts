import { describe, expect, it } from "vitest";

import { JoinedPlaylists } from "./joined";

const T0 = Date.parse("2026-11-30T12:00:00Z");
const PART_S = 0.32;

/** Segments of a second from `startMs` on, the last one open with `parts` parts, as a node lists them. */
function playlist(directory: string, first: number, discontinuity: number, startMs: number, whole: number, parts: number): string {
  const lines = ["#EXTM3U", "#EXT-X-VERSION:9", "#EXT-X-TARGETDURATION:4", `#EXT-X-MEDIA-SEQUENCE:${first}`, `#EXT-X-DISCONTINUITY-SEQUENCE:${discontinuity}`];
  lines.push(`#EXT-X-MAP:URI="${directory}/i0.mp4"`);
  for (let n = 0; n <= whole; n += 1) {
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(startMs + n * 1000).toISOString()}`);
    for (let part = 0; part < (n < whole ? 3 : parts); part += 1) lines.push(`#EXT-X-PART:DURATION=${PART_S},URI="${directory}/p${first + n}.${part}.m4s"`);
    if (n < whole) lines.push("#EXTINF:1.000000,", `${directory}/s${first + n}.m4s`);
  }
  lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${directory}/p${first + whole}.${parts}.m4s"`);
  return lines.join("\n");
}

/** What a player makes of a playlist: number, discontinuity and address of each whole segment. */
function segments(text: string): [number, number, string][] {
  const number = (tag: string) => Number(new RegExp(`#EXT-X-${tag}:(\\d+)`).exec(text)?.[1]);
  let [sequence, discontinuity] = [number("MEDIA-SEQUENCE"), number("DISCONTINUITY-SEQUENCE")];
  const found: [number, number, string][] = [];
  for (const line of text.split("\n")) {
    if (line === "#EXT-X-DISCONTINUITY") discontinuity += 1;
    if (line !== "" && !line.startsWith("#")) found.push([sequence++, discontinuity, line]);
  }
  return found;
}

const shown = (answer: ReturnType<JoinedPlaylists["answered"]>): string => {
  if ("next" in answer) throw new Error("nothing is shown");
  return answer.text;
};
const OLD = 8 * 2 ** 24;
const NEW = 40 * 2 ** 24;

describe("playlists of a camera that goes to another node", () => {
  it("are left as they are while it stays", () => {
    const joined = new JoinedPlaylists();
    const text = playlist("0-4", OLD, 1024, T0, 3, 1);
    expect(segments(shown(joined.answered(text)))).toEqual(segments(text));
    expect(joined.asked(`http://n/media.m3u8?_HLS_msn=${OLD + 3}&_HLS_part=1&_HLS_skip=YES`)).toContain(`_HLS_msn=${OLD + 3}&_HLS_part=1&_HLS_skip=YES`);
  });

  it("go on with the next number behind a discontinuity, and what is asked is numbered as the new node does", () => {
    const joined = new JoinedPlaylists();
    shown(joined.answered(playlist("0-4", OLD, 1024, T0, 3, 2)));
    // The owner died in its fourth segment; the next one begins two seconds later.
    const after = shown(joined.answered(playlist("0-20", NEW, 5120, T0 + 5500, 1, 1)));
    const listed = segments(after);
    expect(listed.map(([sequence]) => sequence)).toEqual([0, 1, 2, 3, 4].map((n) => OLD + n));
    expect(listed.map(([, discontinuity]) => discontinuity)).toEqual([1024, 1024, 1024, 1024, 1025]);
    expect(listed.at(-1)?.[2]).toBe(`0-20/s${NEW}.m4s`);
    expect(after).toContain("#EXTINF:0.640000,");
    const asked = joined.asked(`http://n/media.m3u8?_HLS_msn=${OLD + 5}&_HLS_part=1&_HLS_skip=YES`);
    expect(asked).toBe(`http://n/media.m3u8?_HLS_msn=${NEW + 1}&_HLS_part=1`);
    // Once the first of the new ones has left the node's list, the old ones go.
    const later = segments(shown(joined.answered(playlist("0-20", NEW + 2, 5120, T0 + 7500, 2, 1))));
    expect(later.map(([sequence, discontinuity]) => [sequence, discontinuity])).toEqual([[OLD + 6, 1025], [OLD + 7, 1025]]);
    expect(joined.asked(`http://n/media.m3u8?_HLS_msn=${OLD + 8}&_HLS_part=1&_HLS_skip=YES`)).toContain(`_HLS_msn=${NEW + 4}&_HLS_part=1&_HLS_skip=YES`);
  });

  it("leave out the parts of a dead node that were not loaded yet", () => {
    const ends = (load: (joined: JoinedPlaylists) => void) => {
      const joined = new JoinedPlaylists();
      shown(joined.answered(playlist("0-4", OLD, 1024, T0, 3, 2)));
      load(joined);
      const listed = shown(joined.answered(playlist("0-20", NEW, 5120, T0 + 5500, 1, 1)));
      expect(segments(listed).at(-1)?.[2]).toBe(`0-20/s${NEW}.m4s`);
      return [segments(listed).at(-1)?.[0], listed.match(new RegExp(`/p${OLD + 3}`, "g"))?.length];
    };
    expect(ends((joined) => joined.loaded(OLD + 3, 0))).toEqual([OLD + 4, 1]);
    expect(ends((joined) => joined.loaded(OLD + 3, 1))).toEqual([OLD + 4, 2]);
    expect(ends((joined) => joined.loaded(OLD + 2, 2))).toEqual([OLD + 4, undefined]);
  });

  it("leave out what a player of whole segments will never get", () => {
    const joined = new JoinedPlaylists("segments");
    shown(joined.answered(playlist("0-4", OLD, 1024, T0, 3, 2)));
    const listed = segments(shown(joined.answered(playlist("0-20", NEW, 5120, T0 + 5500, 1, 1))));
    expect(listed.slice(-2)).toEqual([[OLD + 2, 1024, `0-4/s${OLD + 2}.m4s`], [OLD + 3, 1025, `0-20/s${NEW}.m4s`]]);
  });

  it("of a twin go on with the second that the owner died in", () => {
    const joined = new JoinedPlaylists();
    shown(joined.answered(playlist("0-4", OLD, 1024, T0, 3, 2)));
    const listed = shown(joined.answered(playlist("1-20", NEW, 5120, T0 + 20, 3, 3)));
    expect(segments(listed).at(-1)).toEqual([OLD + 3, 1024, `0-4/s${OLD + 3}.m4s`]);
    expect(listed).toContain(`1-20/p${NEW + 3}.0.m4s`);
    const whole = segments(shown(joined.answered(playlist("1-20", NEW, 5120, T0 + 20, 4, 1))));
    expect(whole.at(-1)).toEqual([OLD + 4, 1025, `1-20/s${NEW + 3}.m4s`]);
  });

  it("wait for what begins where the last segment ended", () => {
    const joined = new JoinedPlaylists();
    shown(joined.answered(playlist("0-4", OLD, 1024, T0, 3, 0)));
    expect(joined.answered(playlist("1-20", NEW, 5120, T0 + 20, 3, 0))).toEqual({ next: { msn: NEW + 3, part: 0 } });
    const listed = shown(joined.answered(playlist("1-20", NEW, 5120, T0 + 20, 3, 1)));
    expect(listed).toContain(`1-20/p${NEW + 3}.0.m4s`);
    expect(segments(listed).at(-1)).toEqual([OLD + 2, 1024, `0-4/s${OLD + 2}.m4s`]);
  });

  it("are joined again and again, and where clocks do not agree", () => {
    const joined = new JoinedPlaylists();
    shown(joined.answered(playlist("0-4", OLD, 1024, T0, 3, 0)));
    shown(joined.answered(playlist("1-20", NEW, 5120, T0 + 3000, 2, 0)));
    // The clock of the next node is an hour behind: it goes on with what it has begun.
    const late = 2 * NEW;
    shown(joined.answered(playlist("0-40", late, 9000, T0 - 3_600_000, 1, 1)));
    const listed = segments(shown(joined.answered(playlist("0-40", late, 9000, T0 - 3_600_000, 2, 1))));
    expect(listed.map(([sequence]) => sequence)).toEqual([0, 1, 2, 3, 4, 5].map((n) => OLD + n));
    expect(listed.slice(-2)).toEqual([[OLD + 4, 1025, `1-20/s${NEW + 1}.m4s`], [OLD + 5, 1026, `0-40/s${late + 1}.m4s`]]);
    // An hour ahead: some seconds are shown again, and no more.
    const last = 3 * NEW;
    const ahead = shown(joined.answered(playlist("0-60", last, 9999, T0 + 3_600_000, 20, 1)));
    expect(ahead).not.toContain(`0-60/s${last + 13}.m4s`);
    expect(ahead).toContain(`0-60/s${last + 15}.m4s`);
  });

  it("are shown as they are to who has waited long enough", () => {
    const joined = new JoinedPlaylists();
    shown(joined.answered(playlist("0-4", OLD, 1024, T0, 3, 2)));
    const behind = playlist("1-20", NEW, 5120, T0 - 9000, 3, 0);
    expect(joined.answered(behind)).toEqual({ next: { msn: NEW + 3, part: 0 } });
    expect(segments(shown(joined.answered(behind, false))).at(-1)).toEqual([OLD + 3, 1024, `0-4/s${OLD + 3}.m4s`]);
  });
});
