import { useQuery } from "@tanstack/react-query";

import { problemWords } from "../api/problem";
import { m } from "../messages";
import { formatTime, knownZone } from "../time/format";
import { Card } from "../ui/Page";
import { Notice } from "../ui/States";
import type { Happening } from "./happenings";
import { followedCellQuery } from "./queries";

/** Names told one by one; more are a number. */
const NAMES_SHOWN = 3;

/** What happened in the cell since the page was opened, the latest first: a failover as it goes. */
export function Happenings() {
  const { data, error } = useQuery(followedCellQuery);
  const zone = knownZone(null);
  return (
    <Card title={m.cell.happenings} className="lg:col-span-2">
      {error && !data && <Notice tone="warn">{problemWords(error)}</Notice>}
      {data?.happenings.length === 0 && <p className="text-sm text-soft">{m.cell.happenedNothing}</p>}
      {data && data.happenings.length > 0 && (
        <ol role="log" aria-label={m.cell.happenings} className="max-h-96 space-y-1.5 overflow-y-auto text-sm">
          {data.happenings.map((happening, i) => (
            // Counted from the oldest, so that a line keeps its key when others come before it.
            <li key={data.happenings.length - i} data-happening={happening.kind} className="flex items-baseline gap-3">
              <time dateTime={new Date(happening.at).toISOString()} className="shrink-0 text-faint tabular-nums">
                {formatTime(happening.at, zone, true)}
              </time>
              <span aria-hidden="true" className={`inline-block size-2 shrink-0 rounded-full ${DOTS[toneOf(happening)]}`} />
              <span className="min-w-0 break-words">
                <bdi>{wordsOf(happening)}</bdi>
              </span>
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}

type Tone = "good" | "warn" | "bad" | "plain";

const DOTS: Record<Tone, string> = { good: "bg-good-fill", warn: "bg-warn-fill", bad: "bg-bad-fill", plain: "bg-transparent ring-2 ring-inset ring-current" };

function toneOf(happening: Happening): Tone {
  switch (happening.kind) {
    case "node":
      if (happening.change === "dead") return "bad";
      return happening.change === "back" || happening.change === "joined" || happening.change === "undrained" ? "good" : "warn";
    case "leader":
      return happening.node === null ? "bad" : "good";
    case "cutOff":
      return happening.off ? "bad" : "good";
    case "moving":
      return "plain";
    case "moved":
      return "good";
  }
}

function wordsOf(happening: Happening): string {
  switch (happening.kind) {
    case "node":
      return m.cell.nodeChanged[happening.change](happening.node);
    case "leader":
      return happening.node === null ? m.cell.leaderGone : m.cell.leaderChanged(happening.node);
    case "cutOff":
      return happening.off ? m.cell.cutOff : m.cell.cutOffOver;
    case "moving":
      return m.cell.camerasMoving(names(happening.cameras), happening.from ?? m.cell.goneNode, happening.to ?? m.cell.goneNode);
    case "moved":
      return m.cell.camerasMoved(names(happening.cameras), happening.from ?? m.cell.goneNode, happening.to ?? m.cell.goneNode, happening.epoch);
  }
}

function names(cameras: readonly (string | null)[]): string {
  return cameras.length > NAMES_SHOWN ? m.cell.cameras(cameras.length) : cameras.map((name) => name ?? m.cell.deletedCamera).join(", ");
}
