//! From the directory to the node that runs its cameras.

use eyrie_actors::{NodeError, NodeHandle};
use eyrie_storage::keys::{KeyError, SealContext, Sealer};
use eyrie_storage::store::StoredCamera;
use eyrie_types::{Camera, CameraState, Secret, SourceSpec};

use crate::camera_changes::CAMERA_PASSWORD;

/// A camera with its password opened, ready to be handed to the node that runs it.
///
/// # Errors
/// When the password was sealed under another master key, for another camera, or is damaged.
fn open_camera(sealer: &Sealer, stored: StoredCamera) -> Result<Camera, KeyError> {
    let StoredCamera { mut camera, password } = stored;
    if let (SourceSpec::Rtsp(rtsp), Some(sealed)) = (&mut camera.spec.source, password) {
        let object = camera.id.to_string();
        let context = SealContext { tenant: &camera.tenant, purpose: CAMERA_PASSWORD, object: &object };
        let opened = sealer.open(context, sealed.as_bytes())?;
        rtsp.password = Some(Secret::new(String::from_utf8_lossy(&opened)));
    }
    Ok(camera)
}

/// Hands a camera of the directory to the node. One whose password cannot be opened is shown as refused, and the others run.
///
/// # Errors
/// When the node takes no commands.
pub async fn run_camera(node: &NodeHandle, sealer: &Sealer, stored: StoredCamera) -> Result<(), NodeError> {
    let (id, tenant) = (stored.camera.id, stored.camera.tenant.clone());
    match open_camera(sealer, stored) {
        Ok(camera) => node.put_camera(camera).await,
        Err(error) => {
            tracing::error!(camera = %id, %error, "the camera's password cannot be opened; set it again");
            node.remove_camera(id).await?;
            node.put_unrunnable(
                &tenant,
                id,
                CameraState::Refused,
                "its stored password cannot be opened; set it again",
            );
            Ok(())
        }
    }
}
