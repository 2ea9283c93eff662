/** An entry of a playlist of recorded footage. */
export interface VodEntry {
  url: string;
  /** What decodes it. */
  initUrl: string;
  durationS: number;
  /** The wall time of its first picture. */
  startMs: number;
  /** Where it begins in the playlist, in seconds. */
  atS: number;
  /** Its timeline does not go on from the entry before. */
  discontinuity: boolean;
}

/** A hole between two entries: the playlist goes on over it, wall time does not. */
export interface VodGap {
  fromMs: number;
  toMs: number;
  /** Where it lies in the playlist, in seconds. */
  atS: number;
}

/** Shorter holes are none: the ledger counts none either, and clocks are slewed. */
const GAP_MIN_MS = 500;

const MAP = /^#EXT-X-MAP:.*URI="([^"]+)"/;
const DATE = "#EXT-X-PROGRAM-DATE-TIME:";
const DURATION = "#EXTINF:";

/** Reads a media or I-frame playlist (RFC 8216) as the node writes them; wall time comes from `EXT-X-PROGRAM-DATE-TIME`. */
export function parseVod(playlist: string, baseUrl: string): VodEntry[] {
  const entries: VodEntry[] = [];
  let [initUrl, durationS, atS, discontinuity] = ["", 0, 0, false];
  let startMs = Number.NaN;
  for (const line of playlist.split(/\r?\n/)) {
    const map = MAP.exec(line);
    if (map?.[1] !== undefined) initUrl = new URL(map[1], baseUrl).href;
    else if (line === "#EXT-X-DISCONTINUITY") discontinuity = true;
    else if (line.startsWith(DATE)) startMs = Date.parse(line.slice(DATE.length));
    else if (line.startsWith(DURATION)) durationS = Number.parseFloat(line.slice(DURATION.length)) || 0;
    else if (line !== "" && !line.startsWith("#")) {
      entries.push({ url: new URL(line, baseUrl).href, initUrl, durationS, startMs, atS, discontinuity });
      atS += durationS;
      startMs += durationS * 1000;
      discontinuity = false;
    }
  }
  return entries;
}

/** The entries, no closer to one another than `spacingS`; each lasts until the next. For I-frames, which need no other. */
export function thinned(entries: readonly VodEntry[], spacingS: number): VodEntry[] {
  const kept: VodEntry[] = [];
  for (const entry of entries) {
    const last = kept.at(-1);
    // Cameras' clocks are not exact: keyframes a second apart come a little early.
    if (last && !entry.discontinuity && entry.atS - last.atS < spacingS * 0.9) last.durationS += entry.durationS;
    else kept.push({ ...entry });
  }
  return kept;
}

/**
 * A media playlist of the entries, to which more may come while it `grows`. I-frames are written as any other fragments: they have
 * been made as long as their entries say.
 */
export function renderVod(entries: readonly VodEntry[], grows = false): string {
  const target = Math.max(1, ...entries.map((entry) => Math.ceil(entry.durationS)));
  const lines = ["#EXTM3U", "#EXT-X-VERSION:7", `#EXT-X-TARGETDURATION:${target}`, "#EXT-X-MEDIA-SEQUENCE:0", `#EXT-X-PLAYLIST-TYPE:${grows ? "EVENT" : "VOD"}`];
  let initUrl = "";
  entries.forEach((entry, index) => {
    if (entry.discontinuity) lines.push("#EXT-X-DISCONTINUITY");
    if (entry.discontinuity || entry.initUrl !== initUrl) lines.push(`#EXT-X-MAP:URI="${entry.initUrl}"`);
    if (entry.discontinuity || index === 0) lines.push(`${DATE}${new Date(entry.startMs).toISOString()}`);
    lines.push(`${DURATION}${entry.durationS.toFixed(6)},`, entry.url);
    initUrl = entry.initUrl;
  });
  if (!grows) lines.push("#EXT-X-ENDLIST");
  return `${lines.join("\n")}\n`;
}

/** What is known and what came since. The last entry of what came is left out: as long as footage is made it still becomes longer. */
export function grown(known: readonly VodEntry[], now: readonly VodEntry[]): readonly VodEntry[] {
  const last = known.at(-1);
  const added = now.slice(0, -1).filter((entry) => !last || entry.startMs > last.startMs);
  if (added.length === 0) return known;
  let atS = last ? last.atS + last.durationS : 0;
  const placed = added.map((entry) => {
    const here = { ...entry, atS };
    atS += entry.durationS;
    return here;
  });
  return [...known, ...placed];
}

const endMs = (entry: VodEntry): number => entry.startMs + entry.durationS * 1000;

/** The last moment that the entries hold; -Infinity without any. */
export function vodEndMs(entries: readonly VodEntry[]): number {
  const last = entries.at(-1);
  return last ? endMs(last) : Number.NEGATIVE_INFINITY;
}

/** Where a moment lies in the playlist, in seconds; where it lies in a hole, what comes after it. `null` beyond the end. */
export function secondsAt(entries: readonly VodEntry[], ms: number): number | null {
  const entry = entries.find((candidate) => endMs(candidate) > ms);
  return entry ? entry.atS + Math.max(0, ms - entry.startMs) / 1000 : null;
}

/** The moment that is shown at a position of the playlist. */
export function momentOf(entries: readonly VodEntry[], seconds: number): number | null {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle]?.atS ?? 0) <= seconds) low = middle + 1;
    else high = middle;
  }
  const entry = entries[Math.max(0, low - 1)];
  return entry ? entry.startMs + (seconds - entry.atS) * 1000 : null;
}

/** The holes between the entries. */
export function gapsIn(entries: readonly VodEntry[]): VodGap[] {
  return entries.flatMap((entry, index) => {
    const before = entries[index - 1];
    if (!before || entry.startMs - endMs(before) < GAP_MIN_MS) return [];
    return [{ fromMs: endMs(before), toMs: entry.startMs, atS: entry.atS }];
  });
}
