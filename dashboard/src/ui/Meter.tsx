/** From this share on a meter is shown as nearly full. */
const NEARLY_FULL = 0.9;

interface Props {
  name: string;
  used: number;
  total: number;
  /** What the bar says, in words. */
  text: string;
  aside?: string | undefined;
}

/** How much of something is used. */
export function Meter({ name, used, total, text, aside }: Props) {
  const share = total > 0 ? Math.min(1, used / total) : 0;
  return (
    <div>
      <svg role="meter" aria-label={name} aria-valuemin={0} aria-valuemax={total} aria-valuenow={used} viewBox="0 0 100 2" preserveAspectRatio="none" className="h-2.5 w-full overflow-hidden rounded-full bg-sunken">
        <rect width={share * 100} height={2} className={share >= NEARLY_FULL ? "fill-bad-fill" : "fill-accent-fill"} />
      </svg>
      <p className="mt-1.5 flex justify-between gap-3 text-sm text-faint tabular-nums">
        <span>{text}</span>
        <span>{aside}</span>
      </p>
    </div>
  );
}
