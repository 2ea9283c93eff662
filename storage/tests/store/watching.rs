//! What whoever keeps a copy of the cameras hears.

use std::sync::Arc;
use std::time::Duration;

use eyrie_storage::store::{BulkChange, CameraWatch, StoredCamera};
use eyrie_types::{By, CameraId, TenantId};

use crate::backend::empty;
use crate::cameras::add_site;
use crate::values::{at, camera, home, spec, update_to};

/// Writes down what it is told.
#[derive(Default)]
struct Heard(std::sync::Mutex<Vec<String>>);

impl Heard {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl CameraWatch for Heard {
    fn put(&self, camera: &StoredCamera) {
        self.0.lock().unwrap().push(format!("{} {}", camera.camera.spec.name, camera.camera.revision));
    }

    fn gone(&self, _tenant: &TenantId, _camera: CameraId) {
        self.0.lock().unwrap().push("gone".to_owned());
    }

    fn site_renamed(&self, _tenant: &TenantId) {
        self.0.lock().unwrap().push("site".to_owned());
    }
}

#[tokio::test]
async fn whoever_watches_has_heard_of_each_kept_change_when_its_caller_does_and_of_no_other() {
    let store = empty().await;
    let heard = Arc::new(Heard::default());
    let watch: Arc<dyn CameraWatch> = heard.clone();
    assert!(store.watch_cameras(Arc::downgrade(&watch)));
    drop(watch);
    let (one, two) = (camera("one"), camera("two"));
    for made in [&one, &two] {
        store.create_camera(made.clone(), None, By::system()).await.unwrap();
    }
    assert_eq!(heard.take(), ["one 1", "two 1"]);
    let home = &home();
    let update = |expected| store.update_camera(home, one.id, update_to(expected, spec("hall")), at(1), By::system());
    assert!(update(Some(7)).await.is_err());
    assert!(store.create_camera(one.clone(), None, By::system()).await.is_err());
    assert_eq!(heard.take(), [""; 0], "what was refused changed nothing");
    update(Some(1)).await.unwrap();
    let label = BulkChange::AddLabels(["x"].into_iter().collect());
    let ids = vec![two.id, CameraId::generate(), one.id];
    store.change_cameras(home, ids.clone(), label.clone(), at(2), By::system()).await.unwrap();
    store.change_cameras(home, ids.clone(), label, at(3), By::system()).await.unwrap();
    assert_eq!(heard.take(), ["hall 2", "two 2", "hall 3"]);
    let site = add_site(&store, "Depot").await;
    store.update_site(home, site, "Yard".to_owned(), "UTC".to_owned()).await.unwrap();
    store.delete_camera(home, one.id, None, at(4), By::system()).await.unwrap();
    store.change_cameras(home, ids, BulkChange::Delete, at(5), By::system()).await.unwrap();
    assert_eq!(heard.take(), ["site", "gone", "gone"]);
    // A caller who goes away does not take the change back, and it is heard of.
    let left = store.create_camera(camera("left"), None, By::system());
    let _ = tokio::time::timeout(Duration::ZERO, left).await;
    store.create_camera(camera("after"), None, By::system()).await.unwrap();
    assert_eq!(heard.take(), ["left 1", "after 1"]);
}
