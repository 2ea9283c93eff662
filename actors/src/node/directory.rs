use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use eyrie_cluster::{Desired, EpochReserve, PlacementKey};
use eyrie_types::{Camera, CameraId, Epoch, Slot};
use ractor::ActorRef;

use crate::camera::CameraMessage;
use crate::context::CameraContext;
use crate::live::LiveState;

/// A camera that runs.
#[derive(Clone)]
pub(crate) struct RunningCamera {
    pub(crate) context: Arc<CameraContext>,
    pub(crate) live: Arc<LiveState>,
    pub(crate) actor: ActorRef<CameraMessage>,
    pub(crate) revision: u64,
}

/// What outlives the camera supervisor: which cameras this node should run and does run, and which epochs they may take. Held
/// for lookups and single changes, never across a wait.
pub(crate) struct Directory {
    inner: Mutex<Inner>,
}

pub(crate) struct Inner {
    pub(crate) cameras: BTreeMap<PlacementKey, Camera>,
    pub(crate) running: BTreeMap<PlacementKey, RunningCamera>,
    pub(crate) last_epochs: BTreeMap<PlacementKey, Epoch>,
    pub(crate) reserve: EpochReserve,
}

impl Directory {
    pub(crate) fn new(first: Epoch) -> Self {
        let inner = Inner {
            cameras: BTreeMap::new(),
            running: BTreeMap::new(),
            last_epochs: BTreeMap::new(),
            reserve: EpochReserve::new(first),
        };
        Self { inner: Mutex::new(inner) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The running owner of a camera.
    pub(crate) fn owner(&self, camera: CameraId) -> Option<RunningCamera> {
        let inner = self.lock();
        let mut found = inner.running.iter().filter(|(key, _)| key.camera == camera && key.slot == Slot::OWNER);
        found.next().map(|(_, running)| running.clone())
    }
}

impl Inner {
    pub(crate) fn desired(&self) -> BTreeMap<PlacementKey, Desired> {
        let desired = |camera: &Camera| Desired { revision: camera.revision, enabled: camera.spec.enabled };
        self.cameras.iter().map(|(key, camera)| (key.clone(), desired(camera))).collect()
    }
}
