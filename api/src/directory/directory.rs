use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use eyrie_actors::NodeHandle;
use eyrie_storage::store::{CameraPlace, CameraQuery, CameraWatch, Cursor, Store, StoreError, fold};
use eyrie_types::{CameraId, SiteId, TenantId};
use tokio::sync::Semaphore;

use super::lists::{List, Lists, MadeOf};
use super::mirror::{Mirror, NotWhole};
use super::{Entry, Filter};

/// Most cameras kept, of all tenants: with names and addresses of the usual length they take some 200 MB, by calculation. A larger
/// directory is not kept at all, and each request asks the store.
const CAMERAS_MAX: usize = 250_000;
/// Lists made at the same time. Each takes a core for as long as it goes along all cameras; whoever waits mostly finds the list
/// made by another.
const MAKING_AT_ONCE: usize = 2;
/// A list by state looks its cameras up one by one where they are fewer than one in so many of all: to look one up costs as much
/// as to pass that many by.
const FEW: usize = 8;

/// A page of cameras, in the order of the list.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) items: Vec<Arc<Entry>>,
    /// Where the next page begins; `None` on the last.
    pub(crate) next_cursor: Option<Cursor>,
    /// How many cameras match on all pages.
    pub(crate) total: u64,
}

/// Finds cameras: in memory, or in the store where the mirror does not hold them all.
pub(crate) struct Directory {
    store: Arc<Store>,
    node: NodeHandle,
    mirror: Arc<Mirror>,
    lists: Mutex<Lists>,
    making: Semaphore,
}

