import { type PointerEvent, useId, useState } from "react";

import { m } from "../messages";
import { formatMoment } from "../time/format";
import { largest, linePath, nearest, niceMax, type Sample } from "./scale";

export interface Series {
  name: string;
  samples: readonly Sample[];
}

interface Props {
  title: string;
  series: readonly Series[];
  fromMs: number;
  toMs: number;
  stepMs: number;
  zone: string;
  format: (value: number) => string;
}

const WIDTH = 600;
const HEIGHT = 120;
const STROKES = ["stroke-accent", "stroke-warn"];
const MARKS = ["bg-accent", "bg-warn"];

/** Values over time as lines, with the value under the pointer, or the latest, in words. */
export function LineChart({ title, series, fromMs, toMs, stepMs, zone, format }: Props) {
  const [atMs, setAtMs] = useState<number | null>(null);
  const titleId = useId();
  const max = niceMax(Math.max(...series.map((one) => largest(one.samples))));
  const read = (one: Series): Sample | null => {
    const measured = one.samples.filter((sample) => sample.value !== null);
    return atMs === null ? (measured.at(-1) ?? null) : nearest(measured, atMs);
  };
  const shown = series.map((one) => ({ name: one.name, sample: read(one) }));
  const moment = shown[0]?.sample?.atMs;
  const follow = (event: PointerEvent<SVGSVGElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    if (width > 0) setAtMs(fromMs + ((event.clientX - left) / width) * (toMs - fromMs));
  };
  const box = { fromMs, toMs, max, width: WIDTH, height: HEIGHT };
  return (
    <figure className="min-w-0">
      <figcaption className="mb-2 flex flex-wrap items-baseline justify-between gap-x-4 gap-y-0.5 text-sm">
        <span id={titleId} className="font-medium">
          {title}
        </span>
        <span className="flex flex-wrap gap-x-3 text-soft tabular-nums">
          {shown.map(({ name, sample }, n) => (
            <span key={name} className="inline-flex items-center gap-1.5">
              {series.length > 1 && (
                <>
                  <span className={`size-2 rounded-full ${MARKS[n % MARKS.length] ?? ""}`} aria-hidden="true" />
                  {name}
                </>
              )}
              <span className="font-medium text-ink">{sample?.value == null ? m.charts.nothing : format(sample.value)}</span>
            </span>
          ))}
        </span>
      </figcaption>
      <div className="relative">
        <svg
          role="img"
          aria-labelledby={titleId}
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          className="h-28 w-full touch-pan-y overflow-visible rounded-lg bg-sunken"
          onPointerMove={follow}
          onPointerDown={follow}
          onPointerLeave={() => setAtMs(null)}
        >
          <path d={`M0 ${HEIGHT / 2}H${WIDTH}`} className="stroke-line" vectorEffect="non-scaling-stroke" />
          {series.map((one, n) => (
            <path
              key={one.name}
              d={linePath(one.samples, stepMs, box)}
              className={`fill-none ${STROKES[n % STROKES.length] ?? ""}`}
              strokeWidth="2"
              strokeLinecap="round"
              strokeLinejoin="round"
              vectorEffect="non-scaling-stroke"
            />
          ))}
          {atMs !== null && moment !== undefined && (
            <path d={`M${((moment - fromMs) / Math.max(1, toMs - fromMs)) * WIDTH} 0V${HEIGHT}`} className="stroke-faint" vectorEffect="non-scaling-stroke" />
          )}
        </svg>
        <span className="pointer-events-none absolute top-1 left-2 text-xs text-faint tabular-nums">{format(max)}</span>
      </div>
      <p className="mt-1 flex justify-between text-xs text-faint tabular-nums">
        <span>{formatMoment(fromMs, toMs, zone)}</span>
        <span>{atMs !== null && moment !== undefined ? formatMoment(moment, toMs, zone) : m.charts.now}</span>
      </p>
    </figure>
  );
}
