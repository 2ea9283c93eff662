import type { TimelineItem } from "../api/types";
import { m } from "../messages";
import { formatDuration, formatStretch } from "../time/format";
import type { View } from "./view";

/** How many gaps are listed; the timeline shows them all. */
const LISTED_MAX = 30;
/** What is just before a gap tells what happened. */
const LEAD_MS = 5_000;

/** The gaps in view with their causes, the latest first; each leads to what was just before it. */
export function GapList({ items, view, zone, onSeek }: { items: readonly TimelineItem[]; view: View; zone: string; onSeek: (ms: number) => void }) {
  const gaps = items.filter((item) => item.kind === "missing" && Date.parse(item.end) > view.fromMs && Date.parse(item.start) < view.toMs);
  if (gaps.length === 0) return null;
  const missingMs = gaps.reduce((sum, gap) => sum + (gap.missing_s ?? 0) * 1000, 0);
  return (
    <details className="mt-2 text-sm">
      <summary className="py-1.5 text-soft">{m.playback.gapsInView(gaps.length, formatDuration(missingMs))}</summary>
      <ul className="mt-1 divide-y divide-line">
        {gaps.slice(-LISTED_MAX).reverse().map((gap) => (
          <li key={gap.start}>
            <button
              type="button"
              title={m.playback.playBefore}
              className="-mx-2 flex w-[calc(100%+1rem)] flex-wrap justify-between gap-x-4 rounded-lg px-2 py-1.5 text-left hover:bg-hover"
              onClick={() => onSeek(Date.parse(gap.start) - LEAD_MS)}
            >
              <span>{m.causes[gap.cause ?? "unknown"]}</span>
              <span className="text-faint tabular-nums">{formatStretch(Date.parse(gap.start), Date.parse(gap.end), zone)}</span>
            </button>
          </li>
        ))}
      </ul>
      {gaps.length > LISTED_MAX && <p className="pt-1.5 text-faint">{m.playback.gapListMore(gaps.length - LISTED_MAX)}</p>}
    </details>
  );
}
