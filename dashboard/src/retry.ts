/** The first pause after a failure. */
const BACKOFF_FIRST_MS = 500;
/** The longest pause: somebody may be looking at the screen, waiting. */
const BACKOFF_MAX_MS = 15_000;

/**
 * How long to wait before attempt `failures` + 1: doubling, then spread over its upper half so that many players that lost
 * the same node do not come back in one instant. `random` is in [0, 1).
 */
export function backoffMs(failures: number, random: number): number {
  const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(failures, 10));
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}
