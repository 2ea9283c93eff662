//! A tenant's wrapped key pair as bytes, for the mirror and for a node that asks another for it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use eyrie_types::{TenantId, WallTime};
use serde::{Deserialize, Serialize};

use super::{CAMERA_BYTES_MAX, MirrorError};
use crate::store::{SealedSecret, TenantKeyRow};

/// How the bytes are laid out.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Fields {
    v: u32,
    tenant: TenantId,
    version: u32,
    public: String,
    wrapped: String,
    created_us: i64,
}

/// The bytes of `row`: its private key stays wrapped by the master key.
///
/// # Errors
/// [`MirrorError::NotATenantKey`] when its values are longer than any key.
pub fn tenant_key_to_bytes(row: &TenantKeyRow) -> Result<Vec<u8>, MirrorError> {
    let fields = Fields {
        v: VERSION,
        tenant: row.tenant.clone(),
        version: row.version,
        public: STANDARD_NO_PAD.encode(&row.public),
        wrapped: STANDARD_NO_PAD.encode(row.wrapped.as_bytes()),
        created_us: row.created_at.as_unix_us(),
    };
    let bytes = serde_json::to_vec(&fields).map_err(|_| MirrorError::NotATenantKey)?;
    if bytes.len() > CAMERA_BYTES_MAX { Err(MirrorError::NotATenantKey) } else { Ok(bytes) }
}

/// The key pair that [`tenant_key_to_bytes`] wrote.
///
/// # Errors
/// [`MirrorError::NotATenantKey`].
pub fn tenant_key_from_bytes(bytes: &[u8]) -> Result<TenantKeyRow, MirrorError> {
    let wrong = || MirrorError::NotATenantKey;
    if bytes.len() > CAMERA_BYTES_MAX {
        return Err(wrong());
    }
    let fields: Fields = serde_json::from_slice(bytes).map_err(|_| wrong())?;
    if fields.v != VERSION {
        return Err(wrong());
    }
    Ok(TenantKeyRow {
        tenant: fields.tenant,
        version: fields.version,
        public: STANDARD_NO_PAD.decode(fields.public).map_err(|_| wrong())?,
        wrapped: SealedSecret::new(STANDARD_NO_PAD.decode(fields.wrapped).map_err(|_| wrong())?),
        created_at: WallTime::from_unix_us(fields.created_us),
    })
}
