//! The cameras of a tenant as the node sees them.

use std::collections::BTreeMap;

use eyrie_storage::keys::{KeyError, SealContext, Sealer};
use eyrie_storage::store::{CAMERA_PAGE_MAX, CameraQuery, StoreError, StoredCamera};
use eyrie_types::{Camera, CameraId, CameraStatus, Secret, SourceSpec, TenantId};

use crate::GatewayState;
use crate::camera_changes::{CAMERA_PASSWORD, status};

/// A camera with its password opened, ready to be handed to the node that runs it.
///
/// # Errors
/// When the password was sealed under another master key, for another camera, or is damaged.
pub fn open_camera(sealer: &Sealer, stored: StoredCamera) -> Result<Camera, KeyError> {
    let StoredCamera { mut camera, password } = stored;
    if let (SourceSpec::Rtsp(rtsp), Some(sealed)) = (&mut camera.spec.source, password) {
        let object = camera.id.to_string();
        let context = SealContext { tenant: &camera.tenant, purpose: CAMERA_PASSWORD, object: &object };
        let opened = sealer.open(context, sealed.as_bytes())?;
        rtsp.password = Some(Secret::new(String::from_utf8_lossy(&opened)));
    }
    Ok(camera)
}

/// What every camera of `tenant` is doing. One pass over the directory, a page at a time.
///
/// # Errors
/// When the store does not answer.
pub(crate) async fn statuses(
    state: &GatewayState,
    tenant: &TenantId,
) -> Result<BTreeMap<CameraId, CameraStatus>, StoreError> {
    let mut statuses = BTreeMap::new();
    let mut cursor = None;
    loop {
        let query = CameraQuery { limit: CAMERA_PAGE_MAX, cursor, ..CameraQuery::default() };
        let page = state.store().cameras(tenant, query).await?;
        statuses.extend(page.items.iter().map(|stored| (stored.camera.id, status(state, &stored.camera))));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(statuses);
        }
    }
}
