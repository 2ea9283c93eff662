const DAY_MS = 86_400_000;

/** How far `zone` is ahead of UTC at a moment, in milliseconds. */
export function zoneOffsetMs(atMs: number, zone: string): number {
  const parts = partsFormat(zone).formatToParts(atMs);
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.find((p) => p.type === type)?.value ?? 0);
  const asUtc = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return asUtc - Math.floor(atMs / 1000) * 1000;
}

const formats = new Map<string, Intl.DateTimeFormat>();

// Making one takes longer than using it a hundred times, and a timeline asks for each of its marks.
function partsFormat(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(zone, format);
  }
  return format;
}

/** The moment at which a clock in `zone` shows what a clock in UTC shows at `asUtcMs`; the earlier one where there are two. */
export function fromZone(asUtcMs: number, zone: string): number {
  const first = asUtcMs - zoneOffsetMs(asUtcMs - DAY_MS / 2, zone);
  return first + zoneOffsetMs(first, zone) === asUtcMs ? first : asUtcMs - zoneOffsetMs(first, zone);
}

/** The day of a moment by the clocks of `zone`, as `YYYY-MM-DD`. */
export function dayValue(ms: number, zone: string): string {
  return new Date(ms + zoneOffsetMs(ms, zone)).toISOString().slice(0, 10);
}

/** Where the day `YYYY-MM-DD` begins and ends by the clocks of `zone`; `null` when it is no day. */
export function dayRange(day: string, zone: string): { fromMs: number; toMs: number } | null {
  const asUtc = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(asUtc)) return null;
  return { fromMs: fromZone(asUtc, zone), toMs: fromZone(asUtc + DAY_MS, zone) };
}
