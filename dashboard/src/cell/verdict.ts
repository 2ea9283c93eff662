import type { Cell, CellNode } from "../api/types";
import { m } from "../messages";

/** As many losses are told one by one. */
const LOSSES_SHOWN = 3;

/** How the cell stands when something fails: in a person's sentences. */
export interface Verdict {
  level: "good" | "warn" | "bad";
  sentences: string[];
}

/** A state of a node in one word. */
export type NodeState = "up" | "draining" | "drained" | "dead";

export function nodeState(node: Pick<CellNode, "health" | "draining" | "placements">): NodeState {
  if (node.health === "dead") return "dead";
  if (!node.draining) return "up";
  return node.placements > 0 ? "draining" : "drained";
}

/** Which failure would leave cameras without a place, and which already have none. */
export function verdictOf({ nodes, survival, unplaced, without_twin }: Pick<Cell, "nodes" | "survival" | "unplaced" | "without_twin">): Verdict {
  const homeless = unplaced > 0 ? [m.cell.unplaced(unplaced)] : [];
  const single = without_twin > 0 ? [m.cell.withoutTwin(without_twin)] : [];
  const live = nodes.filter((node) => node.health === "up");
  if (live.length < 2) {
    const alone = nodes.length < 2 ? m.cell.alone : m.cell.aloneNow;
    return { level: homeless.length > 0 || nodes.length > 1 ? "bad" : "warn", sentences: [...homeless, alone, ...single] };
  }
  // A zone of one node is that node; its loss is told already.
  const many = (zone: string): boolean => live.filter((node) => node.zone === zone).length > 1;
  const losses = [
    ...survival.nodes.map((lost) => m.cell.nodeLost(lost.name, lost.without_room)),
    ...survival.zones.filter((lost) => many(lost.zone)).map((lost) => m.cell.zoneLost(lost.zone, lost.without_room)),
  ];
  const voters = live.filter((node) => node.voter).map((node) => node.name);
  const undecided = survival.quorum ? [] : [m.cell.noQuorum(voters)];
  const zones = new Set(live.map((node) => node.zone)).size;
  const good = [...(survival.any_node && survival.quorum ? [m.cell.anyNode] : []), ...(survival.any_node && survival.quorum && survival.any_zone && zones > 1 && zones < live.length ? [m.cell.anyZone] : [])];
  const more = losses.length > LOSSES_SHOWN ? [m.cell.moreLost(losses.length - LOSSES_SHOWN)] : [];
  const remedy = losses.length > 0 ? [m.cell.remedy] : [];
  return {
    level: homeless.length > 0 ? "bad" : losses.length + undecided.length + single.length > 0 ? "warn" : "good",
    sentences: [...homeless, ...good, ...undecided, ...losses.slice(0, LOSSES_SHOWN), ...more, ...single, ...remedy],
  };
}
