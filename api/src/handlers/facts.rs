use std::time::Duration;

use axum::Json;
use axum::extract::State;
use eyrie_storage::facts::{HOURS_KEPT, StepPlan};
use eyrie_types::{CameraId, TimeRange};

use crate::extract::{ApiPath, ApiQuery, range_or};
use crate::known_camera::known_camera;
use crate::model::{FactsAnswer, FactsHistoryAnswer, FactsPoint, HistoryQuery, NodeHistoryAnswer, NodeHistoryPoint};
use crate::principal::{Authorized, Principal};
use crate::{GatewayState, Problem};

/// The history unless asked otherwise.
const RANGE_DEFAULT: Duration = Duration::from_secs(3600);
/// Points of a history: a wide screen, and the most a client may ask for.
const POINTS: (u32, u32) = (1000, 5000);

/// Shows what a camera sends now.
///
/// Bitrate, frame rate, GOP, jitter, losses and viewers of the last second, and a verdict with reasons. WebSockets give the
/// same every second, see `watch_facts`.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/facts", tag = "cameras",
    params(("id" = CameraId, Path, description = "Which camera.")),
    responses((status = 200, description = "The facts.", body = FactsAnswer)))]
pub(crate) async fn get_facts(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<CameraId>,
) -> Result<Json<FactsAnswer>, Problem> {
    match state.node().facts(&caller.tenant, id) {
        Some(facts) => Ok(Json(facts.into())),
        None => {
            known_camera(&state, &caller.tenant, id).await?;
            Ok(Json(eyrie_actors::StreamFacts::none(state.clock().now()).into()))
        }
    }
}

/// Shows what a camera sent.
///
/// In steps of a second (of the last hour, since the node started), a minute (of the last week) or an hour (of two years):
/// the finest that is kept for the whole range and gives at most `points` points.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/facts/history", tag = "cameras",
    params(("id" = CameraId, Path, description = "Which camera."), HistoryQuery),
    responses((status = 200, description = "The history.", body = FactsHistoryAnswer)))]
pub(crate) async fn get_facts_history(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<CameraId>,
    ApiQuery(query): ApiQuery<HistoryQuery>,
) -> Result<Json<FactsHistoryAnswer>, Problem> {
    let (range, plan) = asked(&state, &query)?;
    known_camera(&state, &caller.tenant, id).await?;
    let points = state.node().facts_history(&caller.tenant, id, range, plan).await?;
    let points = points.into_iter().map(|(at, point)| FactsPoint::of(at, point)).collect();
    Ok(Json(FactsHistoryAnswer { step_s: plan.step_s(), points }))
}

/// Shows how the node did.
///
/// In steps as a camera's history has them.
#[utoipa::path(get, path = "/api/v1/node/history", tag = "node", params(HistoryQuery),
    responses((status = 200, description = "The history.", body = NodeHistoryAnswer)))]
pub(crate) async fn get_node_history(
    State(state): State<GatewayState>,
    _caller: Authorized<Principal>,
    ApiQuery(query): ApiQuery<HistoryQuery>,
) -> Result<Json<NodeHistoryAnswer>, Problem> {
    let (range, plan) = asked(&state, &query)?;
    let points = state.node().history(range, plan).await?;
    let points = points.into_iter().map(|(at, point)| NodeHistoryPoint::of(at, point)).collect();
    Ok(Json(NodeHistoryAnswer { step_s: plan.step_s(), points }))
}

fn asked(state: &GatewayState, query: &HistoryQuery) -> Result<(TimeRange, StepPlan), Problem> {
    let now = state.clock().now();
    let range = range_or(query.from, query.to, now, RANGE_DEFAULT, HOURS_KEPT)?;
    let points = query.points.unwrap_or(POINTS.0);
    if !(1..=POINTS.1).contains(&points) {
        return Err(Problem::query("points", format!("must be 1 to {}", POINTS.1)));
    }
    Ok((range, StepPlan::of(range, now, points)))
}
