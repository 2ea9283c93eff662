import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "../api/client";
import { problemWords } from "../api/problem";
import type { DrillFault, DrillRun } from "../api/types";
import { m } from "../messages";
import { formatDuration, formatMoment, knownZone } from "../time/format";
import { useNow } from "../time/use-now";
import { Button } from "../ui/Button";
import { Notice } from "../ui/States";
import { barOf, spanOf, stateOf } from "./chart";
import { drillRunsQuery } from "./queries";

/** The drill that goes on, and the way to end it. */
export function Running({ run }: { run: DrillRun }) {
  const queries = useQueryClient();
  const now = useNow(10_000);
  const abort = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/drills/runs/{id}/abort", { params: { path: { id: run.id } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: drillRunsQuery.queryKey }),
  });
  const { asked, now: state } = run;
  const ending = state.abort !== null || abort.isPending;
  return (
    <>
      {/* Stays on the screen however far down somebody reads. */}
      <div data-run={run.id} data-state={state.state} className="sticky top-16 z-20 flex flex-wrap items-center gap-x-4 gap-y-2 rounded-2xl border border-warn/40 bg-raised p-3 pl-4 shadow-pop sm:pl-5">
        <div className="min-w-0 flex-1 basis-40">
          <p className="flex items-center gap-2 text-sm font-medium text-warn">
            <span aria-hidden="true" className="pulse size-2 rounded-full bg-warn-fill" />
            {state.state === "waiting" ? m.drills.waiting : m.drills.running}
          </p>
          <h2 className="truncate text-lg font-semibold">{asked.drill}</h2>
        </div>
        <Button look="danger" icon="close" disabled={ending} className="min-h-14! flex-1 px-8! text-lg! sm:flex-none" onClick={() => abort.mutate()}>
          {ending ? m.drills.aborting : m.drills.abort}
        </Button>
      </div>
      <section aria-label={m.drills.running} data-running="" className="rounded-2xl border border-line bg-surface p-4 shadow-card sm:p-5">
        <p className="max-w-3xl text-soft">
          <bdi>{asked.hypothesis}</bdi>
        </p>
        <p className="mt-1.5 text-[0.8125rem] text-faint">
          {[
            m.drills.begunBy(asked.by, formatMoment(Date.parse(asked.at), now, knownZone(null))),
            ...(state.runner ? [m.drills.carriedBy(state.runner.name)] : []),
            m.drills.seed(asked.seed),
            `${m.drills.mayTouch} ${asked.blast_radius}`,
          ].join(" · ")}
        </p>
        {abort.isError && <Notice className="mt-3">{problemWords(abort.error)}</Notice>}
        {state.abort !== null && (
          <Notice tone="warn" className="mt-3">
            {m.drills.aborted(state.abort)}
          </Notice>
        )}
        {state.state === "running" && <Progress run={run} />}
      </section>
    </>
  );
}

function Progress({ run }: { run: DrillRun }) {
  const { progress } = run.now;
  const { seen } = progress;
  return (
    <>
      <p role="status" className="mt-4 text-sm">
        {[...(progress.round > 0 ? [m.drills.round(progress.round, progress.rounds)] : []), progress.doing].filter(Boolean).join(": ")}
      </p>
      {seen ? (
        <dl className="mt-3 grid gap-3 sm:grid-cols-3">
          <Guard
            name={m.drills.nodesDown}
            value={seen.nodes_down_max === null ? String(seen.nodes_down) : m.drills.nodesDownOf(seen.nodes_down, seen.nodes_down_max)}
            tone={seen.nodes_down === 0 ? "good" : seen.nodes_down_max !== null && seen.nodes_down > seen.nodes_down_max ? "bad" : "warn"}
          />
          <Guard name={m.drills.notRecording} value={m.drills.notRecordingOf(seen.not_recording, seen.placements)} tone={seen.not_recording === 0 ? "good" : "warn"} />
          {seen.api_calls > 0 && <Guard name={m.drills.apiCalls} value={m.drills.apiCallsOf(seen.api_succeeded, seen.api_calls)} tone={seen.api_succeeded === seen.api_calls ? "good" : "warn"} />}
        </dl>
      ) : (
        <Notice tone="warn" className="mt-3">
          {m.drills.unseen}
        </Notice>
      )}
      {progress.faults.length > 0 && <Faults faults={progress.faults} nowMs={seen?.round_ms ?? 0} />}
      {progress.lines.length > 0 && (
        <ol role="log" aria-label={m.drills.log} className="mt-4 max-h-48 space-y-1 overflow-y-auto rounded-lg bg-sunken p-3 text-[0.8125rem]">
          {progress.lines.map((line, i) => (
            <li key={i} className="break-words">
              <bdi>{line}</bdi>
            </li>
          ))}
        </ol>
      )}
    </>
  );
}

const TONES = { good: "text-good", warn: "text-warn", bad: "text-bad" };

function Guard({ name, value, tone }: { name: string; value: string; tone: keyof typeof TONES }) {
  return (
    <div className="rounded-xl border border-line bg-sunken px-3.5 py-2.5">
      <dt className="text-[0.8125rem] text-faint">{name}</dt>
      <dd className={`text-lg font-semibold tabular-nums ${TONES[tone]}`}>{value}</dd>
    </div>
  );
}

const BARS = { planned: "fill-line-strong", inForce: "fill-bad-fill", over: "fill-good-fill" };

/** Each fault on a line of its own, in the time of its round. */
function Faults({ faults, nowMs }: { faults: readonly DrillFault[]; nowMs: number }) {
  const span = spanOf(faults, nowMs);
  const at = `${Math.min(100, (nowMs / span) * 100)}%`;
  return (
    <ul aria-label={m.drills.timeline} className="mt-4 space-y-2">
      {faults.map((fault, i) => {
        const { from, to } = barOf(fault, span);
        const state = stateOf(fault);
        return (
          <li key={i} data-fault={state} className="text-sm">
            <p className="flex flex-wrap items-baseline gap-x-3">
              <span className="min-w-0 break-words">
                <bdi>{fault.what}</bdi>
                {fault.hit.length > 0 && <strong className="ml-1.5 font-semibold"> {fault.hit.join(", ")}</strong>}
              </span>
              <span className="ml-auto text-[0.8125rem] text-faint tabular-nums">
                {m.drills.faultStates[state]}
                {state === "planned" && fault.begins_ms > nowMs && ` ${m.drills.faultIn(formatDuration(fault.begins_ms - nowMs))}`}
                {state !== "planned" && ` ${m.drills.faultFor(formatDuration((state === "over" ? fault.ends_ms : Math.max(nowMs, fault.begins_ms)) - fault.begins_ms))}`}
              </span>
            </p>
            <svg aria-hidden="true" className="mt-1 block h-3 w-full" preserveAspectRatio="none">
              <rect width="100%" height="12" rx="6" className="fill-sunken" />
              <rect x={`${from}%`} width={`${to - from}%`} height="12" rx="3" className={BARS[state]} />
              <line x1={at} x2={at} y1="0" y2="12" className="stroke-ink" strokeWidth="2" />
            </svg>
          </li>
        );
      })}
    </ul>
  );
}
