// Playlists that go on when another node takes a camera over.
//
// Each placement of a camera has media sequence numbers of its own, 2^24 apart at least (docs/adr/0016). hls.js takes the difference for
// so many segments that it has missed: it puts what comes next years further on, waits for a whole segment and seeks there. So it is
// shown the new placement's segments as the next ones after those it has, behind a discontinuity, and what it asks for is translated
// back.

/** Media sequence numbers of two placements differ in what stands above these bits. */
const PLACEMENT = 2 ** 24;
/** Segments of the old placement that stay listed: hls.js looks for what it has buffered. */
const KEPT = 6;
/** What begins so soon before the end of what is shown begins at it: clocks of two nodes differ a little. */
const TOLERANCE_MS = 200;
/** Nothing older than this is shown again, even where clocks differ a lot: a live segment lasts 4 s at most. */
const BACK_MS_MAX = 6_000;

interface Segment {
  /** All lines but those that are written anew: discontinuity and map. */
  lines: string[];
  startMs: number;
  durationS: number;
  partsS: number;
  closed: boolean;
  discontinuities: number;
  map: string | null;
}

/** A part, by the node's numbers. */
export interface Next {
  msn: number;
  part: number;
}

interface Playlist {
  head: string[];
  first: number;
  discontinuity: number;
  skipped: string | null;
  segments: Segment[];
  hint: string | null;
}

function numberOf(line: string): number {
  return Number(line.slice(line.indexOf(":") + 1).split(",")[0]);
}

/** How long a part is; 0 of a line that is none. */
function partS(line: string): number {
  return line.startsWith("#EXT-X-PART:") ? Number(/DURATION=([\d.]+)/.exec(line)?.[1] ?? 0) : 0;
}

function read(text: string): Playlist {
  const list: Playlist = { head: [], first: 0, discontinuity: 0, skipped: null, segments: [], hint: null };
  const fresh = (): Segment => ({ lines: [], startMs: NaN, durationS: 0, partsS: 0, closed: false, discontinuities: 0, map: null });
  let open = fresh();
  for (const line of text.split("\n")) {
    if (line === "") continue;
    if (line.startsWith("#EXT-X-MEDIA-SEQUENCE:")) list.first = numberOf(line);
    else if (line.startsWith("#EXT-X-DISCONTINUITY-SEQUENCE:")) list.discontinuity = numberOf(line);
    else if (line.startsWith("#EXT-X-SKIP:")) list.skipped = line;
    else if (line.startsWith("#EXT-X-PRELOAD-HINT:")) list.hint = line;
    else if (line === "#EXT-X-DISCONTINUITY") open.discontinuities += 1;
    else if (line.startsWith("#EXT-X-MAP:")) open.map = line;
    else if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) {
      open.startMs = Date.parse(line.slice(line.indexOf(":") + 1));
      open.lines.push(line);
    } else if (line.startsWith("#EXT-X-PART:")) {
      open.partsS += partS(line);
      open.lines.push(line);
    } else if (line.startsWith("#EXTINF:")) {
      open.durationS = numberOf(line);
      open.lines.push(line);
    } else if (!line.startsWith("#")) {
      open.lines.push(line);
      open.closed = true;
      list.segments.push(open);
      open = fresh();
    } else if (line === "#EXT-X-GAP") open.lines.push(line);
    else list.head.push(line);
  }
  if (open.lines.length > 0) list.segments.push(open);
  return list;
}

function write(list: Playlist): string {
  const lines = [...list.head, `#EXT-X-MEDIA-SEQUENCE:${list.first}`, `#EXT-X-DISCONTINUITY-SEQUENCE:${list.discontinuity}`];
  if (list.skipped) lines.push(list.skipped);
  for (const segment of list.segments) {
    for (let n = 0; n < segment.discontinuities; n += 1) lines.push("#EXT-X-DISCONTINUITY");
    if (segment.map) lines.push(segment.map);
    lines.push(...segment.lines);
  }
  if (list.hint) lines.push(list.hint);
  return `${lines.join("\n")}\n`;
}

