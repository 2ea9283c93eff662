import type { Cell, CellNode } from "../api/types";
import { m } from "../messages";
import { formatDuration } from "../time/format";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { Meter } from "../ui/Meter";
import { Facts } from "../ui/Page";
import { HEARD_NOW_MS, type NodeState, nodeState } from "./verdict";

const BADGES: Record<NodeState, string> = {
  up: "bg-good-wash text-good",
  draining: "bg-warn-wash text-warn",
  drained: "bg-sunken text-soft",
  dead: "bg-bad-wash text-bad",
  silent: "bg-warn-wash text-warn",
};

const DOTS: Record<NodeState, string> = {
  up: "bg-good-fill",
  draining: "bg-warn-fill pulse",
  drained: "bg-transparent ring-2 ring-inset ring-current",
  dead: "bg-bad-fill",
  silent: "bg-warn-fill",
};

/** Clocks that are further apart are told of. */
const CLOCKS_APART_MS = 2_000;

const chip = "inline-flex items-center gap-1.5 rounded-full px-2.5 py-1 text-[0.8125rem] leading-none font-medium";

/** What may be asked of a node. */
export type Wish = "drain" | "undrain" | "remove";

interface Props {
  cell: Cell;
  node: CellNode;
  /** Asks for a change; none where the user may not, or the cell cannot. */
  onWish?: ((wish: Wish) => void) | undefined;
  /** Nobody else could take its cameras. */
  alone: boolean;
}

/** A node of the cell: how it is, what it holds, what can be done with it. */
export function NodeCard({ cell, node, alone, onWish }: Props) {
  const state = nodeState(node, cell);
  // The node whose dashboard this is.
  const here = node.id === cell.node;
  const heard =
    node.heard_ms === null ? (here ? m.cell.heardNow : m.cell.heardNever) : node.heard_ms <= HEARD_NOW_MS ? m.cell.heardNow : m.cell.heardAgo(formatDuration(node.heard_ms));
  const ahead = node.clock_ahead_ms ?? 0;
  const clockOff = Math.abs(ahead);
  const recording = node.recording === null || node.running === null ? m.cell.unknown : m.cell.recordingOf(node.recording, node.running);
  return (
    <li data-node={node.id} data-state={state} className="flex flex-col rounded-2xl border border-line bg-surface p-4 shadow-card sm:p-5">
      <div className="mb-3 flex flex-wrap items-center gap-2">
        <h2 className="mr-auto min-w-0 text-lg font-semibold">
          <bdi>{node.name}</bdi>
        </h2>
        <span className={`${chip} ${BADGES[state]}`}>
          <span aria-hidden="true" className={`inline-block size-2 shrink-0 rounded-full ${DOTS[state]}`} />
          {m.cell.states[state]}
        </span>
        {node.id === cell.leader ? (
          <span title={m.cell.leaderTitle} className={`${chip} bg-accent-wash text-accent`}>
            {m.cell.leader}
          </span>
        ) : (
          node.voter && (
            <span title={m.cell.voterTitle} className={`${chip} bg-sunken text-soft`}>
              {m.cell.voter}
            </span>
          )
        )}
      </div>
      <Meter name={m.cell.capacityName(node.name)} used={node.placements} total={node.capacity} text={m.cell.capacity(node.placements, node.capacity)} />
      <div className="mt-4">
        <Facts
          facts={[
            [m.cell.recording, recording],
            [m.cell.heard, heard],
            ...(clockOff > CLOCKS_APART_MS ? [[m.cell.clock, <span key="clock" className="text-bad">{m.cell.clockOff(formatDuration(clockOff), ahead > 0)}</span>] as const] : []),
            ...(node.zone ? [[m.cell.zone, <bdi key="zone">{node.zone}</bdi>] as const] : []),
            ...(node.labels.length > 0 ? [[m.cell.labels, <bdi key="labels">{node.labels.join(", ")}</bdi>] as const] : []),
          ]}
        />
      </div>
      <div className="mt-auto flex flex-wrap items-center justify-end gap-2 pt-4 empty:hidden">
        {here && (
          <span className="mr-auto inline-flex items-center gap-1.5 text-[0.8125rem] text-faint">
            <Icon name="node" className="size-4" />
            {m.cell.here}
          </span>
        )}
        {onWish && state === "dead" && (
          <Button icon="trash" aria-label={m.cell.removeOf(node.name)} onClick={() => onWish("remove")}>
            {m.cell.remove}
          </Button>
        )}
        {onWish && state !== "dead" && node.draining && (
          <Button aria-label={m.cell.undrainOf(node.name)} onClick={() => onWish("undrain")}>
            {m.cell.undrain}
          </Button>
        )}
        {onWish && state === "up" && !alone && (
          <Button aria-label={m.cell.drainOf(node.name)} onClick={() => onWish("drain")}>
            {m.cell.drain}
          </Button>
        )}
      </div>
    </li>
  );
}
