use std::time::Duration;

use axum::Json;
use axum::extract::State;
use eyrie_storage::ledger::{Ledger, LedgerRows};
use eyrie_storage::store::StoreError;
use eyrie_types::{CameraId, SegmentRow, TimeRange, TimeRangeError};

use crate::extract::{ApiPath, ApiQuery};
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
        missing_s: summary.missing_s(),
        pending_s: summary.pending_us as f64 / 1e6,
    }))
}

/// The account of a camera, deleted or not, over the range asked for: the index, and what is durable but not in it yet.
async fn ledger(state: &GatewayState, caller: &Principal, id: CameraId, query: &RangeQuery) -> Result<Ledger, Problem> {
    ledger_of(state, caller, id, range(query, state.clock().now())?).await
}

/// The account of a camera, deleted or not, over `range`.
pub(super) async fn ledger_of(
    state: &GatewayState,
    caller: &Principal,
    id: CameraId,
    range: TimeRange,
) -> Result<Ledger, Problem> {
    let now = state.clock().now();
    let known = state.store().camera(&caller.tenant, id).await?.is_some()
        || state.store().deleted_camera(&caller.tenant, id).await?.is_some();
    if !known {
        return Err(StoreError::NotFound("camera").into());
    }
    let tail = state.node().open_tail(id);
    let mut rows: LedgerRows = state.store().ledger_rows(&caller.tenant, id, state.node_id(), range).await?;
    replace(&mut rows.segments, tail.into_iter().map(|tail| tail.row), range);
    Ok(Ledger::of(&rows, range, now))
}

/// Rows of the tail are newer than those of the same segment in the index.
fn replace(rows: &mut Vec<SegmentRow>, tail: impl Iterator<Item = SegmentRow>, range: TimeRange) {
    for row in tail.filter(|row| row.start < range.end && row.end > range.start) {
        rows.retain(|old| old.segment != row.segment);
        rows.push(row);
    }
}

fn range(query: &RangeQuery, now: eyrie_types::WallTime) -> Result<TimeRange, Problem> {
    let to = query.to.unwrap_or(now);
    let from = query.from.unwrap_or_else(|| to - RANGE_DEFAULT);
    TimeRange::bounded(from, to, RANGE_MAX).map_err(|error| {
        let field = match error {
            TimeRangeError::Reversed { .. } => "from",
            TimeRangeError::TooLong { .. } => "to",
        };
        Problem::query(field, error.to_string())
    })
}
