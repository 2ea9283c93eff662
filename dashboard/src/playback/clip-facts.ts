import type { GapCause } from "../api/types";

/** What a clip holds, as the answer's headers tell. */
export interface ClipFacts {
  name: string;
  /** `null` where the answer does not say. */
  bytes: number | null;
  fromMs: number;
  toMs: number;
  /** How many gaps there are; the first of them are listed. */
  gapCount: number;
  gaps: { fromMs: number; toMs: number; cause: GapCause }[];
}

const GAP = /"([^"/]+)\/([^"]+)";\s*cause=([a-z_]+)/g;

/** Reads `Eyrie-Covered-From`, `Eyrie-Covered-To` and `Eyrie-Gaps` (a list as in RFC 9651: a count, then the first gaps). */
export function clipFacts(headers: Headers, asked: { fromMs: number; toMs: number }): ClipFacts {
  const time = (name: string, otherwise: number): number => {
    const ms = Date.parse(headers.get(name) ?? "");
    return Number.isNaN(ms) ? otherwise : ms;
  };
  const listed = headers.get("eyrie-gaps") ?? "";
  const gaps = [...listed.matchAll(GAP)].map(([, start, end, cause]) => ({ fromMs: Date.parse(start ?? ""), toMs: Date.parse(end ?? ""), cause: cause as GapCause }));
  const bytes = Number(headers.get("content-length") ?? Number.NaN);
  return {
    name: /filename="([^"]+)"/.exec(headers.get("content-disposition") ?? "")?.[1] ?? "clip.mp4",
    bytes: Number.isFinite(bytes) && bytes > 0 ? bytes : null,
    fromMs: time("eyrie-covered-from", asked.fromMs),
    toMs: time("eyrie-covered-to", asked.toMs),
    gapCount: Number.parseInt(listed, 10) || gaps.length,
    gaps,
  };
}
