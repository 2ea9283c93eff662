/** How many times as fast as it happened. */
export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16] as const;
export type Speed = (typeof SPEEDS)[number];

/** Up to this speed every picture is decoded; beyond it only keyframes are loaded: a second of footage 16 times a second is more
 * than lines carry and phones decode. */
const EVERY_PICTURE_MAX: Speed = 2;
/** Keyframes shown a second of the viewer's time: enough to follow, few enough to fetch one after the other. */
const KEYFRAMES_PER_S = 8;

/** The next speed up (`1`) or down (`-1`); the last one stays. */
export function stepSpeed(speed: Speed, by: 1 | -1): Speed {
  return SPEEDS[SPEEDS.indexOf(speed) + by] ?? speed;
}

/** Seconds of footage between two keyframes that are worth loading at a speed; `null` where every picture is. */
export function keyframeSpacingS(speed: Speed): number | null {
  return speed <= EVERY_PICTURE_MAX ? null : speed / KEYFRAMES_PER_S;
}
