import type { Camera } from "./types";

/** A camera's addresses gain that of its pictures; this goes once schema.d.ts has it. */
export function linksOf({ id, links }: Pick<Camera, "id" | "links">): Camera["links"] & { thumbnail: string } {
  return { thumbnail: `/api/v1/cameras/${encodeURIComponent(id)}/thumbnail.jpg`, ...links };
}
