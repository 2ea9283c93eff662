import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api, unwrap } from "../api/client";
import type { Cell, CellNode } from "../api/types";
import { useMay } from "../auth/use-session";
import { AddNode } from "../cell/AddNode";
import { Happenings } from "../cell/Happenings";
import { Moving } from "../cell/Moving";
import { NodeCard, type Wish } from "../cell/NodeCard";
import { cellQuery, watchedCellQuery } from "../cell/queries";
import { type Verdict as VerdictOf, verdictOf } from "../cell/verdict";
import { m } from "../messages";
import { DeleteDialog, FormDialog } from "../ui/FormDialog";
import { Icon } from "../ui/Icon";
import { Card, Facts, Page } from "../ui/Page";
import { Failed, Loading, Notice } from "../ui/States";

export default function CellPage() {
  const cell = useQuery(watchedCellQuery);
  return (
    <Page title={m.cell.title}>
      {cell.data ? <Details cell={cell.data} /> : cell.isError ? <Failed error={cell.error} onRetry={() => void cell.refetch()} /> : <Loading rows={4} />}
    </Page>
  );
}

function Details({ cell }: { cell: Cell }) {
  const may = useMay();
  const [open, setOpen] = useState<{ wish: Wish; node: CellNode } | null>(null);
  const close = () => setOpen(null);
  const takers = cell.nodes.filter((node) => node.health === "up" && !node.draining).length;
  const leader = cell.nodes.find((node) => node.id === cell.leader);
  return (
    <div className="space-y-4">
      {cell.stale ? <Notice tone="warn">{m.cell.stale}</Notice> : <Verdict verdict={verdictOf(cell)} />}
      <ul aria-label={m.cell.title} className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
        {cell.nodes.map((node) => (
          <NodeCard
            key={node.id}
            cell={cell}
            node={node}
            alone={takers < 2}
            onWish={may.admin && !cell.stale ? (wish) => setOpen({ wish, node }) : undefined}
          />
        ))}
      </ul>
      <div className="grid items-start gap-4 lg:grid-cols-2">
        {cell.nodes.length > 1 ? <Moving cell={cell} /> : <AddNode />}
        <Card title={m.cell.details}>
          <Facts
            facts={[
              [m.cell.leaderNow, leader ? <bdi key="leader">{leader.name}</bdi> : m.cell.noLeader],
              [m.cell.placements, cell.placements],
              [m.cell.generation, cell.generation],
              [m.cell.applied, cell.applied_index],
              [m.cell.id, cell.id ? <code key="id" className="text-[0.8125rem] break-all">{cell.id}</code> : m.cell.notFounded],
            ]}
          />
        </Card>
        {cell.nodes.length > 1 && <Happenings />}
      </div>
      {open && open.wish !== "remove" && <DrainDialog node={open.node} draining={open.wish === "drain"} onClose={close} />}
      {open?.wish === "remove" && <RemoveDialog node={open.node} onClose={close} />}
    </div>
  );
}

const LEVELS = {
  good: "border-good/30 bg-good-wash text-good",
  warn: "border-warn/30 bg-warn-wash text-warn",
  bad: "border-bad/30 bg-bad-wash text-bad",
};

function Verdict({ verdict: { level, sentences } }: { verdict: VerdictOf }) {
  const [first, ...rest] = sentences;
  return (
    <section aria-label={m.cell.verdict} data-verdict={level} className={`flex gap-3 rounded-2xl border p-4 sm:p-5 ${LEVELS[level]}`}>
      <Icon name={level === "good" ? "check" : "warning"} className="mt-0.5 size-5.5" />
      <div className="min-w-0 space-y-1">
        <p className="font-semibold">{first}</p>
        {rest.map((sentence) => (
          <p key={sentence} className="text-sm">
            {sentence}
          </p>
        ))}
      </div>
    </section>
  );
}

interface ChangeProps {
  node: CellNode;
  onClose: () => void;
}

function DrainDialog({ node, draining, onClose }: ChangeProps & { draining: boolean }) {
  return (
    <FormDialog
      title={draining ? m.cell.drainTitle(node.name) : m.cell.undrainTitle(node.name)}
      submit={draining ? m.cell.drain : m.cell.undrain}
      stale={[cellQuery.queryKey]}
      save={() => unwrap(api.POST("/api/v1/cluster/nodes/{id}/drain", { params: { path: { id: node.id } }, body: { draining } }))}
      onClose={onClose}
    >
      {() => <p className="pb-4 text-soft">{draining ? m.cell.drainText : m.cell.undrainText}</p>}
    </FormDialog>
  );
}

function RemoveDialog({ node, onClose }: ChangeProps) {
  return (
    <DeleteDialog
      title={m.cell.removeTitle(node.name)}
      text={m.cell.removeText}
      action={m.cell.removeConfirm}
      stale={[cellQuery.queryKey]}
      remove={() => unwrap(api.DELETE("/api/v1/cluster/nodes/{id}", { params: { path: { id: node.id } } }))}
      onClose={onClose}
    />
  );
}
