import { fromZone, zoneOffsetMs } from "../time/zone";
import { spanOf, type View } from "./view";

/** How fine the words of a mark must be. */
export type TickUnit = "second" | "minute" | "day" | "month";

export interface Tick {
  ms: number;
  unit: TickUnit;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Steps between marks by the clock, finest first. */
const CLOCK_STEPS_MS = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200].map((seconds) => seconds * SECOND_MS);
/** Steps by the calendar. */
const DAY_STEPS = [1, 2, 7, 14];
const MONTH_STEPS = [1, 2, 3, 6];
/** More marks than any screen has room for. */
const TICKS_MAX = 100;

/** The marks of a view, at most `most`, at round times by the clocks of `zone`. */
export function ticksOf(view: View, most: number, zone: string): Tick[] {
  const least = spanOf(view) / Math.max(1, Math.min(most, TICKS_MAX));
  const clock = CLOCK_STEPS_MS.find((step) => step >= least);
  if (clock !== undefined) return clockTicks(view, clock, zone);
  const days = DAY_STEPS.find((step) => step * DAY_MS >= least);
  if (days !== undefined) return dayTicks(view, days, zone);
  return monthTicks(view, MONTH_STEPS.find((step) => step * 31 * DAY_MS >= least) ?? 12, zone);
}

function clockTicks(view: View, step: number, zone: string): Tick[] {
  const ticks: Tick[] = [];
  const offset = zoneOffsetMs(view.fromMs, zone);
  for (let local = Math.ceil((view.fromMs + offset) / step) * step; ticks.length <= TICKS_MAX; local += step) {
    // Reckoned anew for each: clocks may be changed within the view.
    const ms = fromZone(local, zone);
    if (ms > view.toMs) break;
    if (ms < view.fromMs) continue;
    ticks.push({ ms, unit: local % DAY_MS === 0 ? "day" : step < MINUTE_MS ? "second" : "minute" });
  }
  return ticks;
}

function dayTicks(view: View, step: number, zone: string): Tick[] {
  const ticks: Tick[] = [];
  const first = Math.floor((view.fromMs + zoneOffsetMs(view.fromMs, zone)) / DAY_MS / step) * step;
  for (let day = first; ticks.length <= TICKS_MAX; day += step) {
    const ms = fromZone(day * DAY_MS, zone);
    if (ms > view.toMs) break;
    if (ms >= view.fromMs) ticks.push({ ms, unit: "day" });
  }
  return ticks;
}

function monthTicks(view: View, step: number, zone: string): Tick[] {
  const ticks: Tick[] = [];
  const start = new Date(view.fromMs + zoneOffsetMs(view.fromMs, zone));
  const first = Math.floor((start.getUTCFullYear() * 12 + start.getUTCMonth()) / step) * step;
  for (let month = first; ticks.length <= TICKS_MAX; month += step) {
    const ms = fromZone(Date.UTC(Math.floor(month / 12), month % 12, 1), zone);
    if (ms > view.toMs) break;
    if (ms >= view.fromMs) ticks.push({ ms, unit: "month" });
  }
  return ticks;
}
