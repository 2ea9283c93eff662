import { api, authorizedFetch, unwrap } from "../api/client";
import { Problem, problemFrom } from "../api/problem";
import { type ClipFacts, clipFacts } from "./clip-facts";

/** A file this long is gathered in memory where the browser cannot write to disk; a longer one is handed to the browser's own
 * download. */
const IN_MEMORY_BYTES_MAX = 512 * 1024 * 1024;
/** A download from which nothing comes for this long has broken off. */
const STALL_MAX_MS = 30_000;

interface Disk {
  write(chunk: Uint8Array<ArrayBuffer>): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}

type SavePicker = (options: { suggestedName: string; types: { accept: Record<string, string[]> }[] }) => Promise<{ createWritable(): Promise<Disk> }>;

/** Asks where to save, where the browser can write there as the bytes come. `null`: it cannot. */
async function pickFile(suggestedName: string): Promise<Disk | null> {
  const picker = (window as { showSaveFilePicker?: SavePicker }).showSaveFilePicker;
  if (!picker) return null;
  const handle = await picker({ suggestedName, types: [{ accept: { "video/mp4": [".mp4"] } }] });
  return handle.createWritable();
}

function save(href: string, name: string): void {
  const link = document.createElement("a");
  link.href = href;
  link.download = name;
  link.click();
}

export interface ClipRequest {
  cameraId: string;
  /** The address with its range. */
  url: string;
  query: string;
  range: { fromMs: number; toMs: number };
  suggestedName: string;
  signal: AbortSignal;
  onFacts: (facts: ClipFacts) => void;
  onBytes: (bytes: number) => void;
}

/** How a download ended: the file is there, or the browser goes on with it by itself. */
export type ClipEnd = "saved" | "handed-over";

/** Downloads a clip, telling how far it is. Must be called from a click: the browser asks where to save. */
export async function downloadClip(request: ClipRequest): Promise<ClipEnd> {
  const disk = await pickFile(request.suggestedName);
  const stalled = new AbortController();
  const signal = AbortSignal.any([request.signal, stalled.signal]);
  try {
    const url = new URL(`${request.url}?${request.query}`, location.href);
    const response = await authorizedFetch(new Request(url, { signal }), null);
    if (!response.ok) throw problemFrom(await response.json().catch(() => null), response);
    const facts = clipFacts(response.headers, request.range);
    request.onFacts(facts);
    if (!disk && (facts.bytes ?? 0) > IN_MEMORY_BYTES_MAX) {
      stalled.abort();
      await handOver(request, facts.name);
      return "handed-over";
    }
    const parts: BlobPart[] = [];
    await drain(response, stalled, request, async (chunk) => {
      if (disk) await disk.write(chunk);
      else parts.push(chunk);
    });
    if (disk) await disk.close();
    else {
      const blobUrl = URL.createObjectURL(new Blob(parts, { type: "video/mp4" }));
      save(blobUrl, facts.name);
      // The browser has taken it by then.
      setTimeout(() => URL.revokeObjectURL(blobUrl), STALL_MAX_MS);
    }
    return "saved";
  } catch (error) {
    await disk?.abort().catch(() => undefined);
    throw error instanceof Problem || request.signal.aborted ? error : new Problem("network", 0, "");
  }
}

async function drain(response: Response, stalled: AbortController, { onBytes }: ClipRequest, take: (chunk: Uint8Array<ArrayBuffer>) => Promise<void>): Promise<void> {
  const reader = response.body?.getReader();
  if (!reader) throw new Problem("network", 0, "");
  let bytes = 0;
  for (;;) {
    const timer = setTimeout(() => stalled.abort(), STALL_MAX_MS);
    const { done, value } = await reader.read().finally(() => clearTimeout(timer));
    if (done) return;
    await take(value);
    bytes += value.byteLength;
    onBytes(bytes);
  }
}

async function handOver({ cameraId, query }: ClipRequest, name: string): Promise<void> {
  const params = { path: { id: cameraId } };
  const { url } = await unwrap(api.POST("/api/v1/cameras/{id}/capabilities", { params, body: { kind: "export" } }));
  save(`${url}?${query}`, name);
}
