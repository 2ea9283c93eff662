// What is done to the bytes of keyframes so that they play as a film of their own. Boxes: ISO/IEC 14496-12.

interface Box {
  kind: string;
  /** Where its header begins, and its body, and what comes after it. */
  at: number;
  body: number;
  end: number;
}

const HEADER_BYTES = 8;

function boxes(view: DataView, from: number, to: number): Box[] {
  const found: Box[] = [];
  for (let at = from; at + HEADER_BYTES <= to; ) {
    const size = view.getUint32(at);
    // Recorded boxes have sizes of 32 bits; anything else ends the walk.
    if (size < HEADER_BYTES || at + size > to) break;
    found.push({ kind: kindAt(view, at), at, body: at + HEADER_BYTES, end: at + size });
    at += size;
  }
  return found;
}

const kindAt = (view: DataView, at: number): string => String.fromCharCode(...[4, 5, 6, 7].map((i) => view.getUint8(at + i)));

function within(view: DataView, box: Box | undefined, ...path: string[]): Box | undefined {
  let found = box;
  for (const kind of path) found = found && boxes(view, found.body, found.end).find((child) => child.kind === kind);
  return found;
}

function hide(view: DataView, box: Box): void {
  Array.from("free", (letter, i) => view.setUint8(box.at + 4 + i, letter.charCodeAt(0)));
}

/**
 * Hides the tracks of an init segment that are not video, in place: a player waits for sound that keyframes do not have. Gives the
 * clock rate of the video track, `null` where there is none.
 */
export function videoAlone(init: ArrayBuffer): number | null {
  const view = new DataView(init);
  const moov = boxes(view, 0, view.byteLength).find((box) => box.kind === "moov");
  if (!moov) return null;
  let clockRate: number | null = null;
  const hidden = new Set<number>();
  for (const trak of boxes(view, moov.body, moov.end).filter((box) => box.kind === "trak")) {
    const [tkhd, hdlr, mdhd] = [within(view, trak, "tkhd"), within(view, trak, "mdia", "hdlr"), within(view, trak, "mdia", "mdhd")];
    if (!tkhd || !hdlr || !mdhd) continue;
    // A full box has version and flags; version 1 has times of 64 bits (clauses 8.3.2, 8.4.2, 8.4.3).
    if (kindAt(view, hdlr.body + 4) === "vide") clockRate = view.getUint32(mdhd.body + (view.getUint8(mdhd.body) === 1 ? 20 : 12));
    else {
      hidden.add(view.getUint32(tkhd.body + (view.getUint8(tkhd.body) === 1 ? 20 : 12)));
      hide(view, trak);
    }
  }
  const mvex = within(view, moov, "mvex");
  for (const trex of mvex ? boxes(view, mvex.body, mvex.end) : []) {
    if (trex.kind === "trex" && hidden.has(view.getUint32(trex.body + 4))) hide(view, trex);
  }
  return clockRate;
}

/** Makes the one picture of a fragment last `durationS`, in place. A fragment that is built otherwise stays as it is. */
export function stretch(fragment: ArrayBuffer, durationS: number, clockRate: number): void {
  const view = new DataView(fragment);
  const moof = boxes(view, 0, view.byteLength).find((box) => box.kind === "moof");
  const traf = within(view, moof, "traf");
  const [trun, tfhd] = [within(view, traf, "trun"), within(view, traf, "tfhd")];
  if (!trun || !tfhd) return;
  const ticks = Math.max(1, Math.round(durationS * clockRate));
  const flags = view.getUint32(trun.body) & 0xffffff;
  if ((flags & 0x100) !== 0) {
    // Behind flags and count: the data offset and the first sample's flags, where there are (clause 8.8.8).
    const at = trun.body + 8 + ((flags & 0x1) !== 0 ? 4 : 0) + ((flags & 0x4) !== 0 ? 4 : 0);
    if (at + 4 <= trun.end) view.setUint32(at, ticks);
    return;
  }
  const defaults = view.getUint32(tfhd.body) & 0xffffff;
  if ((defaults & 0x8) === 0) return;
  // Behind flags and track: the base offset and the sample description's index, where there are (clause 8.8.7).
  const at = tfhd.body + 8 + ((defaults & 0x1) !== 0 ? 8 : 0) + ((defaults & 0x2) !== 0 ? 4 : 0);
  if (at + 4 <= tfhd.end) view.setUint32(at, ticks);
}
