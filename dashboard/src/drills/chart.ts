import type { DrillFault } from "../api/types";

/** A bar of the timeline, in hundredths of its width. */
export interface Bar {
  from: number;
  to: number;
}

/** How long the timeline of some faults is, in milliseconds: to the last end, and to now where that is later. */
export function spanOf(faults: readonly DrillFault[], nowMs: number): number {
  return Math.max(1_000, nowMs, ...faults.map((fault) => fault.ends_ms));
}

/** Where a fault stands on a timeline of `spanMs`; one that happens at one moment is still seen. */
export function barOf(fault: DrillFault, spanMs: number): Bar {
  const at = (ms: number) => Math.min(100, Math.max(0, (ms / spanMs) * 100));
  const from = Math.min(99, at(fault.begins_ms));
  return { from, to: Math.max(from + 1, at(fault.ends_ms)) };
}

/** How a fault stands. */
export const stateOf = (fault: DrillFault): "planned" | "inForce" | "over" => (fault.over ? "over" : fault.begun ? "inForce" : "planned");
