import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { meQuery } from "../api/queries";
import { useMay } from "../auth/use-session";
import { Agents, StartAgents } from "../drills/Agents";
import { Catalogue } from "../drills/Catalogue";
import { FileDialog } from "../drills/FileDialog";
import { PlanDialog } from "../drills/PlanDialog";
import { drillAgentsQuery, drillCatalogueQuery, drillRunsQuery, isGoing, type Wanted } from "../drills/queries";
import { Reports } from "../drills/Reports";
import { Running } from "../drills/Running";
import { m } from "../messages";
import { Button } from "../ui/Button";
import { Page } from "../ui/Page";
import { Empty, Failed, Loading } from "../ui/States";

export default function DrillsPage() {
  const may = useMay();
  const me = useQuery(meQuery);
  if (me.data && !may.drill) return <Empty icon="drill" title={m.drills.forbiddenTitle} text={m.drills.forbiddenText} />;
  return <Drills admin={may.admin} />;
}

type Open = { wanted: Wanted; run: boolean } | "file" | null;

function Drills({ admin }: { admin: boolean }) {
  const [catalogue, runs, agents] = [useQuery(drillCatalogueQuery), useQuery(drillRunsQuery), useQuery(drillAgentsQuery)];
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  const failed = [catalogue, runs, agents].find((query) => query.isError && !query.data);
  if (failed) return <Page title={m.drills.title}><Failed error={failed.error} onRetry={() => void failed.refetch()} /></Page>;
  if (!catalogue.data || !runs.data || !agents.data) return <Page title={m.drills.title}><Loading rows={4} /></Page>;
  const going = runs.data.find(isGoing);
  const heard = agents.data.items.some((item) => item.heard);
  const cell = agents.data.cell;
  const blocked = !heard || cell === null || going !== undefined;
  return (
    <Page
      title={m.drills.title}
      actions={
        <Button icon="plus" disabled={blocked} onClick={() => setOpen("file")}>
          {m.drills.ownFile}
        </Button>
      }
    >
      <div className="space-y-4">
        <p className="max-w-3xl text-soft">{m.drills.intro}</p>
        {going && <Running run={going} />}
        {!heard && <StartAgents agents={agents.data} admin={admin} />}
        <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
          <Catalogue drills={catalogue.data.items} blocked={blocked} onPlan={(drill) => setOpen({ wanted: { drill }, run: false })} onRun={(drill) => setOpen({ wanted: { drill }, run: true })} />
          <div className="space-y-4 max-lg:order-first">
            {heard && <Agents agents={agents.data} />}
            <Reports runs={runs.data.filter((run) => !isGoing(run))} />
          </div>
        </div>
      </div>
      {open === "file" && <FileDialog onNext={(file) => setOpen({ wanted: { file }, run: true })} onClose={close} />}
      {open !== null && open !== "file" && cell !== null && <PlanDialog wanted={open.wanted} cell={cell} run={open.run} onClose={close} />}
    </Page>
  );
}
