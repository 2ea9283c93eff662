/** A value at a moment; `null` where nothing was measured. */
export interface Sample {
  atMs: number;
  value: number | null;
}

/** Points this many steps apart are not joined: nothing was measured between them. */
const HOLE_STEPS = 2.5;

/** The round number at or above `max` that ends an axis, in steps of 1, 2, 2.5 and 5 times a power of ten. */
export function niceMax(max: number): number {
  if (!Number.isFinite(max) || max <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(max));
  const factor = [1, 2, 2.5, 5, 10].find((step) => step * power >= max * 0.999_999) ?? 10;
  return factor * power;
}

/** The largest value; 0 where there is none. */
export function largest(samples: readonly Sample[]): number {
  return samples.reduce((max, sample) => Math.max(max, sample.value ?? 0), 0);
}

/** Runs of samples with nothing missing inside. */
export function runs(samples: readonly Sample[], stepMs: number): { atMs: number; value: number }[][] {
  const found: { atMs: number; value: number }[][] = [];
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const { atMs, value } of samples) {
    if (value === null || !Number.isFinite(value)) {
      lastMs = Number.NEGATIVE_INFINITY;
      continue;
    }
    const run = found.at(-1);
    if (run && atMs - lastMs <= stepMs * HOLE_STEPS) run.push({ atMs, value });
    else found.push([{ atMs, value }]);
    lastMs = atMs;
  }
  return found;
}

/** What a chart is drawn in: moments and values against its width and height. */
export interface Box {
  fromMs: number;
  toMs: number;
  max: number;
  width: number;
  height: number;
}

const round = (n: number): number => Math.round(n * 10) / 10;

/** The line through samples as an SVG path; broken where nothing was measured, a dot where a sample stands alone. */
export function linePath(samples: readonly Sample[], stepMs: number, box: Box): string {
  const spanMs = Math.max(1, box.toMs - box.fromMs);
  const x = (atMs: number) => round(((atMs - box.fromMs) / spanMs) * box.width);
  const y = (value: number) => round(box.height - (Math.min(box.max, Math.max(0, value)) / box.max) * box.height);
  return runs(samples, stepMs)
    .map((run) => {
      const points = run.map(({ atMs, value }) => `${x(atMs)} ${y(value)}`);
      return points.length === 1 ? `M${points[0] ?? ""}h0` : `M${points.join("L")}`;
    })
    .join("");
}

/** The sample nearest to a moment; `null` where there is none. */
export function nearest(samples: readonly Sample[], atMs: number): Sample | null {
  return samples.reduce<Sample | null>(
    (best, sample) => (best === null || Math.abs(sample.atMs - atMs) < Math.abs(best.atMs - atMs) ? sample : best),
    null,
  );
}
