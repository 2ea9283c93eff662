use crate::model::{AuditPage, AuditQuery};

/// Reads the audit log, latest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, description = "A page of the log.", body = AuditPage)))]
pub(crate) fn list_audit() {}
