import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";
import { useNavigate } from "react-router";

import { api, unwrap } from "../api/client";
import { asProblem, type FieldError, problemWords } from "../api/problem";
import { cameraQuery, sitesQuery } from "../api/queries";
import type { Camera } from "../api/types";
import { cellQuery } from "../cell/queries";
import { LiveVideo } from "../live/LiveVideo";
import { m } from "../messages";
import { useCameraStatus } from "../status/StatusProvider";
import { StatusPanel } from "../status/StatusPanel";
import { useSiteZone } from "../time/use-site-zone";
import { Button } from "../ui/Button";
import { Dialog, DialogActions } from "../ui/Dialog";
import { CheckField, LabelsField, PasswordField, SelectField, TextField } from "../ui/Field";
import { Notice } from "../ui/States";
import { type CameraForm, checkForm, EMPTY_FORM, errorOf, formOf, inputOf, isTls, otherErrors, patchOf, runsAnywhere } from "./spec";

/** The fields of the form, as the API names them. */
const FIELDS = ["source.type", "name", "source.url", "source.path", "source.username", "source.password", "source.transport", "source.certificate_sha256", "labels", "site", "recording", "placement.max_sessions", "placement.node_labels"];

interface Props {
  /** The camera to change; none to add one. */
  camera?: Camera;
  onClose: () => void;
}

/** Adds or changes a camera, then stays to show whether the camera answers. */
export function CameraDialog({ camera, onClose }: Props) {
  const [saved, setSaved] = useState<Camera | null>(null);
  // Back from watching, the camera just saved is what gets changed: adding it twice would make two.
  const [editing, setEditing] = useState<Camera | undefined>(camera);
  const [form, setForm] = useState<CameraForm>(() => (camera ? formOf(camera) : EMPTY_FORM));
  if (saved) {
    return (
      <Dialog title={m.form.watchTitle(saved.name)} onClose={onClose}>
        <Watch
          camera={saved}
          onChange={() => {
            setEditing(saved);
            setForm(formOf(saved));
            setSaved(null);
          }}
          onAnother={() => {
            setEditing(undefined);
            setForm(EMPTY_FORM);
            setSaved(null);
          }}
          added={camera === undefined}
          onClose={onClose}
        />
      </Dialog>
    );
  }
  return (
    <Dialog title={editing ? m.form.editTitle(editing.name) : m.form.addTitle} onClose={onClose}>
      <Form {...(editing ? { camera: editing } : {})} form={form} setForm={setForm} onSaved={setSaved} onClose={onClose} />
    </Dialog>
  );
}

interface FormProps extends Props {
  form: CameraForm;
  setForm: (form: CameraForm) => void;
  onSaved: (camera: Camera) => void;
}

