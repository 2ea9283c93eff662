use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use eyrie_cluster::{Desired, PlacementKey, Running};
use eyrie_types::{CameraId, Epoch, Placement, Slot, TenantId};
use ractor::ActorRef;

use super::Assignment;
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
    /// Its spec lets it record.
    pub(crate) records: bool,
}

/// What outlives the camera supervisor: which cameras this node should run and does run. Held
/// for lookups and single changes, never across a wait.
pub(crate) struct Directory {
    inner: Mutex<Inner>,
}

pub(crate) struct Inner {
    /// What each placement should be.
    assigned: BTreeMap<PlacementKey, Assignment>,
    /// Whose each camera is: the way from an id to its placement.
    tenants: HashMap<CameraId, TenantId>,
    pub(crate) running: BTreeMap<PlacementKey, RunningCamera>,
    /// Incarnations that were told to end and may still write: their last rows are not all with the index. Each is here for as
    /// long as the supervisor waits for its end.
    leaving: Vec<Arc<CameraContext>>,
    /// Incarnations that ended by themselves, of placements that were not assigned another since.
    fallen: BTreeMap<PlacementKey, Epoch>,
    /// The first epoch of each placement that this run of the node took.
    first_epochs: BTreeMap<PlacementKey, Epoch>,
}

impl Directory {
    pub(crate) fn new() -> Self {
        let inner = Inner {
            assigned: BTreeMap::new(),
            tenants: HashMap::new(),
            running: BTreeMap::new(),
            leaving: Vec::new(),
            fallen: BTreeMap::new(),
            first_epochs: BTreeMap::new(),
        };
        Self { inner: Mutex::new(inner) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The running owner of a camera.
    pub(crate) fn owner(&self, camera: CameraId) -> Option<RunningCamera> {
        let inner = self.lock();
        inner.running.get(&inner.key(camera)?).cloned()
    }

    /// The incarnations of a camera that write or may still write, those on their way out first.
    pub(crate) fn writing(&self, camera: CameraId) -> Vec<Arc<CameraContext>> {
        let inner = self.lock();
        let owner = inner.key(camera).and_then(|key| inner.running.get(&key));
        let leaving = inner.leaving.iter().filter(|context| context.placement.camera == camera);
        leaving.chain(owner.map(|running| &running.context)).cloned().collect()
    }

    /// What was on its way out is out: the index has its last rows, or what is known of them.
    pub(crate) fn left(&self, context: &Arc<CameraContext>) {
        context.leave_segment();
        self.lock().leaving.retain(|leaving| !Arc::ptr_eq(leaving, context));
    }

    /// Whether the tenant has such a camera here, running or not.
    pub(crate) fn knows(&self, tenant: &TenantId, camera: CameraId) -> bool {
        self.lock().tenants.get(&camera) == Some(tenant)
    }
}

impl Inner {
    /// Whether `placement` is an incarnation of this run of the node. Ask after what it wrote was seen: all that this run writes
    /// is known here first.
    pub(crate) fn is_of_this_run(&self, placement: &Placement) -> bool {
        let Placement { tenant, camera, slot, epoch } = placement;
        let key = PlacementKey { tenant: tenant.clone(), camera: *camera, slot: *slot };
        self.first_epochs.get(&key).is_some_and(|first| epoch >= first)
    }

    /// The placement of a camera that should be here: its owner's, or else its twin's.
    fn key(&self, camera: CameraId) -> Option<PlacementKey> {
        let tenant = self.tenants.get(&camera)?;
        let keys = [Slot::OWNER, Slot::TWIN].map(|slot| PlacementKey { tenant: tenant.clone(), camera, slot });
        keys.into_iter().find(|key| self.assigned.contains_key(key))
    }

    /// This is what the placement should be.
    pub(crate) fn put(&mut self, assignment: Assignment) -> PlacementKey {
        let key = assignment.key();
        self.tenants.insert(key.camera, key.tenant.clone());
        if self.fallen.get(&key).is_some_and(|fallen| *fallen != assignment.epoch) {
            self.fallen.remove(&key);
        }
        self.assigned.insert(key.clone(), assignment);
        key
    }

    /// The placement should not be here any more; whether it should have been.
    pub(crate) fn remove(&mut self, key: &PlacementKey) -> bool {
        let removed = self.assigned.remove(key).is_some();
        self.fallen.remove(key);
        if self.key(key.camera).is_none() {
            self.tenants.remove(&key.camera);
        }
        removed
    }

    /// What a placement should be.
    pub(crate) fn assignment(&self, key: &PlacementKey) -> Option<&Assignment> {
        self.assigned.get(key)
    }

    /// All placements that should be here, switched on or off.
    pub(crate) fn placements(&self) -> Vec<PlacementKey> {
        self.assigned.keys().cloned().collect()
    }

    /// The placements that are switched off.
    pub(crate) fn disabled(&self) -> Vec<PlacementKey> {
        let off = self.assigned.iter().filter(|(_, assignment)| !assignment.camera.spec.enabled);
        off.map(|(key, _)| key.clone()).collect()
    }

    /// What this node should run and what it runs, of one placement or of all.
    pub(crate) fn compared(
        &self,
        only: Option<&PlacementKey>,
    ) -> (BTreeMap<PlacementKey, Desired>, BTreeMap<PlacementKey, Running>) {
        let desired = |Assignment { camera, epoch, .. }: &Assignment| Desired {
            epoch: *epoch,
            revision: camera.revision,
            enabled: camera.spec.enabled,
        };
        let running = |camera: &RunningCamera| {
            let epoch = camera.context.placement.epoch;
            Running { epoch, revision: camera.revision }
        };
        let mut desired = picked(&self.assigned, only, desired);
        desired.retain(|key, want| self.fallen.get(key) != Some(&want.epoch));
        (desired, picked(&self.running, only, running))
    }

    /// An incarnation of a placement is about to start, before it writes anything. Answers whether this run had one before.
    pub(crate) fn begins(&mut self, key: &PlacementKey, epoch: Epoch) -> bool {
        *self.first_epochs.entry(key.clone()).or_insert(epoch) < epoch
    }

    /// An incarnation of a placement was started.
    pub(crate) fn started(&mut self, key: PlacementKey, running: RunningCamera) {
        self.running.insert(key, running);
    }

    /// An incarnation ended by itself: it is not started again.
    pub(crate) fn fell(&mut self, key: &PlacementKey, epoch: Epoch) {
        self.fallen.insert(key.clone(), epoch);
    }

    /// An incarnation is told to end: nobody is to use it any more, but what it writes meanwhile is footage all the same.
    pub(crate) fn leave(&mut self, key: &PlacementKey) -> Option<RunningCamera> {
        let running = self.running.remove(key)?;
        self.leaving.push(Arc::clone(&running.context));
        Some(running)
    }
}

/// One value of a map, or all, each seen through `view`.
fn picked<T, V>(
    map: &BTreeMap<PlacementKey, T>,
    only: Option<&PlacementKey>,
    view: impl Fn(&T) -> V,
) -> BTreeMap<PlacementKey, V> {
    match only {
        Some(key) => map.get_key_value(key).into_iter().map(|(key, value)| (key.clone(), view(value))).collect(),
        None => map.iter().map(|(key, value)| (key.clone(), view(value))).collect(),
    }
}
