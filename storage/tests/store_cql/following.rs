//! Hearing of what other nodes change.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eyrie_storage::store::{BulkChange, CameraWatch, StoredCamera};
use eyrie_types::{By, CameraId, TenantId};

use crate::backend::{empty, open_beside};
use crate::values::{at, camera, home, spec, update_to};

/// The cameras as whoever watches knows them.
#[derive(Default)]
struct Copy(Mutex<BTreeMap<CameraId, (String, u64)>>);

impl Copy {
    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.0.lock().unwrap().values().map(|(name, _)| name.clone()).collect();
        names.sort();
        names
    }

    async fn becomes(&self, wanted: &[&str]) {
        let waited = async {
            while self.names() != wanted {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(60), waited).await;
        assert!(in_time.is_ok(), "{:?} is not {wanted:?}", self.names());
    }
}

impl CameraWatch for Copy {
    fn put(&self, camera: &StoredCamera) {
        let mut cameras = self.0.lock().unwrap();
        let new = (camera.camera.spec.name.clone(), camera.camera.revision);
        let newer = cameras.get(&camera.camera.id).is_none_or(|(_, revision)| *revision <= new.1);
        if newer {
            cameras.insert(camera.camera.id, new);
        }
    }

    fn gone(&self, _tenant: &TenantId, camera: CameraId) {
        self.0.lock().unwrap().remove(&camera);
    }

    fn site_renamed(&self, _tenant: &TenantId) {}
}

#[tokio::test]
async fn a_copy_hears_at_once_of_its_own_nodes_changes_and_soon_of_others() {
    let one = empty().await;
    let other = open_beside(one.directory()).await.unwrap();
    let before = camera("before");
    other.create_camera(before.clone(), None, By::system()).await.unwrap();
    let copy = Arc::new(Copy::default());
    let watch: Arc<dyn CameraWatch> = copy.clone();
    assert!(one.watch_cameras(Arc::downgrade(&watch)));
    let own = camera("own");
    one.create_camera(own.clone(), None, By::system()).await.unwrap();
    assert!(copy.names().contains(&"own".to_owned()), "before its caller hears of it");
    copy.becomes(&["before", "own"]).await;
    let theirs = camera("theirs");
    other.create_camera(theirs.clone(), None, By::system()).await.unwrap();
    other.update_camera(&home(), own.id, update_to(Some(1), spec("renamed")), at(1), By::system()).await.unwrap();
    copy.becomes(&["before", "renamed", "theirs"]).await;
    other.change_cameras(&home(), vec![before.id, theirs.id], BulkChange::Delete, at(2), By::system()).await.unwrap();
    copy.becomes(&["renamed"]).await;
    // Events that went before they were seen are not missed.
    other.create_camera(camera("unseen"), None, By::system()).await.unwrap();
    let last = other.events_after(0, 100).await.unwrap().last().unwrap().seq;
    other.trim_events(last).await.unwrap();
    other.create_camera(camera("seen"), None, By::system()).await.unwrap();
    copy.becomes(&["renamed", "seen", "unseen"]).await;
}