function Form({ camera, form, setForm, onSaved, onClose }: FormProps) {
  const queries = useQueryClient();
  const sites = useQuery(sitesQuery);
  const cell = useQuery(cellQuery);
  // Once shown it stays, whatever is chosen in it.
  const [chosen] = useState(!runsAnywhere(form));
  const inCell = chosen || (cell.data?.nodes.length ?? 1) > 1;
  const [found, setFound] = useState<FieldError[]>([]);
  const save = useMutation({
    mutationFn: () => {
      if (!camera) return unwrap(api.POST("/api/v1/cameras", { body: inputOf(form) }));
      const params = { path: { id: camera.id }, header: { "if-match": `"${camera.revision}"` } };
      return unwrap(api.PATCH("/api/v1/cameras/{id}", { params, body: patchOf(camera, form) }));
    },
    onSuccess: (answer) => {
      queries.setQueryData(cameraQuery(answer.id).queryKey, answer);
      void queries.invalidateQueries({ queryKey: ["cameras"] });
      onSaved(answer);
    },
  });
  const errors = found.length > 0 ? found : save.isError ? asProblem(save.error).fields : [];
  const set = <K extends keyof CameraForm>(key: K, value: CameraForm[K]) => setForm({ ...form, [key]: value });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const wrong = checkForm(form);
    setFound(wrong);
    if (wrong.length === 0) save.mutate();
  };
  const storedPassword = camera?.source.type === "rtsp" && camera.source.has_password;
  const rtsp = form.sourceType === "rtsp";
  return (
    <form noValidate onSubmit={submit} className="space-y-4">
      {save.isError && found.length === 0 && <Notice>{problemWords(save.error)}</Notice>}
      {otherErrors(errors, FIELDS).map((error) => (
        <Notice key={error.field}>{`${error.field}: ${error.reason}`}</Notice>
      ))}
      <TextField name="name" label={m.form.name} placeholder={m.form.namePlaceholder} maxLength={128} autoComplete="off" value={form.name} onChange={(e) => set("name", e.target.value)} error={errorOf(errors, "name")} />
      <SelectField name="sourceType" label={m.form.sourceType} value={form.sourceType} onChange={(e) => set("sourceType", e.target.value as CameraForm["sourceType"])}>
        <option value="rtsp">{m.form.sourceTypes.rtsp}</option>
        <option value="rtmp">{m.form.sourceTypes.rtmp}</option>
        <option value="file">{m.form.sourceTypes.file}</option>
      </SelectField>
      {errorOf(errors, "source.type") && <Notice>{errorOf(errors, "source.type")}</Notice>}
      {form.sourceType === "rtmp" && <p className="text-sm text-faint">{camera ? m.form.rtmpKeeps : m.form.rtmpHint}</p>}
      {rtsp && (
        <>
          <TextField name="url" label={m.form.url} hint={m.form.urlHint} placeholder={m.form.urlPlaceholder} inputMode="url" autoComplete="off" autoCapitalize="none" spellCheck={false} value={form.url} onChange={(e) => set("url", e.target.value)} error={errorOf(errors, "source.url")} />
          <div className="grid gap-4 sm:grid-cols-2">
            <TextField name="camera-username" label={m.form.username} optional autoComplete="off" autoCapitalize="none" spellCheck={false} value={form.username} onChange={(e) => set("username", e.target.value)} error={errorOf(errors, "source.username")} />
            <PasswordField
              name="camera-password"
              label={m.form.password}
              optional
              autoComplete="new-password"
              hint={storedPassword ? m.form.passwordKeep : m.form.passwordHint}
              disabled={form.removePassword}
              value={form.password}
              onChange={(e) => set("password", e.target.value)}
              error={errorOf(errors, "source.password")}
            />
          </div>
          {isTls(form) && (
            <TextField name="fingerprint" label={m.form.fingerprint} hint={m.form.fingerprintHint} optional autoComplete="off" spellCheck={false} value={form.fingerprint} onChange={(e) => set("fingerprint", e.target.value)} error={errorOf(errors, "source.certificate_sha256")} />
          )}
          {storedPassword && <CheckField label={m.form.passwordRemove} checked={form.removePassword} onChange={(e) => setForm({ ...form, removePassword: e.target.checked, password: "" })} />}
        </>
      )}
      {form.sourceType === "file" && (
        <TextField name="path" label={m.form.path} hint={m.form.pathHint} placeholder={m.form.pathPlaceholder} autoComplete="off" value={form.path} onChange={(e) => set("path", e.target.value)} error={errorOf(errors, "source.path")} />
      )}
      <LabelsField label={m.form.labels} hint={m.form.labelsHint} optional placeholder={m.form.labelsPlaceholder} value={form.labels} onChange={(labels) => set("labels", labels)} removeName={m.cameras.remove} error={errorOf(errors, "labels")} />
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField name="site" label={m.form.site} value={form.site} onChange={(e) => set("site", e.target.value)} error={errorOf(errors, "site")}>
          <option value="">{m.form.noSite}</option>
          {sites.data?.map((site) => (
            <option key={site.id} value={site.id}>
              {site.name}
            </option>
          ))}
        </SelectField>
        <SelectField name="mode" label={m.form.recording} value={form.mode} onChange={(e) => set("mode", e.target.value === "off" ? "off" : "continuous")} error={errorOf(errors, "recording")}>
          <option value="continuous">{m.modes.continuous}</option>
          <option value="off">{m.modes.off}</option>
        </SelectField>
        {rtsp && (
          <SelectField name="transport" label={m.form.transport} value={form.transport} onChange={(e) => set("transport", e.target.value === "udp" ? "udp" : "tcp")} error={errorOf(errors, "source.transport")}>
            <option value="tcp">{m.transports.tcp}</option>
            <option value="udp">{m.transports.udp}</option>
          </SelectField>
        )}
        <div className="self-end">
          <CheckField label={m.form.enabled} checked={form.enabled} onChange={(e) => set("enabled", e.target.checked)} />
        </div>
      </div>
      {inCell && (
        <fieldset className="space-y-4 border-t border-line pt-4">
          <legend className="sr-only">{m.cell.form.title}</legend>
          <p aria-hidden="true" className="font-semibold">
            {m.cell.form.title}
          </p>
          <div>
            <CheckField name="twin" label={m.cell.form.twin} checked={form.twin} onChange={(e) => set("twin", e.target.checked)} />
            <p className="text-[0.8125rem] leading-snug text-faint">{m.cell.form.twinHint}</p>
          </div>
          <div className="grid gap-4 sm:grid-cols-2">
            <TextField name="sessions" type="number" min={1} max={64} label={m.cell.form.sessions} hint={m.cell.form.sessionsHint} value={form.sessions} onChange={(e) => set("sessions", e.target.value)} error={errorOf(errors, "placement.max_sessions")} />
            <LabelsField label={m.cell.form.labels} hint={m.cell.form.labelsHint} optional placeholder={m.cell.form.labelsPlaceholder} value={form.nodeLabels} onChange={(labels) => set("nodeLabels", labels)} removeName={m.cameras.remove} error={errorOf(errors, "placement.node_labels")} />
          </div>
        </fieldset>
      )}
      <DialogActions>
        <Button onClick={onClose}>{m.common.cancel}</Button>
        <Button look="primary" type="submit" disabled={save.isPending}>
          {save.isPending ? m.common.saving : camera ? m.common.save : m.form.submitAdd}
        </Button>
      </DialogActions>
    </form>
  );
}

