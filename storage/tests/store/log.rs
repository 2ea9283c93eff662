//! The audit log and the outbox.

use eyrie_storage::StoreError;
use eyrie_storage::store::{Cursor, OUTBOX_MAX};
use eyrie_types::{
    Actor, AuditId, AuditOutcome, AuditRecord, CameraId, EVENT_VERSION, Event, EventId, EventKind, RequestId,
};

use crate::backend::{empty, open};
use crate::values::{at, home, other, range};

fn record(ms: i64) -> AuditRecord {
    AuditRecord {
        id: AuditId::generate(),
        tenant: home(),
        time: at(ms),
        actor: Actor::System,
        action: "camera.create".to_owned(),
        object: "cameras/x".to_owned(),
        remote: "127.0.0.1".to_owned(),
        request: RequestId::generate(),
        outcome: AuditOutcome::Allowed,
    }
}

fn event() -> Event {
    Event {
        version: EVENT_VERSION,
        id: EventId::generate(),
        tenant: home(),
        time: at(0),
        actor: Actor::System,
        trace: None,
        kind: EventKind::CameraCreated { camera: CameraId::generate() },
    }
}

#[tokio::test]
async fn the_audit_log_is_read_newest_first_in_pages() {
    let store = empty().await;
    // Two at the same moment, at a page's end.
    let mut records: Vec<_> = [0, 10, 20, 20, 30, 40].into_iter().map(record).collect();
    for record in &records {
        store.append_audit(record.clone()).await.unwrap();
        store.append_audit(record.clone()).await.unwrap();
    }
    records.sort_by_key(|record| std::cmp::Reverse((record.time, record.id)));
    let mut seen = Vec::new();
    let mut cursor: Option<Cursor> = None;
    loop {
        let page = store.audit(&home(), range(10, 40), cursor.as_ref(), 2).await.unwrap();
        seen.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, records[1..5]);
    assert_eq!(store.audit(&other(), range(0, 99), None, 10).await.unwrap().items, vec![]);
    let bad = store.audit(&home(), range(0, 99), Some(&Cursor::new("x")), 10).await;
    assert!(matches!(bad, Err(StoreError::BadCursor)));
    assert_eq!(store.purge_audit(at(20), 10).await.unwrap(), 2);
}

#[tokio::test]
async fn the_outbox_keeps_order_and_never_uses_a_place_twice() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).await.unwrap();
    let events = [event(), event(), event()];
    let mut places = Vec::new();
    for event in &events {
        places.push(store.append_event(event.clone()).await.unwrap());
    }
    assert!(places.is_sorted());
    let read = store.events_after(places[0], 10).await.unwrap();
    assert_eq!(read.iter().map(|entry| &entry.event).collect::<Vec<_>>(), vec![&events[1], &events[2]]);
    assert_eq!(store.trim_events(places[2]).await.unwrap(), 3);
    store.close().await.unwrap();
    let store = open(directory.path()).await.unwrap();
    assert!(store.append_event(event()).await.unwrap() > places[2]);
}

#[tokio::test]
async fn a_full_outbox_lets_the_oldest_events_go() {
    let directory = tempfile::tempdir().unwrap();
    let first = open(directory.path()).await.unwrap().append_event(event()).await.unwrap();
    // Fast-forward: as if so many events had been appended and handled since.
    let file = rusqlite::Connection::open(directory.path().join("eyrie.db")).unwrap();
    file.execute("UPDATE sqlite_sequence SET seq = seq + ?1 WHERE name = 'outbox'", [OUTBOX_MAX as i64 - 1]).unwrap();
    let store = open(directory.path()).await.unwrap();
    let last = store.append_event(event()).await.unwrap();
    assert_eq!(last, first + OUTBOX_MAX);
    let kept = store.events_after(0, 10).await.unwrap();
    assert_eq!(kept.iter().map(|entry| entry.seq).collect::<Vec<_>>(), vec![last]);
}