impl Directory {
    /// Reads the whole directory, and follows it from then on.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn load(store: Arc<Store>, node: NodeHandle) -> Result<Self, StoreError> {
        Self::load_up_to(CAMERAS_MAX, store, node).await
    }

    async fn load_up_to(cameras_max: usize, store: Arc<Store>, node: NodeHandle) -> Result<Self, StoreError> {
        let mirror = Arc::new(Mirror::new(cameras_max));
        let watch: Weak<Mirror> = Arc::downgrade(&mirror);
        // First it follows, then it reads: no change can pass between the two.
        if store.watch_cameras(watch as Weak<dyn CameraWatch>) {
            let mut after = None;
            loop {
                let rows = store.cameras_of_all_tenants(after).await?;
                let Some(last) = rows.last() else { break };
                after = Some((last.camera.tenant.clone(), last.camera.id));
                mirror.fill(&rows);
            }
            mirror.filled();
        } else {
            mirror.give_up();
        }
        let (lists, making) = (Mutex::default(), Semaphore::new(MAKING_AT_ONCE));
        Ok(Self { store, node, mirror, lists, making })
    }

    /// The camera `id`, if there is one.
    ///
    /// # Errors
    /// When the store is asked and cannot be read.
    pub(crate) async fn camera(&self, tenant: &TenantId, id: CameraId) -> Result<Option<Arc<Entry>>, StoreError> {
        match self.mirror.camera(tenant, id) {
            Ok(found) => Ok(found),
            Err(NotWhole) => Ok(self.store.camera(tenant, id).await?.map(|stored| Arc::new(Entry::new(&stored)))),
        }
    }

    /// A page of the cameras that `filter` takes.
    ///
    /// # Errors
    /// [`StoreError::BadCursor`]; and when the store is asked and cannot be read.
    pub(crate) async fn page(
        &self,
        tenant: &TenantId,
        filter: Filter,
        limit: usize,
        cursor: Option<Cursor>,
    ) -> Result<Page, StoreError> {
        let after = cursor.as_ref().map(CameraPlace::of).transpose()?;
        if filter == Filter::default() {
            return match self.mirror.page(tenant, after.as_ref(), limit) {
                Ok(found) => page(found.items, limit, found.total),
                Err(NotWhole) => self.stored_page(tenant, filter, limit, cursor).await,
            };
        }
        match self.list(tenant, &filter).await? {
            Some(list) => {
                let from = after.map_or(0, |after| list.partition_point(|entry| entry.place <= after));
                let items = list.iter().skip(from).take(limit + 1).cloned().collect();
                page(items, limit, list.len() as u64)
            }
            None => self.stored_page(tenant, filter, limit, cursor).await,
        }
    }

    /// All cameras that `filter` takes; `None` where the mirror cannot tell.
    async fn list(&self, tenant: &TenantId, filter: &Filter) -> Result<Option<List>, StoreError> {
        let key = (tenant.clone(), filter.clone());
        let made_of = || MadeOf {
            directory: self.mirror.revision(),
            states: filter.state.map_or(0, |_| self.node.states_revision()),
        };
        if let Some(list) = self.lists().get(&key, made_of()) {
            metrics::counter!("eyrie_directory_lists_total", "how" => "kept").increment(1);
            return Ok(Some(list));
        }
        // Never closed; and a list without a turn is right, too.
        let _turn = self.making.acquire().await;
        // The numbers first, then what they stand for: what changes in between makes the list newer than it is taken for.
        let made_of = made_of();
        if let Some(list) = self.lists().get(&key, made_of) {
            metrics::counter!("eyrie_directory_lists_total", "how" => "waited").increment(1);
            return Ok(Some(list));
        }
        let sites = match &filter.search {
            Some(text) => self.sites_named(tenant, text).await?,
            None => HashSet::new(),
        };
        let ids = filter.state.map(|state| self.node.cameras_in_state(tenant, state));
        let (mirror, asked) = (Arc::clone(&self.mirror), key.clone());
        // Along 100,000 names it takes some 10 ms: not on a thread that other requests wait for.
        let made = tokio::task::spawn_blocking(move || make(&mirror, &asked.0, &asked.1, &sites, ids)).await;
        let Ok(Ok(list)) = made else { return Ok(None) };
        metrics::counter!("eyrie_directory_lists_total", "how" => "made").increment(1);
        self.lists().keep(key, made_of, Arc::clone(&list));
        Ok(Some(list))
    }

    /// The sites whose name contains `text`.
    async fn sites_named(&self, tenant: &TenantId, text: &str) -> Result<HashSet<SiteId>, StoreError> {
        let sites = self.store.sites(tenant).await?;
        Ok(sites.into_iter().filter(|site| fold(&site.name).contains(text)).map(|site| site.id).collect())
    }

    /// The same from the store.
    async fn stored_page(
        &self,
        tenant: &TenantId,
        filter: Filter,
        limit: usize,
        cursor: Option<Cursor>,
    ) -> Result<Page, StoreError> {
        let Filter { search, label, site, state } = filter;
        // What cameras are doing is known to the node; the store sorts, searches and pages among those it is given.
        let ids = state.map(|state| self.node.cameras_in_state(tenant, state));
        let query = CameraQuery { search, labels: label.into_iter().collect(), site, ids, limit, cursor };
        let found = self.store.cameras(tenant, query).await?;
        let items = found.items.iter().map(|stored| Arc::new(Entry::new(stored))).collect();
        Ok(Page { items, next_cursor: found.next_cursor, total: found.total })
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The page that `items` begin, which hold one more than `limit` where another page follows.
fn page(mut items: Vec<Arc<Entry>>, limit: usize, total: u64) -> Result<Page, StoreError> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| more).map(|last| last.place.cursor()).transpose()?;
    Ok(Page { items, next_cursor, total })
}

/// The cameras that `filter` takes, among `ids` where given, in the order of the list.
fn make(
    mirror: &Mirror,
    tenant: &TenantId,
    filter: &Filter,
    sites: &HashSet<SiteId>,
    ids: Option<Vec<CameraId>>,
) -> Result<List, NotWhole> {
    let Some(ids) = ids else {
        let all = mirror.all(tenant)?;
        return Ok(all.into_iter().filter(|entry| filter.takes(entry, sites)).collect());
    };
    if ids.len() < mirror.count(tenant)? / FEW {
        let mut some = mirror.some(tenant, &ids)?;
        some.retain(|entry| filter.takes(entry, sites));
        some.sort_unstable_by(|a, b| a.place.cmp(&b.place));
        return Ok(some.into());
    }
    let ids: HashSet<CameraId> = ids.into_iter().collect();
    let all = mirror.all(tenant)?.into_iter();
    Ok(all.filter(|entry| ids.contains(&entry.id()) && filter.takes(entry, sites)).collect())
}

