// Shapes of the contract that schema.d.ts does not have yet, and the calls that need them. Each goes once it does.
import { problemFrom } from "./problem";
import { authorizedFetch } from "./client";
import type { Camera, Timeline } from "./types";

/** A marker on a timeline, or how many lie in one step. */
export interface TimelineMarker {
  start: string;
  /** `null` for moments alone. */
  end: string | null;
  count: number;
  /** These stand where it is one. */
  id?: string;
  camera?: string;
  category?: string;
  title?: string;
}

/** A page of markers, the latest first. */
export interface MarkerPage {
  items: Marker[];
  next_cursor: string | null;
}

/** A timeline's answer gains its markers. */
export type MarkedTimeline = Timeline & { markers?: TimelineMarker[] };

export interface Marker {
  id: string;
  camera: string;
  start: string;
  end: string | null;
  category: string;
  title: string;
  note: string | null;
  /** The name of who made it, as it was then. */
  author: string;
  author_id: string;
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

/** A camera's addresses gain these. */
export function linksOf({ id, links }: Pick<Camera, "id" | "links">): Camera["links"] & Record<"thumbnail" | "markers", string> {
  const base = `/api/v1/cameras/${encodeURIComponent(id)}`;
  return { thumbnail: `${base}/thumbnail.jpg`, markers: `${base}/markers`, ...links };
}

async function call<T>(url: string, init: RequestInit = {}): Promise<T> {
  const response = await authorizedFetch(new Request(new URL(url, location.href), init));
  const body: unknown = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw problemFrom(body, response);
  return body as T;
}

const json = (method: string, body: object): RequestInit => ({ method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

export const getMarkers = (url: string, signal: AbortSignal) => call<MarkerPage>(url, { signal });
export const createMarker = (url: string, input: MarkerInput) => call<Marker>(url, json("POST", input));
export const updateMarker = (url: string, id: string, change: Partial<MarkerInput>) => call<Marker>(`${url}/${encodeURIComponent(id)}`, json("PATCH", change));
export const deleteMarker = (url: string, id: string) => call<unknown>(`${url}/${encodeURIComponent(id)}`, { method: "DELETE" });
