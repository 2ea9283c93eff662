import type { CellNode } from "../api/types";

/** A node of a cell that is well, for tests. */
export const cellNode = (name: string, more: Partial<CellNode> = {}): CellNode => ({
  id: name,
  name,
  url: "",
  zone: "",
  labels: [],
  capacity: 10,
  voter: true,
  health: "up",
  draining: false,
  start: 1,
  placements: 1,
  running: 1,
  recording: 1,
  heard_ms: 100,
  clock_ahead_ms: null,
  ...more,
});
