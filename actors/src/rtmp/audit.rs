use std::net::IpAddr;

use eyrie_types::{Actor, AuditId, AuditOutcome, AuditRecord, CameraId, RequestId, TenantId};

use crate::context::NodeContext;

/// Writes down that somebody publishes, or wanted to. Never the key, nor a part of it. Bounded by what one address may try.
pub(super) async fn audit(
    node: &NodeContext,
    tenant: TenantId,
    camera: Option<CameraId>,
    remote: IpAddr,
    outcome: AuditOutcome,
) {
    let record = AuditRecord {
        id: AuditId::generate(),
        tenant,
        time: node.clock.now(),
        actor: Actor::Anonymous,
        action: "camera.publish".to_owned(),
        object: camera.map_or_else(|| "cameras".to_owned(), |camera| format!("cameras/{camera}")),
        remote: remote.to_canonical().to_string(),
        request: RequestId::generate(),
        outcome,
    };
    if let Err(error) = node.store.append_audit(record).await {
        metrics::counter!("eyrie_audit_records_lost_total").increment(1);
        tracing::error!(%error, %remote, "an audit record of a publisher could not be stored");
    }
}
