import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useRef, useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import { api, unwrap } from "../api/client";
import { asProblem, problemWords } from "../api/problem";
import { cameraQuery, recordedDayQuery, sitesQuery } from "../api/queries";
import type { Camera } from "../api/types";
import { useMay } from "../auth/use-session";
import { CameraDialog } from "../camera/CameraDialog";
import { RecordingBar } from "../camera/RecordingBar";
import { toggleFullscreen } from "../live/fullscreen";
import { LiveVideo } from "../live/LiveVideo";
import type { PlayerState } from "../live/player";
import { m } from "../messages";
import { reasonWords } from "../status/reason";
import { StatusBadge } from "../status/StatusBadge";
import { StatusPanel } from "../status/StatusPanel";
import { useCameraStatus, useStatusChanges } from "../status/StatusProvider";
import { formatDateTime, formatDuration, formatMoment, formatPercent, formatStretch, knownZone } from "../time/format";
import { useNow } from "../time/use-now";
import { Button, ButtonLink, IconButton } from "../ui/Button";
import { ConfirmDialog } from "../ui/Dialog";
import { Icon } from "../ui/Icon";
import { Card, Facts, useTitle } from "../ui/Page";
import { Empty, Failed, Loading, Notice } from "../ui/States";

/** How many gaps are listed; the bar shows them all. */
const GAPS_LISTED = 30;

export default function CameraPage() {
  const { id = "" } = useParams();
  const camera = useQuery(cameraQuery(id));
  useTitle(camera.data?.name ?? m.cameras.title);
  if (camera.data) return <Details camera={camera.data} />;
  if (camera.isError && asProblem(camera.error).status === 404) {
    return (
      <Empty icon="camera" title={m.camera.notFoundTitle} text={m.camera.notFoundText}>
        <ButtonLink look="primary" to="/cameras">
          {m.camera.toList}
        </ButtonLink>
      </Empty>
    );
  }
  if (camera.isError) return <Failed error={camera.error} onRetry={() => void camera.refetch()} />;
  return (
    <div className="mx-auto w-full max-w-6xl p-6">
      <Loading rows={3} />
    </div>
  );
}

function Details({ camera }: { camera: Camera }) {
  const sites = useQuery(sitesQuery);
  const site = sites.data?.find((known) => known.id === camera.site);
  const zone = knownZone(site?.zone);
  const status = useCameraStatus(camera.id, camera.status);
  return (
    <div className="mx-auto w-full max-w-7xl px-4 py-4 sm:px-6 sm:py-6">
      <div className="mb-4 flex flex-wrap items-center gap-x-4 gap-y-3">
        <div className="flex w-full min-w-0 items-center gap-3 sm:w-auto sm:flex-1">
          <Link to="/cameras" aria-label={m.common.back} className="-ml-2 inline-flex size-10 shrink-0 items-center justify-center rounded-lg text-soft hover:bg-hover hover:text-ink">
            <Icon name="left" />
          </Link>
          <h1 className="min-w-0 text-xl font-semibold tracking-tight sm:text-2xl">
            <bdi>{camera.name}</bdi>
          </h1>
          <StatusBadge state={status.state} />
        </div>
        <Actions camera={camera} />
      </div>
      <div className="grid gap-4 lg:grid-cols-[minmax(0,1fr)_21rem] lg:items-start">
        <div className="min-w-0 space-y-4">
          <Player camera={camera} />
          <Recorded camera={camera} zone={zone} />
        </div>
        <div className="min-w-0 space-y-4">
          <Card title={m.camera.status}>
            <StatusPanel status={status} zone={zone} />
            <Changes camera={camera.id} zone={zone} />
          </Card>
          <Card title={m.camera.stream}>
            <Stream camera={camera} />
          </Card>
          <Card title={m.camera.spec}>
            <Spec camera={camera} site={site?.name} zone={zone} />
          </Card>
        </div>
      </div>
    </div>
  );
}