const placementOf = (first: number): number => Math.floor(first / PLACEMENT);

/** How many segments a delta update leaves out. */
function skippedOf(list: Playlist): number {
  return Number(/SKIPPED-SEGMENTS=(\d+)/.exec(list.skipped ?? "")?.[1] ?? 0);
}

/** The part that is to come. */
function nextOf(list: Playlist): Next {
  const open = list.segments.at(-1);
  const end = list.first + skippedOf(list) + list.segments.length;
  if (!open || open.closed) return { msn: end, part: 0 };
  return { msn: end - 1, part: open.lines.filter((line) => line.startsWith("#EXT-X-PART:")).length };
}

/** A segment that no more parts will come for: it ends where its last part does. */
function closed(segment: Segment): Segment {
  if (segment.closed) return segment;
  // Nobody fetches it: its parts were.
  const name = /URI="([^"]*)"/.exec(segment.lines.find((line) => line.startsWith("#EXT-X-PART:")) ?? "")?.[1] ?? "";
  const lines = [...segment.lines, `#EXTINF:${segment.partsS.toFixed(6)},`, name.replace(/\/p(\d+)\.\d+\./, "/s$1.")];
  return { ...segment, lines, durationS: segment.partsS, closed: true };
}

/**
 * Which segment to go on with where `endMs` was reached: the one that holds that moment, if it is there. What a twin has of it is
 * shown once more from its keyframe on: to wait for the next one would be a pause. `null` while there is nothing new.
 */
function jointOf(segments: Segment[], endMs: number): number | null {
  const usable = (segment: Segment) => segment.closed || segment.partsS > 0;
  const endOf = (segment: Segment) => segment.startMs + (segment.closed ? segment.durationS : segment.partsS) * 1000;
  const listEndMs = Math.max(...segments.filter(usable).map(endOf));
  const at = segments.findIndex((segment, n) => {
    const next = segments[n + 1];
    const end = next && usable(next) ? next.startMs : segment.closed ? endOf(segment) : Infinity;
    return usable(segment) && !(end <= endMs + TOLERANCE_MS) && listEndMs - segment.startMs <= BACK_MS_MAX;
  });
  return at < 0 ? null : at;
}

