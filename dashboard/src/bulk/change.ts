import type { CameraPatch } from "../api/types";

/** One change to many cameras. */
export type BulkChange =
  | { kind: "enable" | "disable" | "delete" }
  | { kind: "add_labels" | "remove_labels"; labels: readonly string[] }
  | { kind: "site"; site: string | null }
  | { kind: "mode"; mode: "continuous" | "off" };

export type BulkKind = BulkChange["kind"];

/** How it went for one camera; `null`: it was done. */
export interface Outcome {
  id: string;
  error: unknown;
}

/** The two ways a change reaches the node. */
export interface Ports {
  /** Many at once, where the node offers that. Answers one outcome an id. */
  many: (ids: readonly string[], change: BulkChange) => Promise<Outcome[]>;
  /** A camera's patch. */
  patch: (id: string, patch: CameraPatch) => Promise<unknown>;
}

/** Ids sent in one request: few enough that each answers well within its time, so that progress is seen and `stop` is near. */
export const CHUNK = 100;
/** Patches under way at once: the node has other things to do. */
const PATCHES_AT_ONCE = 4;

function patchOf(change: BulkChange): CameraPatch | null {
  if (change.kind === "site") return { site: change.site };
  if (change.kind === "mode") return { recording: { mode: change.mode } };
  return null;
}

async function step(ids: readonly string[], change: BulkChange, ports: Ports): Promise<Outcome[]> {
  const patch = patchOf(change);
  if (patch === null) {
    try {
      return await ports.many(ids, change);
    } catch (error) {
      return ids.map((id) => ({ id, error }));
    }
  }
  return Promise.all(
    ids.map((id) =>
      ports.patch(id, patch).then(
        () => ({ id, error: null }),
        (error: unknown) => ({ id, error }),
      ),
    ),
  );
}

/** Changes cameras a few at a time and says how far it is; one failure stops none of the others. Ends early once `signal` is aborted. */
export async function runBulk(
  ids: readonly string[],
  change: BulkChange,
  ports: Ports,
  onProgress: (outcomes: readonly Outcome[]) => void,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const size = patchOf(change) === null ? CHUNK : PATCHES_AT_ONCE;
  const outcomes: Outcome[] = [];
  for (let at = 0; at < ids.length && !signal.aborted; at += size) {
    outcomes.push(...(await step(ids.slice(at, at + size), change, ports)));
    onProgress(outcomes);
  }
  return outcomes;
}
