import { authorizedFetch } from "../api/client";

/** Pixels across: what a preview shows, and little enough to come at once. */
const WIDTH_PX = 320;
/** Pictures kept: a few sweeps over the timeline, some 2 MB. */
const KEPT_MAX = 96;
/** Between two requests: the pointer passes more moments than anybody can look at. */
const EVERY_MS = 90;

/**
 * The pictures of one camera's past, one request at a time, the latest wish first: what the pointer has left is not fetched any
 * more. Where there is no picture there is none; nothing is tried again.
 */
export class Thumbnails {
  private readonly kept = new Map<number, string | null>();
  private wanted: number | null = null;
  private busy = false;
  private readonly ended = new AbortController();

  constructor(
    private readonly url: string,
    private readonly onPicture: () => void,
  ) {}

  /** The picture of a moment: an address, `null` where there is none, `undefined` while it is on its way. */
  at(ms: number): string | null | undefined {
    const kept = this.kept.get(ms);
    if (kept !== undefined) {
      // The one used last is thrown away last.
      this.kept.delete(ms);
      this.kept.set(ms, kept);
    }
    return kept;
  }

  /** Asks for the picture of a moment unless it is there. */
  want(ms: number): void {
    if (this.kept.has(ms) || this.isOver()) return;
    this.wanted = ms;
    void this.work();
  }

  destroy(): void {
    this.ended.abort();
    for (const url of this.kept.values()) if (url !== null) URL.revokeObjectURL(url);
    this.kept.clear();
  }

  private async work(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    while (this.wanted !== null) {
      const ms = this.wanted;
      this.wanted = null;
      const picture = await this.fetch(ms);
      if (this.isOver()) return;
      this.keep(ms, picture);
      this.onPicture();
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
    this.busy = false;
  }

  private isOver(): boolean {
    return this.ended.signal.aborted;
  }

  private keep(ms: number, picture: Blob | null): void {
    this.kept.set(ms, picture && URL.createObjectURL(picture));
    for (const [oldest, url] of this.kept) {
      if (this.kept.size <= KEPT_MAX) break;
      if (url !== null) URL.revokeObjectURL(url);
      this.kept.delete(oldest);
    }
  }

  private async fetch(ms: number): Promise<Blob | null> {
    const url = new URL(`${this.url}?at=${new Date(ms).toISOString()}&width=${WIDTH_PX}`, location.href);
    try {
      const response = await authorizedFetch(new Request(url, { signal: this.ended.signal }));
      if (!response.ok || !(response.headers.get("content-type") ?? "").startsWith("image/")) return null;
      return await response.blob();
    } catch {
      return null;
    }
  }
}

/** The moments whose pictures are told apart in a view of a length: a step of a two-hundredth, at least a second. */
export function thumbnailMoment(ms: number, spanMs: number): number {
  const step = Math.max(1000, 2 ** Math.round(Math.log2(spanMs / 200 / 1000)) * 1000);
  return Math.floor(ms / step) * step;
}
