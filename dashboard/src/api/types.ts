// The API's answers by the names used here, taken from the generated paths so that only this file knows where they stand.
import type { paths } from "./schema";

type Answer<P extends keyof paths, M extends keyof paths[P], S extends number> = paths[P][M] extends {
  responses: Record<S, { content: { "application/json": infer T } }>;
}
  ? T
  : never;

type Body<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends {
  requestBody: { content: { "application/json": infer T } };
}
  ? T
  : never;

export type TokenPair = Answer<"/api/v1/auth/login", "post", 200>;
export type Me = Answer<"/api/v1/me", "get", 200>;
export type Role = Me["role"];
export type Camera = Answer<"/api/v1/cameras/{id}", "get", 200>;
export type CameraInput = Body<"/api/v1/cameras", "post">;
export type SourceInput = CameraInput["source"];
export type CameraPatch = Body<"/api/v1/cameras/{id}", "patch">;
export type CameraStatus = Camera["status"];
export type CameraState = CameraStatus["state"];
export type Gaps = Answer<"/api/v1/cameras/{id}/gaps", "get", 200>;
export type Gap = Gaps["gaps"][number];
export type GapCause = Gap["cause"];
export type Timeline = Answer<"/api/v1/cameras/{id}/timeline", "get", 200>;
export type TimelineItem = Timeline["items"][number];
export type TimelineKind = TimelineItem["kind"];
export type TimelineMarker = Timeline["markers"][number];
export type Marker = Answer<"/api/v1/cameras/{id}/markers", "get", 200>["items"][number];
export type Site = Answer<"/api/v1/sites/{id}", "get", 200>;
export type User = Answer<"/api/v1/users/{id}", "get", 200>;
export type NodeView = Answer<"/api/v1/node", "get", 200>;
export type Cell = Answer<"/api/v1/cluster", "get", 200>;
export type CellNode = Cell["nodes"][number];
export type CellPlacement = Answer<"/api/v1/cluster/placements", "get", 200>["items"][number];
export type DrillCatalogue = Answer<"/api/v1/drills", "get", 200>;
export type CatalogueDrill = DrillCatalogue["items"][number];
export type DrillPlan = Answer<"/api/v1/drills/plan", "post", 200>;
export type DrillRun = Answer<"/api/v1/drills/runs/{id}", "get", 200>;
export type DrillFault = DrillRun["now"]["progress"]["faults"][number];
export type DrillAgents = Answer<"/api/v1/drills/agents", "get", 200>;
export type SavedLayout = Answer<"/api/v1/layouts", "get", 200>["items"][number];
export type LayoutBody = Body<"/api/v1/layouts", "post">;
export type StreamFacts = Answer<"/api/v1/cameras/{id}/facts", "get", 200>;
export type VerdictLevel = StreamFacts["verdict"]["level"];
export type FactsPoint = Answer<"/api/v1/cameras/{id}/facts/history", "get", 200>["points"][number];
export type NodePoint = Answer<"/api/v1/node/history", "get", 200>["points"][number];
