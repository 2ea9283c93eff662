use std::collections::BTreeMap;
use std::sync::Arc;

use eyrie_types::{CameraId, Epoch, Slot, TenantId};

use super::entry::Entry;
use super::record::record_bytes;
use super::{MIRROR_CAMERAS_MAX, MIRROR_SPENT_MAX, MIRROR_TENANT_KEYS_MAX, MirrorError};

/// A camera as it is kept.
#[derive(Debug, Clone)]
pub(super) struct KeptCamera {
    pub(super) revision: u64,
    pub(super) sealed: Arc<[u8]>,
}

/// A spent epoch as it is kept.
#[derive(Debug, Clone)]
pub(super) struct KeptEpoch {
    pub(super) epoch: Epoch,
    sealed: Arc<[u8]>,
}

/// What the file says, newest first of each: sealed, as it stands there.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) cameras: BTreeMap<(TenantId, CameraId), KeptCamera>,
    pub(super) tenant_keys: BTreeMap<(TenantId, u32), Arc<[u8]>>,
    /// The highest epoch spent on each placement.
    pub(super) spent: BTreeMap<(TenantId, CameraId, Slot), KeptEpoch>,
    /// Bytes of the records that still count.
    live_bytes: usize,
}

impl Contents {
    /// Whether `entry` says anything new, and may.
    ///
    /// # Errors
    /// [`MirrorError::Full`].
    pub(super) fn admits(&self, entry: &Entry) -> Result<bool, MirrorError> {
        match entry {
            Entry::Camera(stored) => {
                let key = (stored.camera.tenant.clone(), stored.camera.id);
                match self.cameras.get(&key) {
                    Some(kept) => Ok(kept.revision < stored.camera.revision),
                    None if self.cameras.len() >= MIRROR_CAMERAS_MAX => Err(MirrorError::Full(MIRROR_CAMERAS_MAX)),
                    None => Ok(true),
                }
            }
            Entry::CameraGone(tenant, id) => Ok(self.cameras.contains_key(&(tenant.clone(), *id))),
            Entry::TenantKey(row) => {
                let known = self.tenant_keys.contains_key(&(row.tenant.clone(), row.version));
                if !known && self.tenant_keys.len() >= MIRROR_TENANT_KEYS_MAX {
                    return Err(MirrorError::Full(MIRROR_TENANT_KEYS_MAX));
                }
                Ok(true)
            }
            Entry::Spent(spent) => {
                let key = (spent.tenant.clone(), spent.camera, spent.slot);
                match self.spent.get(&key) {
                    Some(kept) => Ok(kept.epoch < spent.epoch),
                    None if self.spent.len() >= MIRROR_SPENT_MAX => Err(MirrorError::Full(MIRROR_SPENT_MAX)),
                    None => Ok(true),
                }
            }
        }
    }

    /// Takes over what the next record of the file says.
    pub(super) fn apply(&mut self, entry: &Entry, sealed: Arc<[u8]>) {
        let bytes = record_bytes(sealed.len());
        let before = match entry {
            Entry::Camera(stored) => {
                let key = (stored.camera.tenant.clone(), stored.camera.id);
                let revision = stored.camera.revision;
                if self.cameras.get(&key).is_some_and(|kept| kept.revision >= revision) {
                    return;
                }
                self.live_bytes += bytes;
                self.cameras.insert(key, KeptCamera { revision, sealed }).map(|kept| kept.sealed)
            }
            Entry::CameraGone(tenant, id) => {
                for slot in [Slot::OWNER, Slot::TWIN] {
                    let spent = self.spent.remove(&(tenant.clone(), *id, slot));
                    self.live_bytes -= spent.map_or(0, |kept| record_bytes(kept.sealed.len()));
                }
                self.cameras.remove(&(tenant.clone(), *id)).map(|kept| kept.sealed)
            }
            Entry::TenantKey(row) => {
                self.live_bytes += bytes;
                self.tenant_keys.insert((row.tenant.clone(), row.version), sealed)
            }
            Entry::Spent(spent) => {
                let (key, epoch) = ((spent.tenant.clone(), spent.camera, spent.slot), spent.epoch);
                if self.spent.get(&key).is_some_and(|kept| kept.epoch >= epoch) {
                    return;
                }
                self.live_bytes += bytes;
                self.spent.insert(key, KeptEpoch { epoch, sealed }).map(|kept| kept.sealed)
            }
        };
        self.live_bytes -= before.map_or(0, |sealed| record_bytes(sealed.len()));
    }

    /// Bytes a file of nothing but what counts would have.
    pub(super) fn live_bytes(&self) -> usize {
        self.live_bytes
    }

    /// The sealed entries that count.
    pub(super) fn sealed(&self) -> impl Iterator<Item = &Arc<[u8]>> {
        let cameras = self.cameras.values().map(|kept| &kept.sealed);
        self.tenant_keys.values().chain(cameras).chain(self.spent.values().map(|kept| &kept.sealed))
    }

    /// Tells the metrics.
    pub(super) fn measure(&self, file_bytes: u64) {
        metrics::gauge!("eyrie_mirror_cameras").set(self.cameras.len() as f64);
        metrics::gauge!("eyrie_mirror_tenant_keys").set(self.tenant_keys.len() as f64);
        metrics::gauge!("eyrie_mirror_bytes").set(file_bytes as f64);
    }
}
