/** A low-latency player that runs dry this often within WINDOW_MS goes on without low latency: a machine or line that cannot
 * keep up gets a smooth picture a few seconds late instead of a choppy one. */
const DRY_RUNS_MAX = 3;
const WINDOW_MS = 15_000;

/** How often a player ran out of pictures lately. */
export class DryRuns {
  private at: number[] = [];

  /** Notes one; true when they come too often for low latency. */
  note(nowMs: number): boolean {
    this.at = [...this.at.filter((at) => nowMs - at < WINDOW_MS), nowMs].slice(-DRY_RUNS_MAX);
    return this.at.length >= DRY_RUNS_MAX;
  }
}
