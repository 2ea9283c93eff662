import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { factsHistoryQuery, factsQuery } from "../api/history";
import type { FactsPoint, StreamFacts, VerdictLevel } from "../api/types";
import { asProblem, problemWords } from "../api/problem";
import { formatBitrate, formatNumber } from "../charts/format";
import { LineChart } from "../charts/LineChart";
import { RangePicker, type RangeS } from "../charts/RangePicker";
import { m } from "../messages";
import { useLiveFacts } from "../status/StatusProvider";
import { useSiteZone } from "../time/use-site-zone";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { Card } from "../ui/Page";
import { Loading, Notice } from "../ui/States";

const LOOKS: Record<VerdictLevel, string> = {
  good: "bg-good-wash text-good",
  fair: "bg-warn-wash text-warn",
  poor: "bg-bad-wash text-bad",
};

const words = (value: number | null, format: (value: number) => string): string => (value === null ? m.charts.nothing : format(value));
const pictures = (value: number): string => formatNumber(value, 1);
const whole = (value: number): string => formatNumber(value, 0);
const jitter = (value: number): string => m.facts.jitterMs(formatNumber(value, 1));
const gop = (value: number): string => m.facts.gopS(formatNumber(value, 1));

interface ChartOf {
  title: string;
  measure: Exclude<keyof FactsPoint, "at">;
  format: (value: number) => string;
}

const CHARTS: readonly ChartOf[] = [
  { title: m.facts.bitrate, measure: "bitrate_bps", format: formatBitrate },
  { title: m.facts.fps, measure: "fps", format: pictures },
  { title: m.facts.jitter, measure: "jitter_ms", format: jitter },
  { title: m.facts.lost, measure: "lost", format: whole },
];

/** How well a camera's stream serves: a verdict with its reasons, the values of this second, and their history. */
export function FactsPanel({ cameraId, site }: { cameraId: string; site?: string | null }) {
  const asked = useQuery(factsQuery(cameraId));
  const pushed = useLiveFacts(cameraId);
  const facts = pushed ?? asked.data;
  return (
    <Card title={m.facts.title} aside={facts && <Verdict level={facts.verdict.level} />}>
      {facts ? (
        <>
          <Reasons facts={facts} />
          <Values facts={facts} />
          <FactsHistory cameraId={cameraId} site={site} />
        </>
      ) : asked.isError ? (
        <Notice tone="warn">
          <p>{asProblem(asked.error).status === 404 ? m.facts.notOffered : problemWords(asked.error)}</p>
          <Button className="mt-2" onClick={() => void asked.refetch()}>
            {m.common.retry}
          </Button>
        </Notice>
      ) : (
        <Loading rows={2} />
      )}
    </Card>
  );
}

function Verdict({ level }: { level: VerdictLevel }) {
  return (
    <span role="status" data-verdict={level} className={`inline-flex items-center gap-1.5 rounded-full px-2.5 py-1 text-sm font-medium ${LOOKS[level]}`}>
      <Icon name={level === "good" ? "check" : "warning"} className="size-4" />
      {m.facts.levels[level]}
    </span>
  );
}

function Reasons({ facts }: { facts: StreamFacts }) {
  if (facts.verdict.reasons.length === 0) return <p className="mb-4 text-sm text-soft">{m.facts.allGood}</p>;
  return (
    <ul className="mb-4 list-disc space-y-1 pl-5 text-sm">
      {facts.verdict.reasons.map((reason) => (
        <li key={reason.code} className="first-letter:uppercase">
          {reason.text}
        </li>
      ))}
    </ul>
  );
}

function Values({ facts }: { facts: StreamFacts }) {
  const values: readonly (readonly [string, string])[] = [
    [m.facts.bitrate, words(facts.bitrate_bps, formatBitrate)],
    [m.facts.fps, words(facts.fps, pictures)],
    [m.facts.gop, words(facts.gop_s, gop)],
    [m.facts.jitter, words(facts.jitter_ms, jitter)],
    [m.facts.lostSince, whole(facts.lost_total)],
    [m.facts.viewers, whole(facts.viewers)],
  ];
  return (
    <dl className="grid grid-cols-2 gap-2 sm:grid-cols-3 lg:grid-cols-2">
      {values.map(([term, value]) => (
        <div key={term} className="flex flex-col-reverse justify-end rounded-xl bg-sunken px-3 py-2.5">
          <dt className="text-[0.8125rem] text-soft">{term}</dt>
          <dd className="text-lg font-semibold tabular-nums">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function FactsHistory({ cameraId, site }: { cameraId: string; site: string | null | undefined }) {
  const [range, setRange] = useState<RangeS>(3_600);
  const zone = useSiteZone(site);
  const history = useQuery(factsHistoryQuery(cameraId, range));
  const toMs = history.dataUpdatedAt;
  return (
    <div className="mt-5 border-t border-line pt-4">
      <div className="mb-3 flex flex-wrap items-center justify-between gap-2">
        <h3 className="text-sm font-semibold">{m.charts.history}</h3>
        <RangePicker value={range} onChange={setRange} />
      </div>
      {history.data && history.data.points.length > 0 ? (
        <div className="grid gap-x-6 gap-y-5 sm:grid-cols-2 lg:grid-cols-1">
          {CHARTS.map(({ title, measure, format }) => (
            <LineChart
              key={measure}
              title={title}
              format={format}
              series={[{ name: title, samples: history.data.points.map((point) => ({ atMs: Date.parse(point.at), value: point[measure] })) }]}
              fromMs={toMs - range * 1000}
              toMs={toMs}
              stepMs={history.data.step_s * 1000}
              zone={zone}
            />
          ))}
        </div>
      ) : history.data ? (
        <p className="text-sm text-soft">{m.facts.empty}</p>
      ) : history.isError ? (
        <Notice tone="warn">{problemWords(history.error)}</Notice>
      ) : (
        <Loading rows={2} />
      )}
    </div>
  );
}
