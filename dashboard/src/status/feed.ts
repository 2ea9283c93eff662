import type { StreamFacts } from "../api/types";
import type { CameraState, CameraStatus } from "../api/types";

/** How many changes of one camera are remembered while the page is open. */
const CHANGES_MAX = 20;

const STATES: readonly CameraState[] = ["disabled", "connecting", "online", "silent", "refused", "offline"];

/** What the WebSocket says, as far as the dashboard uses it. */
export type FeedMessage =
  | { type: "snapshot" | "statuses"; statuses: Map<string, CameraStatus> }
  | { type: "status"; camera: string; status: CameraStatus }
  | { type: "cameras_changed"; camera: string }
  | { type: "markers_changed"; camera: string }
  | { type: "facts"; camera: string; facts: StreamFacts };

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

function readStatus(value: unknown): CameraStatus | null {
  if (!isRecord(value) || typeof value.reason !== "string" || typeof value.since !== "string") return null;
  const state = STATES.find((known) => known === value.state);
  return state ? { state, reason: value.reason, since: value.since } : null;
}

const LEVELS = ["good", "fair", "poor"] as const;
const numberOrNull = (value: unknown): number | null => (typeof value === "number" ? value : null);

/** Reads the facts of a stream; `null` where the verdict is not one. */
function readFacts(value: Record<string, unknown>): StreamFacts | null {
  if (typeof value.at !== "string" || !isRecord(value.verdict)) return null;
  const said = value.verdict;
  const level = LEVELS.find((known) => known === said.level);
  if (!level) return null;
  const reasons = (Array.isArray(said.reasons) ? said.reasons : [])
    .filter(isRecord)
    .flatMap(({ code, text }) => (typeof code === "string" && typeof text === "string" ? [{ code, text }] : []));
  return {
    at: value.at,
    bitrate_bps: numberOrNull(value.bitrate_bps) ?? 0,
    fps: numberOrNull(value.fps) ?? 0,
    gop_s: numberOrNull(value.gop_s),
    jitter_ms: numberOrNull(value.jitter_ms) ?? 0,
    lost_total: numberOrNull(value.lost_total) ?? 0,
    viewers: numberOrNull(value.viewers) ?? 0,
    verdict: { level, reasons },
  };
}

/** Reads one message; `null` for what a newer node may say and this page does not know. */
export function readMessage(text: string): FeedMessage | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(json)) return null;
  if ((json.type === "snapshot" || json.type === "statuses") && isRecord(json.statuses)) {
    const statuses = new Map<string, CameraStatus>();
    for (const [id, value] of Object.entries(json.statuses)) {
      const status = readStatus(value);
      if (status) statuses.set(id, status);
    }
    return { type: json.type, statuses };
  }
  if (json.type === "facts" && typeof json.camera === "string") {
    const facts = readFacts(json);
    return facts && { type: "facts", camera: json.camera, facts };
  }
  if (json.type !== "event" || !isRecord(json.event) || typeof json.event.camera !== "string") return null;
  const { kind, camera } = json.event;
  if (kind === "camera.status") {
    const status = readStatus(json.event.status);
    return status ? { type: "status", camera, status } : null;
  }
  if (kind === "camera.created" || kind === "camera.updated" || kind === "camera.deleted") {
    return { type: "cameras_changed", camera };
  }
  if (kind === "marker.created" || kind === "marker.updated" || kind === "marker.deleted") {
    return { type: "markers_changed", camera };
  }
  return null;
}

/** Of two statuses of one camera the later one; what was pushed wins a tie. */
export function newerStatus(pushed: CameraStatus | undefined, fetched: CameraStatus): CameraStatus {
  if (!pushed) return fetched;
  return Date.parse(pushed.since) >= Date.parse(fetched.since) ? pushed : fetched;
}

/** The statuses pushed so far, and the changes seen. Its values never change: each change makes new ones. */
export class StatusBoard {
  private statuses: ReadonlyMap<string, CameraStatus> = new Map();
  private changesSeen: ReadonlyMap<string, readonly CameraStatus[]> = new Map();
  private readonly listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly status = (camera: string): CameraStatus | undefined => this.statuses.get(camera);

  /** Latest first. */
  readonly changes = (camera: string): readonly CameraStatus[] => this.changesSeen.get(camera) ?? NO_CHANGES;

  /** Takes a message in. */
  apply(message: FeedMessage): void {
    if (message.type === "snapshot" || message.type === "statuses") {
      // A snapshot replaces all that was known; `statuses` are more of the same snapshot.
      const before = this.statuses;
      this.statuses = message.type === "snapshot" ? message.statuses : new Map([...before, ...message.statuses]);
      for (const [camera, status] of message.statuses) {
        const known = before.get(camera);
        if (known && known.since !== status.since) this.remember(camera, status);
      }
    } else if (message.type === "status") {
      this.statuses = new Map(this.statuses).set(message.camera, message.status);
      this.remember(message.camera, message.status);
    } else {
      return;
    }
    for (const listener of this.listeners) listener();
  }

  clear(): void {
    this.statuses = new Map();
    this.changesSeen = new Map();
    for (const listener of this.listeners) listener();
  }

  private remember(camera: string, status: CameraStatus): void {
    const changes = [status, ...this.changes(camera)].slice(0, CHANGES_MAX);
    this.changesSeen = new Map(this.changesSeen).set(camera, changes);
  }
}

const NO_CHANGES: readonly CameraStatus[] = [];
