import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import { api, unwrap } from "../api/client";
import { asProblem, problemWords } from "../api/problem";
import { cameraQuery, sitesQuery } from "../api/queries";
import type { Camera } from "../api/types";
import { useMay } from "../auth/use-session";
import { CameraDialog } from "../camera/CameraDialog";
import { cellQuery } from "../cell/queries";
import { FactsPanel } from "../facts/FactsPanel";
import { m } from "../messages";
import { Watch } from "../playback/Watch";
import { reasonWords } from "../status/reason";
import { StatusBadge } from "../status/StatusBadge";
import { StatusPanel } from "../status/StatusPanel";
import { useCameraStatus, useStatusChanges } from "../status/StatusProvider";
import { formatDateTime, formatMoment, knownZone } from "../time/format";
import { useNow } from "../time/use-now";
import { Button, ButtonLink, IconButton } from "../ui/Button";
import { ConfirmDialog } from "../ui/Dialog";
import { Icon } from "../ui/Icon";
import { Card, Facts, useTitle } from "../ui/Page";
import { Empty, Failed, Loading, Notice } from "../ui/States";

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
          {/* Another camera is another picture, another past. */}
          <Watch key={camera.id} camera={camera} zone={zone} />
        </div>
        <div className="min-w-0 space-y-4">
          <Card title={m.camera.status}>
            <StatusPanel status={status} zone={zone} />
            <Changes camera={camera.id} zone={zone} />
          </Card>
          <Card title={m.camera.stream}>
            <Stream camera={camera} />
          </Card>
          <FactsPanel cameraId={camera.id} site={camera.site ?? null} />
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

function Changes({ camera, zone }: { camera: string; zone: string }) {
  const changes = useStatusChanges(camera);
  const now = useNow(30_000);
  return (
    <details className="mt-4 border-t border-line pt-1.5 text-sm">
      <summary className="py-1.5 text-soft">{m.camera.changes}</summary>
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
  const cell = useQuery(cellQuery);
  const user = source.type === "rtsp" && (source.username || source.has_password);
  const facts: [string, ReactNode][] = [
    source.type === "rtsp"
      ? [m.camera.address, <code key="url" className="text-[0.8125rem] break-all">{source.url}</code>]
      : source.type === "file"
        ? [m.camera.file, source.path]
        : [m.camera.publish, camera.links.publish ? <code key="publish" data-publish className="text-[0.8125rem] break-all">{camera.links.publish}</code> : m.camera.publishes],
  ];
  if (source.type === "rtsp") {
    if (user) facts.push([m.camera.username, [source.username, source.has_password ? m.camera.passwordSet : ""].filter(Boolean).join(", ")]);
    facts.push([m.camera.transport, m.transportNames[source.transport]]);
    if (source.certificate_sha256) facts.push([m.form.fingerprint, <code key="pin" className="text-[0.8125rem] break-all">{source.certificate_sha256}</code>]);
  }
  const { node, twin } = camera;
  // In a cell of one there is no question where.
  if ((cell.data?.nodes.length ?? 1) > 1) {
    facts.push([m.cell.onNode, node ? <bdi key="node">{twin ? m.cell.onNodes(node.name, twin.name) : node.name}</bdi> : m.cell.onNone]);
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
