//! Who hears of changes of the camera directory: whoever keeps a copy of it in memory.

use std::sync::{Arc, PoisonError, RwLock, Weak};

use eyrie_types::{CameraId, TenantId};

use super::StoredCamera;

/// Told of each change once it is durable, in the order of the changes and before the caller who made it hears of it: a copy
/// that follows is never behind an answer. Called on the thread that all writes wait for, so it must be done in microseconds
/// and must not call the store.
pub trait CameraWatch: Send + Sync {
    /// A camera is this from now on; its revision says which of two comes later.
    fn put(&self, camera: &StoredCamera);

    /// A camera is gone. Its id is never used again.
    fn gone(&self, tenant: &TenantId, camera: CameraId);

    /// The name of a site changed: searches look through it, too.
    fn site_renamed(&self, tenant: &TenantId);
}

/// Those who watch; few, and each gone once its owner is.
#[derive(Clone, Default)]
pub(super) struct CameraWatches(Arc<RwLock<Vec<Weak<dyn CameraWatch>>>>);

impl CameraWatches {
    pub(super) fn add(&self, watch: Weak<dyn CameraWatch>) {
        let mut watches = self.0.write().unwrap_or_else(PoisonError::into_inner);
        watches.retain(|watch| watch.strong_count() > 0);
        watches.push(watch);
    }

    pub(super) fn tell(&self, what: impl Fn(&dyn CameraWatch)) {
        let watches = self.0.read().unwrap_or_else(PoisonError::into_inner);
        watches.iter().filter_map(Weak::upgrade).for_each(|watch| what(&*watch));
    }
}
