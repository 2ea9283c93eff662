import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, unwrap } from "../api/client";
import { problemWords } from "../api/problem";
import type { DrillPlan } from "../api/types";
import { m } from "../messages";
import { Button } from "../ui/Button";
import { Dialog, DialogActions } from "../ui/Dialog";
import { TextField } from "../ui/Field";
import { Loading, Notice } from "../ui/States";
import { drillPlanQuery, drillRunsQuery, type Wanted } from "./queries";

interface Props {
  wanted: Wanted;
  cell: string;
  /** Show only; or ask whether to run it. */
  run: boolean;
  onClose: () => void;
}

/** What a drill would do, and the question whether it shall. */
export function PlanDialog({ wanted, cell, run, onClose }: Props) {
  const plan = useQuery(drillPlanQuery(wanted, cell));
  const name = plan.data?.drill ?? ("drill" in wanted ? wanted.drill : m.drills.ownFile);
  return (
    <Dialog wide title={run ? m.drills.confirmTitle(name) : m.drills.planOf(name)} onClose={onClose}>
      {plan.data ? (
        <Planned plan={plan.data} wanted={wanted} cell={cell} run={run} onClose={onClose} />
      ) : plan.isError ? (
        <Notice>{problemWords(plan.error)}</Notice>
      ) : (
        <Loading rows={3} />
      )}
    </Dialog>
  );
}

function Planned({ plan, wanted, cell, run, onClose }: Props & { plan: DrillPlan }) {
  const [typed, setTyped] = useState("");
  const queries = useQueryClient();
  const begin = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/drills/runs", { body: { ...wanted, cell } })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: drillRunsQuery.queryKey });
      onClose();
    },
  });
  const refused = plan.refusals.length > 0;
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        begin.mutate();
      }}
    >
      {run && !refused && <Notice tone="warn">{m.drills.confirmText(plan.blast_radius)}</Notice>}
      {refused && (
        <Notice>
          <p className="font-medium">{m.drills.refused}</p>
          <ul className="mt-1 list-disc space-y-1 pl-4">
            {plan.refusals.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </Notice>
      )}
      {plan.lines.length > 0 && (
        <ul aria-label={m.drills.plan} className="space-y-1 rounded-lg border border-line bg-sunken p-3 text-sm">
          {plan.lines.map((line, i) => (
            <li key={i} className={line.startsWith(" ") ? "pl-4" : ""}>
              {line.trim()}
            </li>
          ))}
        </ul>
      )}
      {[...plan.warnings, ...plan.left_out.map((text) => `${m.drills.leftOut}: ${text}`)].map((text) => (
        <p key={text} className="text-sm text-soft">
          {text}
        </p>
      ))}
      {begin.isError && <Notice>{problemWords(begin.error)}</Notice>}
      {run && !refused ? (
        <>
          <TextField label={m.drills.confirmType(plan.drill)} value={typed} autoComplete="off" autoCapitalize="none" spellCheck={false} onChange={(event) => setTyped(event.target.value)} />
          <DialogActions>
            <Button onClick={onClose}>{m.common.cancel}</Button>
            <Button look="danger" icon="drill" type="submit" disabled={typed.trim() !== plan.drill || begin.isPending}>
              {begin.isPending ? m.drills.starting : m.drills.runNow}
            </Button>
          </DialogActions>
        </>
      ) : (
        <DialogActions>
          <Button onClick={onClose}>{m.common.close}</Button>
        </DialogActions>
      )}
    </form>
  );
}
