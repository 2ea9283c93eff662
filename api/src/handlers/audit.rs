use std::time::Duration;

use axum::Json;
use axum::extract::State;
use eyrie_types::WallTime;

use super::page;
use crate::extract::{ApiQuery, range_of};
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
    // The log is read in pages, so any length will do.
    let range = range_of(from, to, Duration::MAX)?;
    let cursor = page::cursor(query.cursor);
    let found = state.store().audit(&caller.tenant, range, cursor.as_ref(), page::limit(query.limit)?).await?;
    Ok(Json(AuditPage { items: found.items, next_cursor: page::next(found.next_cursor) }))
}
