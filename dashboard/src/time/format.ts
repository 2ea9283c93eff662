import { m } from "../messages";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A length of time in at most two units, as in `3 h 20 min`. Shorter than a second counts as one. */
export function formatDuration(ms: number): string {
  const u = m.units;
  if (ms < MINUTE_MS) return u.seconds(Math.max(1, Math.round(ms / SECOND_MS)));
  if (ms < HOUR_MS) {
    const seconds = Math.floor((ms % MINUTE_MS) / SECOND_MS);
    const minutes = u.minutes(Math.floor(ms / MINUTE_MS));
    return ms < 10 * MINUTE_MS && seconds > 0 ? `${minutes} ${u.seconds(seconds)}` : minutes;
  }
  const [big, small] =
    ms < DAY_MS
      ? [u.hours(Math.floor(ms / HOUR_MS)), Math.floor((ms % HOUR_MS) / MINUTE_MS)]
      : [u.days(Math.floor(ms / DAY_MS)), Math.floor((ms % DAY_MS) / HOUR_MS)];
  if (small === 0) return big;
  return `${big} ${ms < DAY_MS ? u.minutes(small) : u.hours(small)}`;
}

/** A long time as it is foreseen: hours, days or years, without false precision. */
export function formatDays(days: number): string {
  const hours = Math.round(days * 24);
  if (hours < 2) return formatDuration(days * DAY_MS);
  if (days < 2) return m.units.wholeHours(hours);
  if (days < 730) return m.units.wholeDays(Math.round(days));
  return m.units.years(Intl.NumberFormat(m.locale, { maximumFractionDigits: days < 3650 ? 1 : 0 }).format(days / 365.25));
}

/** The time left of a pause, for a countdown: whole seconds, rounded up, minutes from 90 s on. */
export function formatCountdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / SECOND_MS));
  return seconds < 90 ? m.units.countdownSeconds(seconds) : formatDuration(seconds * SECOND_MS);
}

/** A zone this browser knows, or its own. */
export function knownZone(zone: string | null | undefined): string {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone) return own;
  try {
    return Intl.DateTimeFormat(m.locale, { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return own;
  }
}

/** The clock time of a moment, with seconds if asked for. */
export function formatTime(ms: number, zone: string, seconds = false): string {
  const options: Intl.DateTimeFormatOptions = { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return Intl.DateTimeFormat(m.locale, seconds ? { ...options, second: "2-digit" } : options).format(ms);
}

/** Day and clock time of a moment. */
export function formatDateTime(ms: number, zone: string): string {
  const options: Intl.DateTimeFormatOptions = { timeZone: zone, day: "numeric", month: "short", year: "numeric" };
  return `${Intl.DateTimeFormat(m.locale, options).format(ms)}, ${formatTime(ms, zone)}`;
}

/** The day of a moment as marks have room for, as in `25 Nov`. */
export function formatDay(ms: number, zone: string): string {
  return Intl.DateTimeFormat(m.locale, { timeZone: zone, day: "numeric", month: "short" }).format(ms);
}

/** The month of a moment, as in `Nov 2026`. */
export function formatMonth(ms: number, zone: string): string {
  return Intl.DateTimeFormat(m.locale, { timeZone: zone, month: "short", year: "numeric" }).format(ms);
}

/** Day and clock time to the second: what a picture was taken at. */
export function formatInstant(ms: number, zone: string): string {
  return `${Intl.DateTimeFormat(m.locale, { timeZone: zone, weekday: "short", day: "numeric", month: "short", year: "numeric" }).format(ms)}, ${formatTime(ms, zone, true)}`;
}

function dayOf(ms: number, zone: string): string {
  return Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(ms);
}

/** A moment as short as it can be told: clock time on the same day, day and time otherwise. */
export function formatMoment(ms: number, nowMs: number, zone: string): string {
  return dayOf(ms, zone) === dayOf(nowMs, zone) ? formatTime(ms, zone, nowMs - ms < HOUR_MS) : formatDateTime(ms, zone);
}

/** A stretch of time with its length, as in `09:12:03 – 09:12:41 (38 s)`; with its days where it goes over midnight. */
export function formatStretch(startMs: number, endMs: number, zone: string): string {
  const [from, to] = dayOf(startMs, zone) === dayOf(endMs, zone) ? ["", ""] : [`${formatDay(startMs, zone)}, `, `${formatDay(endMs, zone)}, `];
  return `${from}${formatTime(startMs, zone, true)} – ${to}${formatTime(endMs, zone, true)} (${formatDuration(endMs - startMs)})`;
}

/** Bytes in the decimal unit that leaves one to three digits before the point. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < m.units.bytes.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.5 ? 0 : 1;
  return `${Intl.NumberFormat(m.locale, { maximumFractionDigits: digits }).format(value)} ${m.units.bytes[unit] ?? ""}`;
}

/** A part of a whole in percent; never rounded up to 100 when something is missing. */
export function formatPercent(part: number, whole: number): string {
  if (whole <= 0) return "";
  const share = Math.min(1, Math.max(0, part / whole));
  const floored = share < 1 ? Math.min(share, 0.9999) : 1;
  const digits = floored === 1 || floored < 0.1 ? 0 : floored >= 0.99 ? 2 : 1;
  return Intl.NumberFormat(m.locale, { style: "percent", maximumFractionDigits: digits, roundingMode: "floor" }).format(floored);
}
