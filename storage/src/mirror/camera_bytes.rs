//! A camera's spec as bytes, for the mirror and for a node that asks another for it: JSON, as the store keeps specs. What a newer
//! release adds, an older one refuses, rather than run a camera half as it was meant.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use eyrie_types::{Camera, CameraId, CameraSpec, TenantId, WallTime};
use serde::{Deserialize, Serialize};

use super::MirrorError;
use crate::store::{SealedSecret, StoredCamera};

/// Longest spec, as bytes: every node of a cell keeps those of all cameras.
pub const CAMERA_BYTES_MAX: usize = 4096;

/// How the bytes are laid out.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Fields<'a> {
    v: u32,
    tenant: TenantId,
    id: CameraId,
    revision: u64,
    created_us: i64,
    updated_us: i64,
    spec: std::borrow::Cow<'a, CameraSpec>,
    /// The sealed password, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

/// The bytes of `stored`, at most [`CAMERA_BYTES_MAX`]. Its password stays sealed; name and address are readable in them.
///
/// # Errors
/// [`MirrorError::TooLong`].
pub fn camera_to_bytes(stored: &StoredCamera) -> Result<Vec<u8>, MirrorError> {
    let camera = &stored.camera;
    let fields = Fields {
        v: VERSION,
        tenant: camera.tenant.clone(),
        id: camera.id,
        revision: camera.revision,
        created_us: camera.created_at.as_unix_us(),
        updated_us: camera.updated_at.as_unix_us(),
        spec: std::borrow::Cow::Borrowed(&camera.spec),
        password: stored.password.as_ref().map(|sealed| STANDARD_NO_PAD.encode(sealed.as_bytes())),
    };
    // Only maps with keys other than texts fail, and there is none.
    let bytes = serde_json::to_vec(&fields).map_err(|_| MirrorError::NotACamera)?;
    if bytes.len() > CAMERA_BYTES_MAX {
        return Err(MirrorError::TooLong { camera: camera.id, bytes: bytes.len(), max: CAMERA_BYTES_MAX });
    }
    Ok(bytes)
}

/// The camera that [`camera_to_bytes`] wrote.
///
/// # Errors
/// [`MirrorError::NotACamera`].
pub fn camera_from_bytes(bytes: &[u8]) -> Result<StoredCamera, MirrorError> {
    let wrong = MirrorError::NotACamera;
    if bytes.len() > CAMERA_BYTES_MAX {
        return Err(wrong);
    }
    let fields: Fields<'_> = serde_json::from_slice(bytes).map_err(|_| wrong.clone())?;
    if fields.v != VERSION {
        return Err(wrong);
    }
    let password = fields.password.map(|text| STANDARD_NO_PAD.decode(text)).transpose().map_err(|_| wrong)?;
    Ok(StoredCamera {
        camera: Camera {
            id: fields.id,
            tenant: fields.tenant,
            revision: fields.revision,
            created_at: WallTime::from_unix_us(fields.created_us),
            updated_at: WallTime::from_unix_us(fields.updated_us),
            spec: fields.spec.into_owned(),
        },
        password: password.map(SealedSecret::new),
    })
}
