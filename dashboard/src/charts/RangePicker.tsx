import { m } from "../messages";

/** How far back a chart looks, in seconds. */
export type RangeS = 3_600 | 86_400 | 2_592_000;

const RANGES: readonly RangeS[] = [3_600, 86_400, 2_592_000];

/** Chooses how far back charts look. */
export function RangePicker({ value, onChange }: { value: RangeS; onChange: (range: RangeS) => void }) {
  return (
    <div role="radiogroup" aria-label={m.charts.range} className="inline-flex rounded-lg border border-line bg-surface p-0.5">
      {RANGES.map((range) => (
        <button
          key={range}
          type="button"
          role="radio"
          aria-checked={range === value}
          className={`min-h-9 rounded-md px-3 text-sm ${range === value ? "bg-accent-wash font-medium text-accent" : "text-soft hover:bg-hover"}`}
          onClick={() => onChange(range)}
        >
          {m.charts.ranges[range]}
        </button>
      ))}
    </div>
  );
}
