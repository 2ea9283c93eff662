use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use eyrie_storage::store::{CameraPlace, CameraWatch, StoredCamera};
use eyrie_types::{CameraId, TenantId};

use super::Entry;

/// The mirror does not hold the whole directory: ask the store.
#[derive(Debug)]
pub(super) struct NotWhole;

/// A page of cameras by place.
#[derive(Debug)]
pub(super) struct MirrorPage {
    /// The cameras asked for, and one more if there is one.
    pub(super) items: Vec<Arc<Entry>>,
    /// The cameras of the tenant.
    pub(super) total: u64,
}

/// The whole directory in memory. It follows the store; locked for as long as it takes to find what is asked for, never while
/// that is read or written.
#[derive(Debug)]
pub(super) struct Mirror {
    cameras_max: usize,
    inner: RwLock<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    tenants: HashMap<TenantId, Cameras>,
    count: usize,
    /// Rises with every change.
    revision: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Being filled. What goes meanwhile is remembered, for it may be among the rows that were read before.
    Filling { gone: HashSet<CameraId> },
    /// It holds every camera.
    Whole,
    /// There are too many, or the store does not tell of changes.
    Off,
}

impl Default for State {
    fn default() -> Self {
        Self::Filling { gone: HashSet::new() }
    }
}

#[derive(Debug, Default)]
struct Cameras {
    by_id: HashMap<CameraId, Arc<Entry>>,
    by_place: BTreeSet<ByPlace>,
}

/// A camera that sorts by its place.
#[derive(Debug)]
struct ByPlace(Arc<Entry>);

impl PartialEq for ByPlace {
    fn eq(&self, other: &Self) -> bool {
        self.0.place == other.0.place
    }
}

impl Eq for ByPlace {}

impl PartialOrd for ByPlace {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ByPlace {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.place.cmp(&other.0.place)
    }
}

impl std::borrow::Borrow<CameraPlace> for ByPlace {
    fn borrow(&self) -> &CameraPlace {
        &self.0.place
    }
}

impl Mirror {
    /// Holds up to `cameras_max` cameras of all tenants. Beyond that it holds none, and the store is asked.
    pub(super) fn new(cameras_max: usize) -> Self {
        Self { cameras_max, inner: RwLock::default() }
    }

    /// Takes rows that were read while changes arrived.
    pub(super) fn fill(&self, rows: &[StoredCamera]) {
        for stored in rows {
            let entry = Arc::new(Entry::new(stored));
            let mut inner = self.write();
            if !matches!(&inner.state, State::Filling { gone } if gone.contains(&entry.id())) {
                inner.put(&stored.camera.tenant, entry, self.cameras_max);
            }
        }
    }

    /// All rows have been taken.
    pub(super) fn filled(&self) {
        let mut inner = self.write();
        if matches!(inner.state, State::Filling { .. }) {
            inner.state = State::Whole;
        }
    }

    /// Gives up: the store is asked from now on.
    pub(super) fn give_up(&self) {
        self.write().give_up();
    }

    /// A number that another one follows with every change. What was read after it is at least as new.
    pub(super) fn revision(&self) -> u64 {
        self.read().revision
    }

    pub(super) fn camera(&self, tenant: &TenantId, id: CameraId) -> Result<Option<Arc<Entry>>, NotWhole> {
        let inner = self.read();
        Ok(inner.of(tenant)?.and_then(|cameras| cameras.by_id.get(&id).cloned()))
    }

    /// Up to `limit` cameras after `after` in the order of the list, and one more if there is one.
    pub(super) fn page(
        &self,
        tenant: &TenantId,
        after: Option<&CameraPlace>,
        limit: usize,
    ) -> Result<MirrorPage, NotWhole> {
        let inner = self.read();
        let Some(cameras) = inner.of(tenant)? else { return Ok(MirrorPage { items: Vec::new(), total: 0 }) };
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let found = cameras.by_place.range::<CameraPlace, _>((from, Bound::Unbounded));
        let items = found.take(limit + 1).map(|camera| Arc::clone(&camera.0)).collect();
        Ok(MirrorPage { items, total: cameras.by_id.len() as u64 })
    }

    /// All cameras of a tenant in the order of the list.
    pub(super) fn all(&self, tenant: &TenantId) -> Result<Vec<Arc<Entry>>, NotWhole> {
        let inner = self.read();
        let cameras = inner.of(tenant)?;
        Ok(cameras.into_iter().flat_map(|cameras| &cameras.by_place).map(|camera| Arc::clone(&camera.0)).collect())
    }

    /// How many cameras a tenant has.
    pub(super) fn count(&self, tenant: &TenantId) -> Result<usize, NotWhole> {
        Ok(self.read().of(tenant)?.map_or(0, |cameras| cameras.by_id.len()))
    }

