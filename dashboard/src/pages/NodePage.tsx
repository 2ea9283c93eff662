import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import { nodeQuery } from "../api/queries";
import type { CameraState, NodeView } from "../api/types";
import { NodeHistory } from "../charts/NodeHistory";
import { m } from "../messages";
import { StatusDot } from "../status/StatusBadge";
import { formatBytes, formatDateTime, formatDays, formatDuration, knownZone } from "../time/format";
import { useNow } from "../time/use-now";
import { Icon } from "../ui/Icon";
import { Meter } from "../ui/Meter";
import { Card, Facts, Page } from "../ui/Page";
import { Failed, Loading, Notice } from "../ui/States";

const STATES: readonly CameraState[] = ["online", "connecting", "silent", "refused", "offline", "disabled"];
const DAY_S = 86_400;

export default function NodePage() {
  const node = useQuery(nodeQuery);
  return (
    <Page title={m.node.title}>
      {node.data ? (
        <NodeDetails node={node.data} />
      ) : node.isError ? (
        <Failed error={node.error} onRetry={() => void node.refetch()} />
      ) : (
        <Loading rows={4} />
      )}
    </Page>
  );
}

function NodeDetails({ node }: { node: NodeView }) {
  const now = useNow(1_000);
  const { memory, cameras } = node;
  const camerasInTrouble = cameras.silent + cameras.refused + cameras.offline;
  const disksInTrouble = node.disks.filter((disk) => disk.trouble !== null).length;
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Card title={m.node.health}>
        <p className={`mb-4 inline-flex items-center gap-2 rounded-full px-3 py-1.5 text-sm font-medium ${node.healthy ? "bg-good-wash text-good" : "bg-bad-wash text-bad"}`}>
          <Icon name={node.healthy ? "check" : "warning"} className="size-4.5" />
          {node.healthy ? m.node.healthy : m.node.unhealthy}
        </p>
        {camerasInTrouble > 0 && <p className="mb-4 text-sm">{m.node.camerasInTrouble(camerasInTrouble)}</p>}
        {disksInTrouble > 0 && <p className="mb-4 text-sm">{m.node.disksInTrouble(disksInTrouble)}</p>}
        <Facts
          facts={[
            [m.node.uptime, formatDuration(Math.max(0, now - Date.parse(node.started_at)))],
            [m.node.version, node.version],
            [m.node.id, <code key="id" className="text-[0.8125rem] break-all">{node.id}</code>],
          ]}
        />
      </Card>
      <Card title={m.node.cameras} aside={<span className="tabular-nums">{`${m.node.total} ${cameras.total}`}</span>}>
        <ul className="grid grid-cols-2 gap-2 sm:grid-cols-3">
          {STATES.map((state) => (
            <li key={state}>
              <Link to={`/cameras?state=${state}`} className="block rounded-xl bg-sunken px-3 py-2.5 hover:bg-hover">
                <span className="block text-2xl font-semibold tabular-nums">{cameras[state]}</span>
                <span className="flex items-center gap-1.5 text-sm text-soft">
                  <StatusDot state={state} className="size-2" />
                  {m.states[state].label}
                </span>
              </Link>
            </li>
          ))}
        </ul>
      </Card>
      <Card title={m.node.recordings}>
        {node.disks.length === 0 ? <p className="text-sm text-soft">{m.node.noDisks}</p> : <Recordings recordings={node.recordings} />}
      </Card>
      <div className="space-y-4">
        {node.disks.length > 0 && (
          <Card title={m.node.disks}>
            <ul className="space-y-5">
              {node.disks.map((disk) => (
                <li key={disk.path}>
                  <p className="mb-2 text-sm font-medium break-all">{disk.path}</p>
                  {disk.total_bytes != null && disk.free_bytes != null && (
                    <BytesMeter name={disk.path} used={disk.total_bytes - disk.free_bytes} total={disk.total_bytes} aside={m.node.free(formatBytes(disk.free_bytes))} />
                  )}
                  {disk.trouble && <Notice className="mt-3">{m.causes[disk.trouble]}</Notice>}
                </li>
              ))}
            </ul>
          </Card>
        )}
        <Card title={m.node.memory}>
          <p className="mb-2 text-sm font-medium">{m.node.rings}</p>
          <BytesMeter name={m.node.rings} used={memory.ring_bytes} total={memory.ring_bytes_max} />
          {memory.resident_bytes != null && (
            <div className="mt-5">
              <Facts facts={[[m.node.resident, formatBytes(memory.resident_bytes)]]} />
            </div>
          )}
          <p className="mt-4 text-[0.8125rem] text-faint">{m.node.ringsHint}</p>
        </Card>
      </div>
      <NodeHistory />
    </div>
  );
}

/** What recordings take, how long there is room for more, and what happens then. */
function Recordings({ recordings }: { recordings: NodeView["recordings"] }) {
  if (!recordings) return <p className="text-sm text-soft">{m.node.looking}</p>;
  const { bytes, oldest, bytes_per_s, days_left, days_kept, max_age_s, max_bytes } = recordings;
  if (!oldest) return <p className="text-sm text-soft">{m.node.nothingRecorded}</p>;
  const rules = [max_age_s === null ? "" : m.node.maxAge(formatDays(max_age_s / DAY_S)), max_bytes === null ? "" : m.node.maxBytes(formatBytes(max_bytes))];
  const facts: [string, string][] = [
    [m.node.recorded, formatBytes(bytes)],
    [m.node.oldest, formatDateTime(Date.parse(oldest), knownZone(null))],
  ];
  if (bytes_per_s > 0) facts.push([m.node.rate, m.node.perDay(formatBytes(bytes_per_s * DAY_S))]);
  if (days_left !== null) facts.push([m.node.room, m.node.roomLeft(formatDays(days_left))]);
  if (days_kept !== null) facts.push([m.node.reach, m.node.reachBack(formatDays(days_kept))]);
  facts.push([m.node.rules, rules.filter(Boolean).join(", ") || m.node.noRules]);
  return (
    <>
      <Facts facts={facts} />
      <p className="mt-3 text-[0.8125rem] text-faint">{recordings.when_full === "stop" ? m.node.stopWhenFull : m.node.deleteOldest}</p>
    </>
  );
}

function BytesMeter({ name, used, total, aside }: { name: string; used: number; total: number; aside?: string }) {
  return <Meter name={name} used={used} total={total} text={m.node.used(formatBytes(used), formatBytes(total))} aside={aside} />;
}
