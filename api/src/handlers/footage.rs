use std::collections::BTreeSet;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use eyrie_storage::ledger::{Ledger, LedgerRows};
use eyrie_types::{CameraId, NodeId, TenantId, TimeRange, WallTime};

use crate::extract::{ApiPath, ApiQuery, range_or};
use crate::known_camera::known_camera;
use crate::model::{GapsAnswer, RangeQuery, RecordingsAnswer};
use crate::principal::{Authorized, Principal};
use crate::{GatewayState, Problem};

/// The range unless asked otherwise, ending at `to`.
const RANGE_DEFAULT: Duration = Duration::from_secs(24 * 3600);
/// The longest range: a month of a camera's segments is some thousand rows.
const RANGE_MAX: Duration = Duration::from_secs(31 * 24 * 3600);

/// Lists what is recorded.
///
/// By whichever nodes: each moment once, with the recordings that hold it and the node that each lies on. What lies only on nodes
/// that do not answer now is not `available`; they are named in `unreachable`, and what they hold counts as no copy.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/recordings", tag = "footage",
    params(("id" = CameraId, Path, description = "Which camera."), RangeQuery),
    responses((status = 200, description = "What is recorded in the range.", body = RecordingsAnswer)))]
pub(crate) async fn list_recordings(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<CameraId>,
    ApiQuery(query): ApiQuery<RangeQuery>,
) -> Result<Json<RecordingsAnswer>, Problem> {
    let (ledger, silent) = ledger(&state, &caller, id, &query).await?;
    Ok(Json(RecordingsAnswer::of(ledger, &silent)))
}

/// Lists what is missing, and why.
///
/// What lies only on nodes that do not answer now is missing for as long as that lasts, with the cause `node_unreachable`.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/gaps", tag = "footage",
    params(("id" = CameraId, Path, description = "Which camera."), RangeQuery),
    responses((status = 200, description = "What is missing in the range.", body = GapsAnswer)))]
pub(crate) async fn list_gaps(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<CameraId>,
    ApiQuery(query): ApiQuery<RangeQuery>,
) -> Result<Json<GapsAnswer>, Problem> {
    let (Ledger { gaps, summary, .. }, _) = ledger(&state, &caller, id, &query).await?;
    Ok(Json(GapsAnswer {
        gaps,
        expected_s: summary.expected_s(),
        durable_s: summary.durable_s(),
        deleted_s: summary.deleted_s(),
        missing_s: summary.missing_s(),
        pending_s: summary.pending_s(),
    }))
}

/// The account of a camera, deleted or not, over the range asked for.
async fn ledger(
    state: &GatewayState,
    caller: &Principal,
    id: CameraId,
    query: &RangeQuery,
) -> Result<(Ledger, BTreeSet<NodeId>), Problem> {
    let now = state.clock().now();
    let range = range_or(query.from, query.to, now, RANGE_DEFAULT, RANGE_MAX)?;
    known_camera(state, &caller.tenant, id).await?;
    ledger_without_silent(state, &caller.tenant, id, range, now).await
}

/// The account of a camera over `range`: the index, and what is durable but not in it yet.
pub(super) async fn ledger_of(
    state: &GatewayState,
    tenant: &TenantId,
    id: CameraId,
    range: TimeRange,
    now: WallTime,
) -> Result<Ledger, Problem> {
    Ok(Ledger::of(&rows(state, tenant, id, range).await?, range, now))
}

/// The same as it can be shown now: without what lies on nodes that do not answer.
pub(super) async fn shown_ledger(
    state: &GatewayState,
    tenant: &TenantId,
    id: CameraId,
    range: TimeRange,
    now: WallTime,
) -> Result<Ledger, Problem> {
    Ok(ledger_without_silent(state, tenant, id, range, now).await?.0)
}

/// As [`shown_ledger`], with the nodes that do not answer.
pub(super) async fn ledger_without_silent(
    state: &GatewayState,
    tenant: &TenantId,
    id: CameraId,
    range: TimeRange,
    now: WallTime,
) -> Result<(Ledger, BTreeSet<NodeId>), Problem> {
    let rows = rows(state, tenant, id, range).await?;
    let silent = state.node().footage().silent(&rows.segments, &rows.copies, range).await;
    Ok((Ledger::shown(&rows, &silent, range, now), silent))
}

async fn rows(state: &GatewayState, tenant: &TenantId, id: CameraId, range: TimeRange) -> Result<LedgerRows, Problem> {
    // Asked before the index, or what passes from here to there meanwhile is missed.
    let tail = state.node().tails(tenant, id).await;
    let mut rows: LedgerRows = state.store().ledger_rows(tenant, id, state.node_id(), range).await?;
    rows.replace(tail.into_iter().map(|tail| tail.row), range);
    Ok(rows)
}
