use eyrie_storage::store::StoreError;
use eyrie_types::{CameraId, TenantId};

use crate::{GatewayState, Problem};

/// The name of a camera of the tenant, deleted or not: what it recorded stays.
///
/// # Errors
/// 404 when the tenant never had it.
pub(crate) async fn known_camera(state: &GatewayState, tenant: &TenantId, id: CameraId) -> Result<String, Problem> {
    if let Some(stored) = state.store().camera(tenant, id).await? {
        return Ok(stored.camera.spec.name);
    }
    let deleted = state.store().deleted_camera(tenant, id).await?;
    Ok(deleted.ok_or(StoreError::NotFound("camera"))?.name)
}
