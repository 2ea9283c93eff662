//! The audit log and the outbox.

use std::sync::Arc;

use eyrie_storage::store::{BulkChange, BulkOutcome, Cursor, OUTBOX_BATCH_MAX, OutboxEntry};
use eyrie_storage::{Store, StoreError};
use eyrie_types::{Actor, AuditId, AuditOutcome, AuditRecord, By, CameraId, Event, EventKind, RequestId, UserId};

use crate::backend::{empty, open};
use crate::values::{at, camera, home, other, range, spec, update_to};

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

fn event() -> Arc<Event> {
    Arc::new(Event::new(home(), at(0), By::system(), EventKind::CameraCreated { camera: CameraId::generate() }))
}

async fn all(store: &Store) -> Vec<OutboxEntry> {
    store.events_after(0, 100).await.unwrap()
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
    store.append_events(events[..1].to_vec()).await.unwrap();
    store.append_events(events[1..].to_vec()).await.unwrap();
    let places: Vec<_> = all(&store).await.iter().map(|entry| entry.seq).collect();
    assert!(places.len() == 3 && places.is_sorted());
    let read = store.events_after(places[0], 10).await.unwrap();
    assert_eq!(read.iter().map(|entry| &entry.event).collect::<Vec<_>>(), vec![&*events[1], &*events[2]]);
    assert_eq!(store.trim_events(places[2]).await.unwrap(), 3);
    store.close().await.unwrap();
    let store = open(directory.path()).await.unwrap();
    store.append_events(vec![event()]).await.unwrap();
    assert!(all(&store).await[0].seq > places[2]);
    let many = vec![event(); OUTBOX_BATCH_MAX + 1];
    assert!(matches!(store.append_events(many).await, Err(StoreError::TooMany { .. })));
}

#[tokio::test]
async fn a_change_of_a_camera_and_its_event_are_kept_together_or_not_at_all() {
    let store = empty().await;
    let (gate, lobby) = (camera("gate"), camera("lobby"));
    let user = Actor::User { id: UserId::generate(), name: "ada".to_owned() };
    let by = || By { actor: user.clone(), trace: Some(RequestId::generate()) };
    let mut told = vec![store.create_camera(gate.clone(), None, by()).await.unwrap()];
    told.push(store.create_camera(lobby.clone(), None, By::system()).await.unwrap());
    let update = |expected| store.update_camera(&gate.tenant, gate.id, update_to(expected, spec("door")), at(5), by());
    told.push(update(Some(1)).await.unwrap().1);
    // Refused changes leave no event behind.
    assert!(update(Some(1)).await.is_err());
    assert!(store.create_camera(gate.clone(), None, by()).await.is_err());
    assert!(store.delete_camera(&home(), CameraId::generate(), None, at(6), by()).await.is_err());
    let ids = vec![gate.id, CameraId::generate(), lobby.id];
    let disabled = store.change_cameras(&home(), ids, BulkChange::Disable, at(7), by()).await.unwrap();
    told.extend(disabled.into_iter().filter_map(|outcome| match outcome {
        Ok(BulkOutcome::Changed(_, event)) => Some(event),
        _ => None,
    }));
    let again = store.change_cameras(&home(), vec![gate.id], BulkChange::Disable, at(8), by()).await.unwrap();
    assert!(matches!(again[0], Ok(BulkOutcome::Unchanged)), "what changes nothing is no event");
    told.push(store.delete_camera(&home(), lobby.id, None, at(9), by()).await.unwrap());
    let kept: Vec<_> = all(&store).await.into_iter().map(|entry| entry.event).collect();
    assert_eq!(kept, told);
    let kinds: Vec<_> = kept.iter().map(|event| event.kind.clone()).collect();
    assert_eq!(
        kinds,
        [
            EventKind::CameraCreated { camera: gate.id },
            EventKind::CameraCreated { camera: lobby.id },
            EventKind::CameraUpdated { camera: gate.id, revision: 2 },
            EventKind::CameraUpdated { camera: gate.id, revision: 3 },
            EventKind::CameraUpdated { camera: lobby.id, revision: 2 },
            EventKind::CameraDeleted { camera: lobby.id },
        ]
    );
    assert_eq!((&kept[0].actor, &kept[1].actor, kept[2].time), (&user, &Actor::System, at(5)));
}
