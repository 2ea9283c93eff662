use axum::Json;
use axum::extract::State;
use eyrie_types::{TimeRange, WallTime};

use super::page;
use crate::extract::ApiQuery;
use crate::model::{AuditPage, AuditQuery};
use crate::principal::{Authorized, Principal};
use crate::{GatewayState, Problem};

/// Reads the audit log, latest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, description = "A page of the log.", body = AuditPage)))]
pub(crate) async fn list_audit(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiQuery(query): ApiQuery<AuditQuery>,
) -> Result<Json<AuditPage>, Problem> {
    let from = query.from.unwrap_or(WallTime::EPOCH);
    let to = query.to.unwrap_or(WallTime::MAX);
    let range = TimeRange::new(from, to).map_err(|error| Problem::query("from", error.to_string()))?;
    let cursor = page::cursor(query.cursor);
    let found = state.store().audit(&caller.tenant, range, cursor.as_ref(), page::limit(query.limit)?).await?;
    Ok(Json(AuditPage { items: found.items, next_cursor: page::next(found.next_cursor) }))
}
