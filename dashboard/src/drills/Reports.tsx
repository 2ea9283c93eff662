import { useMutation } from "@tanstack/react-query";

import { authorizedFetch } from "../api/client";
import { asProblem, problemFrom, problemWords } from "../api/problem";
import type { DrillRun } from "../api/types";
import { m } from "../messages";
import { formatDateTime, formatDuration, knownZone } from "../time/format";
import { Button } from "../ui/Button";
import { Card } from "../ui/Page";
import { Notice } from "../ui/States";

const FORMS = [
  ["html", "html"],
  ["json", "json"],
  ["junit", "xml"],
] as const;

/** Runs that the trend shows. */
const TREND_MAX = 40;

const TONES: Readonly<Record<string, string>> = {
  passed: "bg-good-wash text-good",
  failed: "bg-bad-wash text-bad",
  aborted: "bg-warn-wash text-warn",
};
const FILLS: Readonly<Record<string, string>> = { passed: "fill-good-fill", failed: "fill-bad-fill", aborted: "fill-warn-fill" };

/** What was found, the latest first. */
export function Reports({ runs }: { runs: readonly DrillRun[] }) {
  return (
    <Card title={m.drills.reports}>
      {runs.length === 0 ? (
        <p className="text-sm text-soft">{m.drills.reportsNone}</p>
      ) : (
        <>
          <Trend runs={runs} />
          <ul aria-label={m.drills.reports} className="-my-3 divide-y divide-line">
            {runs.map((run) => (
              <Report key={run.id} run={run} />
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}

/** The worst gap of each run over time, so that a release that made it worse is seen. */
function Trend({ runs }: { runs: readonly DrillRun[] }) {
  const measured = runs.filter((run) => typeof run.now.verdict?.worst_gap_ms === "number").slice(0, TREND_MAX).reverse();
  if (measured.length < 2) return null;
  const gap = (run: DrillRun) => run.now.verdict?.worst_gap_ms ?? 0;
  const most = Math.max(1, ...measured.map(gap));
  const step = 100 / measured.length;
  return (
    <figure className="mb-4">
      <figcaption className="mb-1.5 flex justify-between text-[0.8125rem] text-faint">
        <span>{m.drills.trend}</span>
        <span className="tabular-nums">{formatDuration(most)}</span>
      </figcaption>
      <svg role="img" aria-label={m.drills.trend} className="block h-16 w-full border-b border-line" preserveAspectRatio="none">
        {measured.map((run, i) => {
          const share = Math.max(3, (gap(run) / most) * 100);
          return (
            <rect key={run.id} x={`${i * step + step * 0.15}%`} width={`${Math.min(step * 0.7, 6)}%`} y={`${100 - share}%`} height={`${share}%`} className={FILLS[run.now.verdict?.outcome ?? ""] ?? "fill-line-strong"}>
              <title>{`${run.asked.drill}: ${formatDuration(gap(run))}`}</title>
            </rect>
          );
        })}
      </svg>
    </figure>
  );
}

function Report({ run }: { run: DrillRun }) {
  const { verdict, ended_at } = run.now;
  const outcome = verdict?.outcome ?? "";
  const gap = verdict?.worst_gap_ms ?? null;
  const download = useMutation({
    mutationFn: async ([form, ending]: (typeof FORMS)[number]) => {
      const response = await authorizedFetch(new Request(`/api/v1/drills/runs/${run.id}/report/${form}`));
      if (!response.ok) throw problemFrom(await response.json().catch(() => null), response);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await response.blob());
      link.download = `${run.asked.drill}_${run.asked.at.slice(0, 19).replaceAll(":", "")}Z.${ending}`;
      link.click();
      URL.revokeObjectURL(link.href);
    },
  });
  return (
    <li data-report={outcome} className="py-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <span className={`rounded-full px-2.5 py-1 text-[0.8125rem] leading-none font-medium ${TONES[outcome] ?? "bg-sunken text-soft"}`}>{m.drills.outcomes[outcome] ?? outcome}</span>
        <span className="font-medium">{run.asked.drill}</span>
        <span className="text-sm text-soft tabular-nums">{gap === null ? m.drills.gapUnknown : gap === 0 ? m.drills.gapNone : m.drills.worstGapIs(formatDuration(gap))}</span>
        <span className="ml-auto text-[0.8125rem] text-faint tabular-nums">{formatDateTime(Date.parse(ended_at ?? run.asked.at), knownZone(null))}</span>
      </div>
      {verdict && verdict.reasons.length > 0 && (
        <ul className="mt-1.5 list-disc space-y-0.5 pl-5 text-sm text-soft">
          {verdict.reasons.slice(0, 5).map((reason) => (
            <li key={reason} className="break-words">
              <bdi>{reason}</bdi>
            </li>
          ))}
        </ul>
      )}
      <div className="mt-1 -ml-3.5 flex flex-wrap">
        {FORMS.map((form) => (
          <Button key={form[0]} look="quiet" icon="download" disabled={download.isPending} aria-label={m.drills.downloadOf(m.drills.download[form[0]], run.asked.drill)} onClick={() => download.mutate(form)}>
            {m.drills.download[form[0]]}
          </Button>
        ))}
      </div>
      {download.isError && <Notice className="mt-1">{asProblem(download.error).status === 404 ? m.drills.noReport : problemWords(download.error)}</Notice>}
    </li>
  );
}
