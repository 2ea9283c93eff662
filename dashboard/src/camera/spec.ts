import type { FieldError } from "../api/problem";
import type { Camera, CameraInput, CameraPatch, SourceInput } from "../api/types";
import { m } from "../messages";
import { sentence } from "../status/reason";

/** What the camera form holds: every field as it stands on the screen. */
export interface CameraForm {
  name: string;
  sourceType: "rtsp" | "rtmp" | "file";
  url: string;
  path: string;
  username: string;
  /** Empty: nothing typed. */
  password: string;
  /** Take the stored password away. */
  removePassword: boolean;
  transport: "tcp" | "udp";
  /** SHA-256 of the certificate, with rtsps. */
  fingerprint: string;
  labels: string[];
  site: string;
  mode: "continuous" | "off";
  enabled: boolean;
  /** Recorded by two nodes. */
  twin: boolean;
  /** Connections the camera allows, as typed. */
  sessions: string;
  nodeLabels: string[];
}

const SESSIONS_DEFAULT = 2;
const SESSIONS_MAX = 64;

export const EMPTY_FORM: CameraForm = {
  name: "",
  sourceType: "rtsp",
  url: "",
  path: "",
  username: "",
  password: "",
  removePassword: false,
  transport: "tcp",
  fingerprint: "",
  labels: [],
  site: "",
  mode: "continuous",
  enabled: true,
  twin: false,
  sessions: String(SESSIONS_DEFAULT),
  nodeLabels: [],
};

/** The form of a camera that exists. */
export function formOf(camera: Camera): CameraForm {
  const { source } = camera;
  const shared: CameraForm = {
    ...EMPTY_FORM,
    name: camera.name,
    labels: [...camera.labels],
    site: camera.site ?? "",
    mode: camera.recording.mode ?? "continuous",
    enabled: camera.enabled,
    twin: camera.placement.redundancy === 2,
    sessions: String(camera.placement.max_sessions),
    nodeLabels: [...camera.placement.node_labels],
  };
  if (source.type === "file") return { ...shared, sourceType: "file", path: source.path };
  if (source.type === "rtmp") return { ...shared, sourceType: "rtmp" };
  return { ...shared, url: source.url, username: source.username ?? "", transport: source.transport, fingerprint: source.certificate_sha256 ?? "" };
}

/** Whether the address is one of a camera that speaks TLS. */
export const isTls = (form: CameraForm): boolean => /^rtsps:/i.test(form.url.trim());

/** The pin, where it has a meaning. */
const fingerprintOf = (form: CameraForm): string | null => (isTls(form) && form.fingerprint.trim() !== "" ? form.fingerprint.trim() : null);

/** Whether the form says nothing of where in a cell the camera runs. */
export const runsAnywhere = (form: CameraForm): boolean => !form.twin && form.sessions === EMPTY_FORM.sessions && form.nodeLabels.length === 0;

