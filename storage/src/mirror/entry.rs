use eyrie_types::{CameraId, Epoch, Slot, TenantId};
use serde::{Deserialize, Serialize};

use super::camera_bytes::{camera_from_bytes, camera_to_bytes};
use super::tenant_key_bytes::{tenant_key_from_bytes, tenant_key_to_bytes};
use super::{CAMERA_BYTES_MAX, MirrorError};
use crate::keys::{KeyError, SealContext, Sealer};
use crate::store::{StoredCamera, TenantKeyRow};

/// Longest sealed entry: a camera, its kind, and what sealing adds (37 bytes).
pub(super) const SEALED_BYTES_MAX: usize = CAMERA_BYTES_MAX + 64;

/// What one record of the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// A camera is this.
    Camera(Box<StoredCamera>),
    /// A camera is gone.
    CameraGone(TenantId, CameraId),
    /// A tenant has this key pair.
    TenantKey(TenantKeyRow),
    /// This node is about to use an epoch for a placement.
    Spent(SpentEpoch),
}

/// An epoch that was used, or may have been, by an incarnation on this node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpentEpoch {
    /// Whose camera.
    pub tenant: TenantId,
    /// Which camera.
    pub camera: CameraId,
    /// Owner or twin.
    pub slot: Slot,
    /// The epoch.
    pub epoch: Epoch,
}

#[derive(Serialize, Deserialize)]
struct Gone {
    tenant: TenantId,
    id: CameraId,
}

const CAMERA: u8 = 1;
const CAMERA_GONE: u8 = 2;
const TENANT_KEY: u8 = 3;
const SPENT: u8 = 4;

impl Entry {
    /// Sealed as the file keeps it: names, addresses and ids are nobody's business who reads the disk.
    ///
    /// # Errors
    /// A camera that is too long; no random bytes.
    pub(super) fn seal(&self, sealer: &Sealer) -> Result<Vec<u8>, MirrorError> {
        let json = |value: serde_json::Result<Vec<u8>>| value.map_err(|_| MirrorError::NotACamera);
        let (kind, body) = match self {
            Self::Camera(stored) => (CAMERA, camera_to_bytes(stored)?),
            Self::CameraGone(tenant, id) => {
                (CAMERA_GONE, json(serde_json::to_vec(&Gone { tenant: tenant.clone(), id: *id }))?)
            }
            Self::TenantKey(row) => (TENANT_KEY, tenant_key_to_bytes(row)?),
            Self::Spent(spent) => (SPENT, json(serde_json::to_vec(spent))?),
        };
        let plain = [&[kind], &body[..]].concat();
        Ok(sealer.seal(context(&TenantId::default_tenant()), &plain)?)
    }

    /// Opens what [`Entry::seal`] made.
    ///
    /// # Errors
    /// When it was changed, is of a newer release, or was sealed under another master key.
    pub(super) fn open(sealer: &Sealer, sealed: &[u8]) -> Result<Self, KeyError> {
        let plain = sealer.open(context(&TenantId::default_tenant()), sealed)?;
        Self::read(&plain).ok_or(KeyError::Refused("mirror entry"))
    }

    fn read(plain: &[u8]) -> Option<Self> {
        let (kind, body) = plain.split_first()?;
        Some(match *kind {
            CAMERA => Self::Camera(Box::new(camera_from_bytes(body).ok()?)),
            CAMERA_GONE => {
                let Gone { tenant, id } = serde_json::from_slice(body).ok()?;
                Self::CameraGone(tenant, id)
            }
            TENANT_KEY => Self::TenantKey(tenant_key_from_bytes(body).ok()?),
            SPENT => Self::Spent(serde_json::from_slice(body).ok()?),
            _ => return None,
        })
    }
}

/// The entries' tenants are inside, sealed; to the sealer all are the node's own.
fn context(tenant: &TenantId) -> SealContext<'_> {
    SealContext { tenant, purpose: "mirror", object: "entry" }
}