#[cfg(test)]
mod tests {
    use eyrie_actors::{Node, NodeConfig, NodeParts};
    use eyrie_storage::keys::{KeyRing, KeyRows, KeySpool, MasterKey};
    use eyrie_storage::store::StoreConfig;
    use eyrie_types::{By, Camera, CameraSpec, CameraState, FileSource, NodeId, SourceSpec, SystemClock, WallTime};

    use super::*;

    async fn opened(dir: &std::path::Path) -> (Arc<Store>, NodeHandle) {
        let clock = Arc::new(SystemClock::new());
        let config = StoreConfig::Sqlite { path: dir.join("eyrie.db") };
        let store = Arc::new(Store::open(config, clock.clone()).await.unwrap());
        let keys = Arc::new(KeyRing::new(MasterKey::from_bytes(&[7; 32]), &[]).unwrap());
        let rows = Arc::new(KeyRows::new(store.clone(), KeySpool::open(&dir.join("key-spool")).unwrap()));
        let config = NodeConfig::new(NodeId::generate());
        let (store_, fallen) = (store.clone(), tokio::sync::mpsc::channel(1).0);
        let parts = NodeParts { store: store_, keyring: keys, key_rows: rows, disks: Vec::new(), clock, fallen };
        let node = Node::start(config, parts).await.unwrap();
        (store, node)
    }

    fn camera(number: usize) -> Camera {
        let spec = CameraSpec {
            name: format!("camera {number:02}"),
            enabled: false,
            labels: ["x"].into_iter().collect(),
            site: None,
            source: SourceSpec::File(FileSource { path: "a.mp4".to_owned() }),
            recording: Default::default(),
            placement: Default::default(),
        };
        let (tenant, at) = (TenantId::default_tenant(), WallTime::EPOCH);
        Camera { id: CameraId::generate(), tenant, revision: 1, created_at: at, updated_at: at, spec }
    }

    #[tokio::test]
    async fn a_directory_too_large_to_keep_answers_the_same_from_the_store() {
        let (dir, home) = (tempfile::tempdir().unwrap(), TenantId::default_tenant());
        let (store, node) = opened(dir.path()).await;
        for number in 0..12 {
            let camera = camera(number);
            if number % 3 == 0 {
                node.put_unrunnable(&home, camera.id, CameraState::Refused, "on purpose");
            }
            store.create_camera(camera, None, By::system()).await.unwrap();
        }
        let kept = Directory::load_up_to(12, store.clone(), node.clone()).await.unwrap();
        let asked = Directory::load_up_to(11, store.clone(), node).await.unwrap();
        assert!(kept.mirror.all(&home).is_ok() && asked.mirror.all(&home).is_err());
        for filter in [
            Filter::default(),
            Filter { search: Some("ra 0".to_owned()), ..Filter::default() },
            Filter { label: Some("x".to_owned()), ..Filter::default() },
            Filter { state: Some(CameraState::Refused), ..Filter::default() },
            Filter { site: Some(SiteId::generate()), ..Filter::default() },
        ] {
            let (mut cursor, mut pages) = (None, 0);
            loop {
                let one = kept.page(&home, filter.clone(), 3, cursor.clone()).await.unwrap();
                let other = asked.page(&home, filter.clone(), 3, cursor).await.unwrap();
                let heads = |page: &Page| page.items.iter().map(|entry| entry.head.clone()).collect::<Vec<_>>();
                assert_eq!(heads(&one), heads(&other), "{filter:?}");
                assert_eq!((one.total, &one.next_cursor), (other.total, &other.next_cursor), "{filter:?}");
                pages += 1;
                cursor = one.next_cursor;
                if cursor.is_none() {
                    break;
                }
            }
            assert!(pages <= 4);
        }
        let id = kept.page(&home, Filter::default(), 1, None).await.unwrap().items[0].id();
        assert_eq!(
            asked.camera(&home, id).await.unwrap().unwrap().head,
            kept.camera(&home, id).await.unwrap().unwrap().head
        );
    }
}