function Actions({ camera }: { camera: Camera }) {
  const may = useMay();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [dialog, setDialog] = useState<"edit" | "delete" | null>(null);
  const path = { id: camera.id };
  const refresh = () => queries.invalidateQueries({ queryKey: ["cameras"] });
  const toggle = useMutation({
    mutationFn: () => unwrap(api.PATCH("/api/v1/cameras/{id}", { params: { path }, body: { enabled: !camera.enabled } })),
    onSuccess: (answer) => {
      queries.setQueryData(cameraQuery(camera.id).queryKey, answer);
      void refresh();
    },
  });
  const remove = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/v1/cameras/{id}", { params: { path } })),
    onSuccess: async () => {
      await navigate("/cameras", { replace: true });
      queries.removeQueries({ queryKey: cameraQuery(camera.id).queryKey });
      void refresh();
    },
  });
  if (!may.edit) return null;
  return (
    <>
      <div className="flex gap-2">
        <Button icon="power" disabled={toggle.isPending} onClick={() => toggle.mutate()}>
          {camera.enabled ? m.camera.disable : m.camera.enable}
        </Button>
        <Button icon="edit" onClick={() => setDialog("edit")}>
          {m.common.edit}
        </Button>
        <IconButton icon="trash" name={m.camera.deleteConfirm} className="border border-line-strong" onClick={() => setDialog("delete")} />
      </div>
      {toggle.isError && <Notice className="w-full">{problemWords(toggle.error)}</Notice>}
      {dialog === "edit" && <CameraDialog camera={camera} onClose={() => setDialog(null)} />}
      {dialog === "delete" && (
        <ConfirmDialog
          title={m.camera.deleteTitle(camera.name)}
          text={m.camera.deleteText}
          action={m.camera.deleteConfirm}
          pending={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate()}
          onClose={() => setDialog(null)}
        />
      )}
    </>
  );
}

function Player({ camera }: { camera: Camera }) {
  const frame = useRef<HTMLDivElement>(null);
  const [muted, setMuted] = useState(true);
  const status = useCameraStatus(camera.id, camera.status);
  const online = status.state === "online";
  const hasSound = camera.stream?.audio != null;
  return (
    <div ref={frame} data-camera={camera.id} className="group relative aspect-video max-h-[72dvh] w-full overflow-hidden rounded-2xl bg-black text-white">
      <LiveVideo cameraId={camera.id} name={camera.name} hlsUrl={camera.links.hls} active={online} lowLatency muted={muted}>
        {(player) => online && <PlayerOverlay player={player} />}
      </LiveVideo>
      {!online && (
        <div className="absolute inset-0 flex flex-col items-center justify-center gap-2 p-6 text-center">
          <Icon name={status.state === "disabled" ? "power" : "warning"} className="size-9 text-white/60" />
          <p className="font-medium">{m.states[status.state].headline}</p>
        </div>
      )}
      <div className="scrim-bottom absolute inset-x-0 bottom-0 flex justify-end gap-1 p-2 opacity-0 transition-opacity group-hover:opacity-100 focus-within:opacity-100 [@media(hover:none)]:opacity-100">
        {hasSound && <IconButton onPicture icon={muted ? "mute" : "sound"} name={muted ? m.player.unmute : m.player.mute} onClick={() => setMuted(!muted)} />}
        <IconButton onPicture icon="expand" name={m.player.fullscreen} onClick={() => frame.current && toggleFullscreen(frame.current)} />
      </div>
    </div>
  );
}

function PlayerOverlay({ player }: { player: PlayerState }): ReactNode {
  if (player.phase !== "playing") {
    const words = player.phase === "unsupported" ? m.grid.codecTrouble : player.phase === "retrying" ? m.grid.pictureTrouble : m.grid.starting;
    return (
      <p role="status" className="absolute inset-0 flex items-center justify-center p-6 text-center text-white/85">
        {words}
      </p>
    );
  }
  return (
    <p className="absolute top-3 left-3 inline-flex items-center gap-2 rounded-full bg-black/75 px-3 py-1.5 text-[0.8125rem] leading-none font-medium">
      <span aria-hidden="true" className="size-2 rounded-full bg-bad-fill" />
      {m.player.live}
      {player.behindS !== null && <span className="font-normal text-white/75 tabular-nums">{m.player.behind(player.behindS.toFixed(1))}</span>}
    </p>
  );
}

