import { api, unwrap } from "../api/client";
import { Problem } from "../api/problem";
import { type CameraFilter, filled } from "../api/queries";
import { wholeList } from "../api/pages";
import type { BulkChange, Ports } from "./change";
import { isSelected, type Selection } from "./selection";

/** Where changes go: this node. */
export const nodePorts: Ports = {
  many: async (ids, change: BulkChange) => {
    if (change.kind === "site" || change.kind === "mode") throw new TypeError(change.kind);
    const labels = "labels" in change ? { labels: [...change.labels] } : {};
    const body = { action: change.kind, ids: [...ids], ...labels };
    const { results } = await unwrap(api.POST("/api/v1/cameras/bulk", { body }));
    const byId = new Map(results.map((result) => [result.id, result]));
    return ids.map((id) => {
      const result = byId.get(id);
      if (result?.ok) return { id, error: null };
      const problem = result?.problem;
      return { id, error: problem ? new Problem(problem.code, problem.status, problem.detail) : new Problem("internal", 500, "") };
    });
  },
  patch: (id, patch) => unwrap(api.PATCH("/api/v1/cameras/{id}", { params: { path: { id } }, body: patch })),
};

/** The ids that are selected; those that match the filters are looked up, at most 10,000. */
export async function selectedIds(selection: Selection, filter: CameraFilter): Promise<string[]> {
  if (selection.kind === "some") return [...selection.ids];
  const cameras = await wholeList((page) => unwrap(api.GET("/api/v1/cameras", { params: { query: { ...filled(filter), ...page } } })));
  return cameras.map((camera) => camera.id).filter((id) => isSelected(selection, id));
}