/** A segment of which nothing was loaded. Its number is known and cannot be another's. */
function nothing(segment: Segment): Segment {
  const lines = [...segment.lines.filter((line) => line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")), "#EXTINF:0.001000,", "#EXT-X-GAP", "gap.m4s"];
  return { ...segment, lines, durationS: 0.001, partsS: 0, closed: true };
}

/** Joins the playlists of a camera's placements, for one player. */
export class JoinedPlaylists {
  /** As last shown; `null` before the first one. */
  private shown: Playlist | null = null;
  private map: string | null = null;
  /** The placement that is shown, as the node numbers it. */
  private placement = -1;
  /** What the node's numbers are greater by than those shown. */
  private ahead = 0;
  private discontinuitiesAhead = 0;
  /** The segments before the join, and the node's number of the first one after it. */
  private before: Segment[] = [];
  private joint = 0;
  /** The part that was loaded last, by the number shown. */
  private had: Next | null = null;

  /** For a player that plays parts, or one that plays whole segments only. */
  constructor(private readonly plays: "parts" | "segments" = "parts") {}

  /** A part was loaded, by the number of its segment as shown. */
  loaded(msn: number, part: number): void {
    this.had = { msn, part };
  }

  /** What to ask the node for, where hls.js asks for `url`. */
  asked(url: string): string {
    const target = new URL(url);
    const msn = target.searchParams.get("_HLS_msn");
    if (msn !== null && this.ahead > 0) target.searchParams.set("_HLS_msn", String(Number(msn) + this.ahead));
    // What a delta update leaves out is numbered as the node numbers it, and before the joint as nobody else does.
    if (this.before.length > 0) target.searchParams.delete("_HLS_skip");
    return target.href;
  }

  /**
   * What hls.js is shown of a media playlist; or where to ask on, while the new placement has nothing that comes after what is shown.
   * Who is not `patient` is shown what there is.
   */
  answered(text: string, patient = true): { text: string } | { next: Next } {
    const list = read(text);
    const placement = placementOf(list.first);
    if (this.shown && placement !== this.placement) {
      const next = this.join(this.shown, list, patient);
      if (next) return { next };
    }
    this.placement = placement;
    this.map = list.segments.reduce<string | null>((map, segment) => segment.map ?? map, this.map);
    this.shown = this.asShown(list);
    return { text: write(this.shown) };
  }

  /** Finds what of `list` comes after what is shown; where to ask on, if nothing does yet. */
  private join(shown: Playlist, list: Playlist, patient: boolean): Next | null {
    const kept = this.kept(shown);
    const last = kept.at(-1);
    const endMs = last ? last.startMs + last.durationS * 1000 : NaN;
    const at = jointOf(list.segments, endMs) ?? (patient ? null : Math.max(0, list.segments.length - 1));
    if (at === null) return nextOf(list);
    const nextShown = shown.first + skippedOf(shown) + kept.length;
    const discontinuities = (segments: Segment[]) => segments.reduce((sum, segment) => sum + segment.discontinuities, 0);
    const lastDiscontinuity = shown.discontinuity + discontinuities(kept);
    this.before = kept.slice(-KEPT);
    const [first] = this.before;
    if (first && this.map) this.before[0] = { ...first, map: first.map ?? this.map };
    this.joint = list.first + at;
    this.ahead = this.joint - nextShown;
    this.discontinuitiesAhead = list.discontinuity + discontinuities(list.segments.slice(0, at + 1)) - (lastDiscontinuity + 1);
    return null;
  }

  /** What may be listed on of a placement that has ended: of its open segment, only the parts that were loaded. Nobody has the others. */
  private kept(shown: Playlist): Segment[] {
    const whole = shown.segments.filter((segment) => segment.closed);
    const open = shown.segments.at(-1);
    if (this.plays === "segments" || !open || open.closed) return whole;
    const number = nextOf(shown).msn;
    const had = this.had === null || this.had.msn > number ? Infinity : this.had.msn < number ? 0 : this.had.part + 1;
    let parts = 0;
    const lines = open.lines.filter((line) => !line.startsWith("#EXT-X-PART:") || (parts += 1) <= had);
    const partsS = lines.reduce((sum, line) => sum + partS(line), 0);
    if (partsS > 0) return [...whole, closed({ ...open, lines, partsS })];
    return open.partsS > 0 ? [...whole, nothing(open)] : whole;
  }

  private asShown(list: Playlist): Playlist {
    const discontinuity = list.discontinuity - this.discontinuitiesAhead;
    if (this.before.length === 0 || list.first > this.joint || list.skipped) {
      this.before = [];
      return { ...list, first: list.first - this.ahead, discontinuity };
    }
    const at = this.joint - list.first;
    const map = list.segments.slice(0, at + 1).reduce<string | null>((found, segment) => segment.map ?? found, null);
    const [joint, ...after] = list.segments.slice(at);
    const crossed = this.before.reduce((sum, segment) => sum + segment.discontinuities, 0);
    const passed = list.segments.slice(0, at + 1).reduce((sum, segment) => sum + segment.discontinuities, 0);
    const segments = joint ? [{ ...joint, discontinuities: 1, map }, ...after] : [];
    return {
      ...list,
      first: this.joint - this.ahead - this.before.length,
      discontinuity: discontinuity + passed - 1 - crossed,
      segments: [...this.before, ...segments],
    };
  }
}