    /// Those of `ids` that a tenant has, in their order.
    pub(super) fn some(&self, tenant: &TenantId, ids: &[CameraId]) -> Result<Vec<Arc<Entry>>, NotWhole> {
        let inner = self.read();
        let Some(cameras) = inner.of(tenant)? else { return Ok(Vec::new()) };
        Ok(ids.iter().filter_map(|id| cameras.by_id.get(id).cloned()).collect())
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        // A change that panicked is one entry that may be missing from one of two maps; nothing in them can be torn.
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CameraWatch for Mirror {
    fn put(&self, camera: &StoredCamera) {
        let entry = Arc::new(Entry::new(camera));
        self.write().put(&camera.camera.tenant, entry, self.cameras_max);
    }

    fn gone(&self, tenant: &TenantId, camera: CameraId) {
        self.write().remove(tenant, camera);
    }

    fn site_renamed(&self, _tenant: &TenantId) {
        self.write().revision += 1;
    }
}

impl Inner {
    fn of(&self, tenant: &TenantId) -> Result<Option<&Cameras>, NotWhole> {
        if matches!(self.state, State::Whole) { Ok(self.tenants.get(tenant)) } else { Err(NotWhole) }
    }

    fn put(&mut self, tenant: &TenantId, entry: Arc<Entry>, cameras_max: usize) {
        if matches!(self.state, State::Off) {
            return;
        }
        self.revision += 1;
        let cameras = self.tenants.entry(tenant.clone()).or_default();
        match cameras.by_id.get(&entry.id()) {
            // A row that was read before the change that put the newer one here.
            Some(old) if old.revision > entry.revision => return,
            Some(old) => drop(cameras.by_place.remove(&old.place)),
            None => self.count += 1,
        }
        cameras.by_place.insert(ByPlace(Arc::clone(&entry)));
        cameras.by_id.insert(entry.id(), entry);
        if self.count > cameras_max {
            tracing::warn!(
                cameras_max,
                "more cameras than are kept in memory: lists come from the store, and slower, until the next start"
            );
            self.give_up();
        }
        self.tell();
    }

    fn remove(&mut self, tenant: &TenantId, id: CameraId) {
        self.revision += 1;
        if let State::Filling { gone } = &mut self.state {
            gone.insert(id);
        }
        let Some(cameras) = self.tenants.get_mut(tenant) else { return };
        let Some(old) = cameras.by_id.remove(&id) else { return };
        cameras.by_place.remove(&old.place);
        self.count -= 1;
        if cameras.by_id.is_empty() {
            self.tenants.remove(tenant);
        }
        self.tell();
    }

    fn give_up(&mut self) {
        self.revision += 1;
        (self.tenants, self.count, self.state) = (HashMap::new(), 0, State::Off);
        self.tell();
    }

    fn tell(&self) {
        metrics::gauge!("eyrie_directory_cameras_kept").set(self.count as f64);
    }
}

#[cfg(test)]
mod tests {
    use eyrie_types::{Camera, CameraSpec, FileSource, SourceSpec, WallTime};

    use super::*;

    fn stored(id: CameraId, revision: u64, name: &str) -> StoredCamera {
        let spec = CameraSpec {
            name: name.to_owned(),
            enabled: false,
            labels: Default::default(),
            site: None,
            source: SourceSpec::File(FileSource { path: "a.mp4".to_owned() }),
            recording: Default::default(),
            placement: Default::default(),
        };
        let (tenant, at) = (TenantId::default_tenant(), WallTime::EPOCH);
        StoredCamera { camera: Camera { id, tenant, revision, created_at: at, updated_at: at, spec }, password: None }
    }

    fn names(mirror: &Mirror) -> Vec<String> {
        let all = mirror.all(&TenantId::default_tenant()).unwrap();
        all.iter().map(|entry| entry.place.name_folded.clone()).collect()
    }

    #[test]
    fn what_changes_while_it_is_filled_is_newer_than_the_rows() {
        let (home, mirror) = (TenantId::default_tenant(), Mirror::new(10));
        let (changed, gone, still) = (CameraId::generate(), CameraId::generate(), CameraId::generate());
        mirror.put(&stored(changed, 2, "new name"));
        mirror.gone(&home, gone);
        let rows = [stored(changed, 1, "old name"), stored(gone, 1, "gone"), stored(still, 1, "still")];
        assert!(mirror.all(&home).is_err(), "not before it is filled");
        mirror.fill(&rows);
        mirror.filled();
        assert_eq!(names(&mirror), ["new name", "still"]);
        assert_eq!(mirror.page(&home, None, 1).unwrap().total, 2);
    }

    #[test]
    fn each_change_moves_the_revision_and_a_name_moves_the_place() {
        let (home, mirror) = (TenantId::default_tenant(), Mirror::new(10));
        mirror.filled();
        let (a, b) = (CameraId::generate(), CameraId::generate());
        let mut revisions = vec![mirror.revision()];
        let mut step = |expected: &[&str]| {
            assert_eq!(names(&mirror), expected);
            assert!(mirror.revision() > *revisions.last().unwrap());
            revisions.push(mirror.revision());
        };
        mirror.put(&stored(a, 1, "a"));
        step(&["a"]);
        mirror.put(&stored(b, 1, "b"));
        step(&["a", "b"]);
        mirror.put(&stored(a, 2, "c"));
        step(&["b", "c"]);
        mirror.site_renamed(&home);
        step(&["b", "c"]);
        mirror.gone(&home, b);
        step(&["c"]);
        mirror.gone(&home, a);
        step(&[]);
    }

    #[test]
    fn beyond_its_limit_it_says_that_it_does_not_know() {
        let (home, mirror) = (TenantId::default_tenant(), Mirror::new(2));
        mirror.filled();
        for number in 0..3 {
            assert!(mirror.all(&home).is_ok());
            mirror.put(&stored(CameraId::generate(), 1, &format!("{number}")));
        }
        assert!(mirror.all(&home).is_err() && mirror.camera(&home, CameraId::generate()).is_err());
        mirror.put(&stored(CameraId::generate(), 1, "another"));
        assert!(mirror.page(&home, None, 10).is_err(), "until the next start");
    }
}