function Changes({ camera, zone }: { camera: string; zone: string }) {
  const changes = useStatusChanges(camera);
  const now = useNow(30_000);
  return (
    <details className="mt-4 border-t border-line pt-3 text-sm">
      <summary className="text-soft">{m.camera.changes}</summary>
      {changes.length === 0 ? (
        <p className="mt-2 text-faint">{m.camera.noChanges}</p>
      ) : (
        <ol className="mt-2 space-y-2">
          {changes.map((change) => (
            <li key={change.since} className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
              <StatusBadge state={change.state} />
              <span className="text-faint tabular-nums">{formatMoment(Date.parse(change.since), now, zone)}</span>
              {change.reason && <span className="w-full break-words text-soft">{reasonWords(change.reason, m.states[change.state].label)}</span>}
            </li>
          ))}
        </ol>
      )}
    </details>
  );
}

function Stream({ camera }: { camera: Camera }) {
  const { stream } = camera;
  if (!stream) return <p className="text-sm text-faint">{m.camera.noStream}</p>;
  const { video, audio } = stream;
  const codec = (word: string): string => (m.codecs as Readonly<Record<string, string>>)[word] ?? word;
  return (
    <Facts
      facts={[
        [m.camera.video, video ? codec(video.codec) : m.common.none],
        [m.camera.resolution, video ? m.camera.pixels(video.width, video.height) : m.common.none],
        [m.camera.audio, audio ? m.camera.sound(codec(audio.codec), audio.sample_rate, audio.channels) : m.camera.noAudio],
      ]}
    />
  );
}

function Spec({ camera, site, zone }: { camera: Camera; site: string | undefined; zone: string }) {
  const { source } = camera;
  const user = source.type === "rtsp" && (source.username || source.has_password);
  const facts: [string, ReactNode][] = [
    source.type === "rtsp"
      ? [m.camera.address, <code key="url" className="text-[0.8125rem] break-all">{source.url}</code>]
      : [m.camera.file, source.path],
  ];
  if (source.type === "rtsp") {
    if (user) facts.push([m.camera.username, [source.username, source.has_password ? m.camera.passwordSet : ""].filter(Boolean).join(", ")]);
    facts.push([m.camera.transport, m.transportNames[source.transport]]);
  }
  facts.push(
    [m.camera.recording, m.modes[camera.recording.mode ?? "continuous"]],
    [m.camera.site, site ?? m.common.none],
    [m.camera.labels, camera.labels.length > 0 ? <bdi key="labels">{camera.labels.join(", ")}</bdi> : m.common.none],
    [m.camera.created, formatDateTime(Date.parse(camera.created_at), zone)],
    [m.camera.updated, formatDateTime(Date.parse(camera.updated_at), zone)],
  );
  return <Facts facts={facts} />;
}

function Recorded({ camera, zone }: { camera: Camera; zone: string }) {
  const day = useQuery(recordedDayQuery(camera.id));
  const { data } = day;
  const percent = data ? formatPercent(data.durable_s, data.expected_s) : "";
  return (
    <Card title={m.camera.recordings} aside={data && (percent ? m.camera.coverage(percent) : m.camera.nothingExpected)}>
      {camera.recording.mode === "off" && <p className="mb-3 text-sm text-soft">{m.camera.recordingOff}</p>}
      {data ? (
        <>
          <RecordingBar from={data.from} to={data.to} spans={data.spans} gaps={data.gaps} zone={zone} />
          {data.gaps.length > 0 && (
            <details className="mt-3 text-sm">
              <summary className="text-soft">{`${m.camera.gapList(data.gaps.length)} · ${m.camera.missing(formatDuration(data.missing_s * 1000))}`}</summary>
              <ul className="mt-2 divide-y divide-line">
                {data.gaps.slice(-GAPS_LISTED).reverse().map((gap) => (
                  <li key={gap.start} className="flex flex-wrap justify-between gap-x-4 py-1.5">
                    <span>{m.causes[gap.cause]}</span>
                    <span className="text-faint tabular-nums">{formatStretch(Date.parse(gap.start), Date.parse(gap.end), zone)}</span>
                  </li>
                ))}
              </ul>
              {data.gaps.length > GAPS_LISTED && <p className="pt-1.5 text-faint">{m.camera.gapListMore(data.gaps.length - GAPS_LISTED)}</p>}
            </details>
          )}
          <p className="mt-3 text-[0.8125rem] text-faint">{m.camera.zone(zone)}</p>
        </>
      ) : day.isError ? (
        <Notice>{problemWords(day.error)}</Notice>
      ) : (
        <div className="skeleton h-24 rounded-lg" />
      )}
    </Card>
  );
}
