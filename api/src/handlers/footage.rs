use std::time::Duration;

use axum::Json;
use axum::extract::State;
use eyrie_storage::ledger::{Ledger, LedgerRows};
use eyrie_storage::store::StoreError;
use eyrie_types::{CameraId, TenantId, TimeRange, WallTime};

use crate::extract::{ApiPath, ApiQuery, range_or};
use crate::model::{GapsAnswer, RangeQuery, RecordingsAnswer};
use crate::principal::{Authorized, Principal};
use crate::{GatewayState, Problem};

/// The range unless asked otherwise, ending at `to`.
const RANGE_DEFAULT: Duration = Duration::from_secs(24 * 3600);
/// The longest range: a month of a camera's segments is some thousand rows.
const RANGE_MAX: Duration = Duration::from_secs(31 * 24 * 3600);

/// Lists what is recorded.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/recordings", tag = "footage",
    params(("id" = CameraId, Path, description = "Which camera."), RangeQuery),
    responses((status = 200, description = "What is recorded in the range.", body = RecordingsAnswer)))]
pub(crate) async fn list_recordings(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<CameraId>,
    ApiQuery(query): ApiQuery<RangeQuery>,
) -> Result<Json<RecordingsAnswer>, Problem> {
    let ledger = ledger(&state, &caller, id, &query).await?;
    Ok(Json(RecordingsAnswer { spans: ledger.spans }))
}

/// Lists what is missing, and why.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/gaps", tag = "footage",
    params(("id" = CameraId, Path, description = "Which camera."), RangeQuery),
    responses((status = 200, description = "What is missing in the range.", body = GapsAnswer)))]
pub(crate) async fn list_gaps(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<CameraId>,
    ApiQuery(query): ApiQuery<RangeQuery>,
) -> Result<Json<GapsAnswer>, Problem> {
    let Ledger { gaps, summary, .. } = ledger(&state, &caller, id, &query).await?;
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
async fn ledger(state: &GatewayState, caller: &Principal, id: CameraId, query: &RangeQuery) -> Result<Ledger, Problem> {
    let now = state.clock().now();
    let range = range_or(query.from, query.to, now, RANGE_DEFAULT, RANGE_MAX)?;
    check_known(state, &caller.tenant, id).await?;
    ledger_of(state, &caller.tenant, id, range, now).await
}

/// Passes for a camera of the tenant, deleted or not.
pub(super) async fn check_known(state: &GatewayState, tenant: &TenantId, id: CameraId) -> Result<(), Problem> {
    let known = state.directory().camera(tenant, id).await?.is_some()
        || state.store().deleted_camera(tenant, id).await?.is_some();
    if known { Ok(()) } else { Err(StoreError::NotFound("camera").into()) }
}

/// The account of a camera over `range`: the index, and what is durable but not in it yet.
pub(super) async fn ledger_of(
    state: &GatewayState,
    tenant: &TenantId,
    id: CameraId,
    range: TimeRange,
    now: WallTime,
) -> Result<Ledger, Problem> {
    let tail = state.node().open_tail(id);
    let mut rows: LedgerRows = state.store().ledger_rows(tenant, id, state.node_id(), range).await?;
    rows.replace(tail.into_iter().map(|tail| tail.row), range);
    Ok(Ledger::of(&rows, range, now))
}
