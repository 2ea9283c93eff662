use std::sync::Arc;

use eyrie_storage::store::OUTBOX_MAX;
use eyrie_types::{By, CameraId, Event, EventKind};

use crate::backend::open;
use crate::values::{at, home};

fn event() -> Arc<Event> {
    Arc::new(Event::new(home(), at(0), By::system(), EventKind::CameraCreated { camera: CameraId::generate() }))
}

#[tokio::test]
async fn a_full_outbox_lets_the_oldest_events_go() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).await.unwrap();
    store.append_events(vec![event()]).await.unwrap();
    let first = store.events_after(0, 10).await.unwrap()[0].seq;
    drop(store);
    // Fast-forward: as if so many events had been appended and handled since.
    let file = rusqlite::Connection::open(directory.path().join("eyrie.db")).unwrap();
    file.execute("UPDATE sqlite_sequence SET seq = seq + ?1 WHERE name = 'outbox'", [OUTBOX_MAX as i64 - 1]).unwrap();
    let store = open(directory.path()).await.unwrap();
    store.append_events(vec![event()]).await.unwrap();
    assert_eq!(
        store.events_after(0, 10).await.unwrap().iter().map(|entry| entry.seq).collect::<Vec<_>>(),
        vec![first + OUTBOX_MAX]
    );
}
