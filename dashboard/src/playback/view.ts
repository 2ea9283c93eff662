/** What of a timeline is seen. */
export interface View {
  fromMs: number;
  toMs: number;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The closest look: frames cannot be told apart on a line, seconds can. */
export const SPAN_MIN_MS = MINUTE_MS;
/** The widest look: a year. */
export const SPAN_MAX_MS = 366 * DAY_MS;
/** The longest range that the node draws. */
const WINDOW_MAX_MS = 400 * DAY_MS;
/** How far beyond now a view may reach, as part of its length: the live edge is not glued to the frame. */
const AHEAD = 0.04;
/** The earliest moment shown: nobody's footage is older. */
const EARLIEST_MS = Date.UTC(2000, 0, 1);

/** The looks that have a button of their own. */
export const SPANS_MS = { hour: HOUR_MS, day: DAY_MS, week: 7 * DAY_MS, year: SPAN_MAX_MS } as const;

/** How much is seen at first of a camera that was added `ageMs` ago: the last hours, or for a new one about as long as it is there. */
export const firstSpanMs = (ageMs: number): number => Math.min(2 * HOUR_MS, Math.max(5 * MINUTE_MS, ageMs * 1.25));

export const spanOf = (view: View): number => view.toMs - view.fromMs;

/** Where a moment lies in a view: 0 at its left end, 1 at the right; beyond them outside of it. */
export const shareOf = (view: View, ms: number): number => (ms - view.fromMs) / spanOf(view);

/** The moment at a part of a view. */
export const momentAt = (view: View, share: number): number => view.fromMs + share * spanOf(view);

/** The view of a length that is allowed, moved to where time is: not beyond now. */
export function inBounds(view: View, nowMs: number): View {
  const span = Math.min(SPAN_MAX_MS, Math.max(SPAN_MIN_MS, spanOf(view)));
  const centre = (view.fromMs + view.toMs) / 2;
  const fromMs = Math.max(EARLIEST_MS, Math.min(nowMs + span * AHEAD, centre + span / 2) - span);
  return { fromMs, toMs: fromMs + span };
}

/** The view `factor` times as long; what lies at `anchorMs` stays where it is, as far as bounds allow. */
export function zoomed(view: View, factor: number, anchorMs: number, nowMs: number): View {
  const span = Math.min(SPAN_MAX_MS, Math.max(SPAN_MIN_MS, spanOf(view) * factor));
  const fromMs = anchorMs - shareOf(view, anchorMs) * span;
  return inBounds({ fromMs, toMs: fromMs + span }, nowMs);
}

/** The view moved by `byMs`. */
export const panned = (view: View, byMs: number, nowMs: number): View => inBounds({ fromMs: view.fromMs + byMs, toMs: view.toMs + byMs }, nowMs);

/** The view of the same length around a moment. */
export function centred(view: View, ms: number, nowMs: number): View {
  const half = spanOf(view) / 2;
  return inBounds({ fromMs: ms - half, toMs: ms + half }, nowMs);
}

/** Where the playhead leaves a view by playing, not because somebody looks elsewhere. */
const LEAVING = [0.97, 1.1] as const;

/** The view that goes on with a playhead which has just reached its end; one that looks elsewhere stays. */
export function following(view: View, ms: number, nowMs: number): View {
  const share = shareOf(view, ms);
  return share > LEAVING[0] && share < LEAVING[1] ? panned(view, ms - momentAt(view, 0.15), nowMs) : view;
}

/** The view with a moment in it: as it is where it is seen, else around it. */
export function showing(view: View, ms: number, nowMs: number): View {
  const share = shareOf(view, ms);
  return share >= 0 && share <= 1 ? view : centred(view, ms, nowMs);
}

/** What two fingers make of a view: the moments under them stay under them. Shares are of the view's width. */
export function pinched(view: View, before: readonly [number, number], after: readonly [number, number], nowMs: number): View {
  const apart = Math.max(0.02, Math.abs(after[1] - after[0]));
  const factor = Math.max(0.02, Math.abs(before[1] - before[0])) / apart;
  const span = Math.min(SPAN_MAX_MS, Math.max(SPAN_MIN_MS, spanOf(view) * factor));
  const heldMs = momentAt(view, (before[0] + before[1]) / 2);
  const fromMs = heldMs - ((after[0] + after[1]) / 2) * span;
  return inBounds({ fromMs, toMs: fromMs + span }, nowMs);
}

/**
 * What to ask the node for to draw a view: more than is seen, and the same for views close to one another, so that panning and
 * zooming a little asks for nothing new.
 */
export function windowOf(view: View): View {
  const step = 2 ** Math.ceil(Math.log2(spanOf(view) / 2));
  const fromMs = Math.floor(view.fromMs / step) * step - step / 2;
  const toMs = Math.ceil(view.toMs / step) * step + step / 2;
  if (toMs - fromMs <= WINDOW_MAX_MS) return { fromMs, toMs };
  return { fromMs: Math.floor(view.fromMs / DAY_MS) * DAY_MS, toMs: Math.ceil(view.toMs / DAY_MS) * DAY_MS };
}
