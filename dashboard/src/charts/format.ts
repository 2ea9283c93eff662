import { m } from "../messages";

/** A number with at most `digits` after the point. */
export function formatNumber(value: number, digits: number): string {
  return Intl.NumberFormat(m.locale, { maximumFractionDigits: digits }).format(value);
}

/** Bits a second in the decimal unit that leaves one to three digits before the point. */
export function formatBitrate(bps: number): string {
  const units = m.charts.bitrates;
  let value = bps;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${formatNumber(value, unit === 0 || value >= 99.5 ? 0 : 1)} ${units[unit] ?? ""}`;
}
