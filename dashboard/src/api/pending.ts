// Shapes of the contract that schema.d.ts does not have yet, and the calls that need them. Each goes once it does.
import { asProblem, problemFrom } from "./problem";
import { authorizedFetch } from "./client";
import type { ListPage } from "./pages";
import type { Camera, GapCause } from "./types";

/** What a stretch of a timeline is; a merged one with anything missing is `missing`. */
export type TimelineKind = "recorded" | "deleted" | "missing";

export interface TimelineItem {
  start: string;
  end: string;
  kind: TimelineKind;
  /** Why most of what is missing of it is missing. */
  cause?: GapCause;
  /** Seconds of it that are missing. */
  missing_s?: number;
}

/** A marker on a timeline, or how many lie in one step. */
export interface TimelineMarker {
  id?: string;
  start: string;
  end?: string | null;
  category?: string;
  title?: string;
  count?: number;
}

export interface TimelineAnswer {
  from: string;
  to: string;
  items: TimelineItem[];
  markers?: TimelineMarker[];
}

export interface Marker {
  id: string;
  camera: string;
  start: string;
  end: string | null;
  category: string;
  title: string;
  note: string | null;
  author: string | null;
  created_at: string;
  updated_at: string;
}

export interface MarkerInput {
  start: string;
  end?: string | null;
  category: string;
  title: string;
  note?: string | null;
}

type PlaybackLinks = Record<"playback" | "export" | "timeline" | "thumbnail" | "markers", string>;

/** A camera's addresses for what was recorded of it. */
export function linksOf(camera: Pick<Camera, "id" | "links">): PlaybackLinks {
  const base = `/api/v1/cameras/${encodeURIComponent(camera.id)}`;
  const known: Camera["links"] & Partial<PlaybackLinks> = camera.links;
  return {
    playback: known.playback ?? `${base}/playback/index.m3u8`,
    export: known.export ?? `${base}/export.mp4`,
    timeline: known.timeline ?? `${base}/timeline`,
    thumbnail: known.thumbnail ?? `${base}/thumbnail.jpg`,
    markers: known.markers ?? `${base}/markers`,
  };
}

async function call<T>(url: string, init: RequestInit = {}): Promise<T> {
  const response = await authorizedFetch(new Request(new URL(url, location.href), init));
  const body: unknown = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw problemFrom(body, response);
  return body as T;
}

const json = (method: string, body: object): RequestInit => ({ method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

export const getTimeline = (url: string, signal: AbortSignal) => call<TimelineAnswer>(url, { signal });
export const getMarkers = (url: string, signal: AbortSignal) => call<ListPage<Marker>>(url, { signal });
export const createMarker = (url: string, input: MarkerInput) => call<Marker>(url, json("POST", input));
export const updateMarker = (url: string, id: string, change: Partial<MarkerInput>) => call<Marker>(`${url}/${encodeURIComponent(id)}`, json("PATCH", change));
export const deleteMarker = (url: string, id: string) => call<unknown>(`${url}/${encodeURIComponent(id)}`, { method: "DELETE" });

/** Whether the node says that there is nothing, rather than that something failed. */
export const isNothing = (error: unknown): boolean => asProblem(error).status === 404;