/** The address that a camera publishes to: whoever has it can publish. */
function PublishAddress({ address }: { address: string }) {
  return (
    <div className="mb-4">
      <p className="text-sm text-soft">{m.form.publishHere}</p>
      <code data-publish className="mt-1 block rounded-lg bg-sunken px-3 py-2 text-[0.8125rem] break-all select-all">
        {address}
      </code>
    </div>
  );
}

interface WatchProps {
  camera: Camera;
  added: boolean;
  onChange: () => void;
  onAnother: () => void;
  onClose: () => void;
}

/** How often the camera is asked for while the dialog watches it: a person is waiting. */
const WATCH_EVERY_MS = 2_000;

function Watch({ camera, added, onChange, onAnother, onClose }: WatchProps) {
  const navigate = useNavigate();
  const { data = camera } = useQuery({ ...cameraQuery(camera.id), refetchInterval: WATCH_EVERY_MS });
  const status = useCameraStatus(camera.id, data.status);
  const zone = useSiteZone(camera.site);
  const online = status.state === "online";
  const trouble = status.state === "refused" || status.state === "offline" || status.state === "silent";
  return (
    <div data-watch={status.state}>
      {camera.enabled && (
        <div className="relative mb-4 aspect-video overflow-hidden rounded-xl bg-black">
          <LiveVideo cameraId={camera.id} name={camera.name} hlsUrl={data.links.hls} active={online} lowLatency muted />
          {!online && !trouble && (
            <p className="absolute inset-0 flex items-center justify-center text-white/80" role="status">
              <span className="pulse">{m.form.watching}</span>
            </p>
          )}
          {trouble && <p className="absolute inset-0 flex items-center justify-center text-white/80">{m.grid.noPictures}</p>}
        </div>
      )}
      {online && <Notice tone="good">{m.form.watchOnline}</Notice>}
      {!camera.enabled && <Notice tone="good">{m.form.watchOff}</Notice>}
      {camera.enabled && !online && (
        <>
          {data.links.publish && <PublishAddress address={data.links.publish} />}
          <StatusPanel status={status} zone={zone} />
          <p className="mt-4 text-sm text-faint">{m.form.watchNote}</p>
        </>
      )}
      <div className="mt-6 flex flex-wrap justify-end gap-2">
        {trouble && (
          <Button look="primary" icon="edit" onClick={onChange}>
            {m.form.changeSettings}
          </Button>
        )}
        {added && !trouble && <Button onClick={onAnother}>{m.form.addAnother}</Button>}
        {added && online && (
          <Button
            onClick={() => {
              onClose();
              void navigate(`/cameras/${camera.id}`);
            }}
          >
            {m.form.openCamera}
          </Button>
        )}
        <Button look={trouble ? "plain" : "primary"} onClick={onClose}>
          {m.common.done}
        </Button>
      </div>
    </div>
  );
}
