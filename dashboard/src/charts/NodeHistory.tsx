import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { type NodePoint, nodeHistoryQuery } from "../api/pending2";
import { asProblem, problemWords } from "../api/problem";
import { m } from "../messages";
import { formatBytes, knownZone } from "../time/format";
import { Button } from "../ui/Button";
import { Card } from "../ui/Page";
import { Loading, Notice } from "../ui/States";
import { formatBitrate, formatNumber } from "./format";
import { LineChart, type Series } from "./LineChart";
import { RangePicker, type RangeS } from "./RangePicker";

type Measure = Exclude<keyof NodePoint, "at">;

interface ChartOf {
  title: string;
  format: (value: number) => string;
  lines: readonly (readonly [name: string, measure: Measure])[];
}

const cores = (value: number): string => m.charts.cores(formatNumber(value, 2));
const count = (value: number): string => formatNumber(value, 1);

const CHARTS: readonly ChartOf[] = [
  { title: m.charts.cpu, format: cores, lines: [[m.charts.cpu, "cpu_cores"]] },
  { title: m.charts.memory, format: formatBytes, lines: [[m.charts.memory, "memory_bytes"]] },
  { title: m.charts.traffic, format: formatBitrate, lines: [[m.charts.received, "received_bps"], [m.charts.written, "written_bps"]] },
  { title: m.charts.diskFree, format: formatBytes, lines: [[m.charts.diskFree, "disk_free_bytes"]] },
  { title: m.charts.online, format: count, lines: [[m.charts.online, "cameras_online"]] },
  { title: m.charts.viewers, format: count, lines: [[m.charts.viewers, "viewers"]] },
];

const seriesOf = (points: readonly NodePoint[], lines: ChartOf["lines"]): Series[] =>
  lines.map(([name, measure]) => ({ name, samples: points.map((point) => ({ atMs: Date.parse(point.at), value: point[measure] })) }));

/** What the node used and did, over the last hour, day or month. */
export function NodeHistory() {
  const [range, setRange] = useState<RangeS>(3_600);
  const history = useQuery(nodeHistoryQuery(range));
  const toMs = history.dataUpdatedAt;
  const fromMs = toMs - range * 1000;
  return (
    <Card title={m.charts.history} aside={<RangePicker value={range} onChange={setRange} />} className="lg:col-span-2">
      {history.data && history.data.points.length > 0 ? (
        <div className="grid gap-x-8 gap-y-6 sm:grid-cols-2">
          {CHARTS.map((chart) => (
            <LineChart
              key={chart.title}
              title={chart.title}
              format={chart.format}
              series={seriesOf(history.data.points, chart.lines)}
              fromMs={fromMs}
              toMs={toMs}
              stepMs={history.data.step_s * 1000}
              zone={knownZone(null)}
            />
          ))}
        </div>
      ) : history.data ? (
        <p className="text-sm text-soft">{m.charts.empty}</p>
      ) : history.isError ? (
        <Notice tone="warn">
          <p>{asProblem(history.error).status === 404 ? m.charts.notOffered : problemWords(history.error)}</p>
          <Button className="mt-2" onClick={() => void history.refetch()}>
            {m.common.retry}
          </Button>
        </Notice>
      ) : (
        <Loading rows={3} />
      )}
    </Card>
  );
}