/** What can be told wrong without asking the node; it has the last word. */
export function checkForm(form: CameraForm): FieldError[] {
  const errors: FieldError[] = [];
  if (form.name.trim() === "") errors.push({ field: "name", reason: m.form.nameMissing });
  const sessions = Number(form.sessions);
  if (!Number.isInteger(sessions) || sessions < 1 || sessions > SESSIONS_MAX) errors.push({ field: "placement.max_sessions", reason: m.cell.form.sessionsWrong });
  if (form.sourceType === "file") {
    if (form.path.trim() === "") errors.push({ field: "source.path", reason: m.form.pathMissing });
    return errors;
  }
  if (form.sourceType === "rtmp") return errors;
  const url = form.url.trim();
  if (url === "") errors.push({ field: "source.url", reason: m.form.urlMissing });
  else if (!/^rtsps?:\/\//i.test(url)) errors.push({ field: "source.url", reason: m.form.urlScheme });
  else if (/^rtsps?:\/\/[^/?#]*@/i.test(url)) errors.push({ field: "source.url", reason: m.form.urlCredentials });
  return errors;
}

function sourceOf(form: CameraForm): SourceInput {
  // Nothing but its type; the generated type of an object without fields of its own takes not even that.
  if (form.sourceType === "rtmp") return { type: "rtmp" } as unknown as SourceInput;
  if (form.sourceType === "file") return { type: "file", path: form.path.trim() };
  // The password is write-only; the document leaves it out of the source that input and answers share.
  const rtsp: SourceInput & { password?: string } = {
    type: "rtsp",
    url: form.url.trim(),
    transport: form.transport,
    ...(form.username !== "" ? { username: form.username } : {}),
    ...(form.password !== "" ? { password: form.password } : {}),
    ...(fingerprintOf(form) ? { certificate_sha256: fingerprintOf(form) } : {}),
  };
  return rtsp;
}

/** The body that makes a camera. */
export function inputOf(form: CameraForm): CameraInput {
  return {
    name: form.name.trim(),
    enabled: form.enabled,
    labels: form.labels,
    ...(form.site !== "" ? { site: form.site } : {}),
    source: sourceOf(form),
    recording: { mode: form.mode },
    ...(runsAnywhere(form) ? {} : { placement: { redundancy: form.twin ? 2 : 1, max_sessions: Number(form.sessions), node_labels: form.nodeLabels } }),
  };
}

function placementPatch(camera: Camera, form: CameraForm): NonNullable<CameraPatch["placement"]> {
  const before = formOf(camera);
  return {
    ...(form.twin !== before.twin ? { redundancy: form.twin ? 2 : 1 } : {}),
    ...(Number(form.sessions) !== Number(before.sessions) ? { max_sessions: Number(form.sessions) } : {}),
    ...(form.nodeLabels.join("\n") !== before.nodeLabels.join("\n") ? { node_labels: form.nodeLabels } : {}),
  };
}

function sourcePatch(camera: Camera, form: CameraForm): NonNullable<CameraPatch["source"]> {
  const { source } = camera;
  if (form.sourceType === "file") {
    const path = form.path.trim();
    if (source.type !== "file") return { type: "file", path };
    return path === source.path ? {} : { path };
  }
  if (form.sourceType === "rtmp") return source.type === "rtmp" ? {} : { type: "rtmp" };
  const secret = form.password !== "" ? { password: form.password } : form.removePassword ? { password: null } : {};
  const username = form.username === "" ? null : form.username;
  const url = form.url.trim();
  if (source.type !== "rtsp") {
    const pin = fingerprintOf(form);
    return { type: "rtsp", url, transport: form.transport, ...(username ? { username } : {}), ...(pin ? { certificate_sha256: pin } : {}), ...secret };
  }
  return {
    ...(fingerprintOf(form) !== (source.certificate_sha256 ?? null) ? { certificate_sha256: fingerprintOf(form) } : {}),
    ...(url !== source.url ? { url } : {}),
    ...(form.transport !== source.transport ? { transport: form.transport } : {}),
    ...(username !== (source.username ?? null) ? { username } : {}),
    ...secret,
  };
}

/** The merge patch (RFC 7396) that turns `camera` into what the form says: only what changed, `null` for what goes. */
export function patchOf(camera: Camera, form: CameraForm): CameraPatch {
  const source = sourcePatch(camera, form);
  const placement = placementPatch(camera, form);
  const site = form.site === "" ? null : form.site;
  return {
    ...(form.name.trim() !== camera.name ? { name: form.name.trim() } : {}),
    ...(form.enabled !== camera.enabled ? { enabled: form.enabled } : {}),
    ...(form.labels.join("\n") !== camera.labels.join("\n") ? { labels: form.labels } : {}),
    ...(site !== (camera.site ?? null) ? { site } : {}),
    ...(form.mode !== camera.recording.mode ? { recording: { mode: form.mode } } : {}),
    ...(Object.keys(source).length > 0 ? { source } : {}),
    ...(Object.keys(placement).length > 0 ? { placement } : {}),
  };
}

/** The error of one field. The API names fields by their path; what it says of a part belongs to the whole shown. */
export function errorOf(errors: readonly FieldError[], field: string): string | undefined {
  const belongs = (path: string): boolean => path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`);
  const found = errors.find((error) => belongs(error.field));
  return found && sentence(found.reason);
}

/** What is wrong with fields that the form does not show. */
export function otherErrors(errors: readonly FieldError[], shown: readonly string[]): FieldError[] {
  return errors.filter((error) => !shown.some((field) => errorOf([error], field) !== undefined));
}
