//! Two nodes on one store.

use std::sync::Arc;

use eyrie_storage::store::{OUTBOX_MAX, Rotation, SealedSecret, TenantKeyRow, TokenHash};
use eyrie_storage::{Store, StoreError};
use eyrie_types::{By, CameraId, Event, EventKind, GapCause, Incident, NodeId, Role, SegmentState, Slot};
use tokio::task::JoinSet;

use crate::backend::{TestStore, empty, keyspace, open_beside, session};
use crate::values::{at, camera, epoch, home, range, segment, spec, update_to, user};

/// A cell of two: the store of the first node, and that of the second.
async fn two() -> (Arc<TestStore>, Arc<Store>) {
    let one = empty().await;
    let other = open_beside(one.directory()).await.unwrap();
    (Arc::new(one), Arc::new(other))
}

#[tokio::test]
async fn each_node_has_its_own_identity() {
    let (one, other) = two().await;
    let ids = (one.node_id(NodeId::generate()).await.unwrap(), other.node_id(NodeId::generate()).await.unwrap());
    assert_ne!(ids.0, ids.1);
}

#[tokio::test]
async fn of_two_changes_made_from_one_revision_one_is_refused() {
    let (one, other) = two().await;
    let gate = camera("gate");
    one.create_camera(gate.clone(), None, By::system()).await.unwrap();
    let home = &home();
    for round in 1..=5 {
        let update = |name: &str| update_to(Some(round), spec(name));
        let (a, b) = tokio::join!(
            one.update_camera(home, gate.id, update("a"), at(5), By::system()),
            other.update_camera(home, gate.id, update("b"), at(5), By::system()),
        );
        let refused = [&a, &b].into_iter().filter_map(|result| result.as_ref().err()).collect::<Vec<_>>();
        assert!(
            matches!(refused[..], [StoreError::RevisionMismatch { current, .. }] if *current == round + 1),
            "{refused:?}"
        );
        let kept = [a, b].into_iter().find_map(Result::ok).unwrap().0;
        assert_eq!(one.camera(home, gate.id).await.unwrap().unwrap(), kept);
    }
    // Each that was kept, and none that was refused, is told of.
    assert_eq!(one.events_after(0, 100).await.unwrap().len(), 6);
}

#[tokio::test]
async fn of_two_users_with_one_name_and_of_two_first_ones_only_one_is_made() {
    let (one, other) = two().await;
    let (a, b) = tokio::join!(
        one.create_first_user(user("admin", Role::Admin)),
        other.create_first_user(user("root", Role::Admin))
    );
    assert!(a.unwrap() != b.unwrap());
    let (a, b) = tokio::join!(one.create_user(user("Ann", Role::Viewer)), other.create_user(user("ANN", Role::Viewer)));
    let refused: Vec<_> = [a, b].into_iter().filter_map(Result::err).collect();
    assert!(matches!(refused[..], [StoreError::AlreadyExists(_)]), "{refused:?}");
    assert_eq!(one.users(&home(), None, 10).await.unwrap().total, 2);
}

#[tokio::test]
async fn a_refresh_token_presented_to_two_nodes_at_once_rotates_once() {
    let (one, other) = two().await;
    let ann = user("ann", Role::Viewer);
    one.create_user(ann.clone()).await.unwrap();
    let session = crate::values::session(&ann, 0);
    one.create_session(session.clone(), TokenHash::of("t0")).await.unwrap();
    let (home, presented) = (&home(), TokenHash::of("t0"));
    let (a, b) = tokio::join!(
        one.rotate_session(home, presented, TokenHash::of("a"), at(1), at(90_000_000)),
        other.rotate_session(home, presented, TokenHash::of("b"), at(1), at(90_000_000)),
    );
    let rotations = [a.unwrap(), b.unwrap()];
    assert!(rotations.iter().filter(|rotation| matches!(rotation, Rotation::Rotated(_))).count() <= 1, "{rotations:?}");
    assert!(rotations.iter().any(|rotation| matches!(rotation, Rotation::Reused(_))), "{rotations:?}");
    // Used twice, it ended its family.
    assert_eq!(one.session(home, session.id, at(2)).await.unwrap(), None);
}

#[tokio::test]
async fn a_tenants_key_pair_is_made_by_one_of_two_nodes() {
    let (one, other) = two().await;
    let pair = |byte| TenantKeyRow {
        tenant: home(),
        version: 1,
        public: vec![byte],
        wrapped: SealedSecret::new(vec![byte]),
        created_at: at(0),
    };
    let (a, b) = tokio::join!(one.create_tenant_key(pair(1)), other.create_tenant_key(pair(2)));
    assert!(a.is_ok() != b.is_ok());
    let kept = if a.is_ok() { pair(1) } else { pair(2) };
    assert_eq!(other.tenant_keys(&home()).await.unwrap(), vec![kept]);
}

#[tokio::test]
async fn events_of_two_nodes_stand_in_one_order_without_a_gap() {
    let (one, other) = two().await;
    let mut writers = JoinSet::new();
    for n in 0..40 {
        let (one, other) = (one.clone(), other.clone());
        writers.spawn(async move {
            let created = EventKind::CameraCreated { camera: CameraId::generate() };
            let events: Vec<_> =
                (0..=n % 3).map(|_| Arc::new(Event::new(home(), at(n), By::system(), created.clone()))).collect();
            let ids: Vec<_> = events.iter().map(|event| event.id).collect();
            if n % 2 == 0 { one.append_events(events).await } else { other.append_events(events).await }.unwrap();
            ids
        });
    }
    let mut appended: Vec<_> = writers.join_all().await.into_iter().flatten().collect();
    let read = other.events_after(0, 1000).await.unwrap();
    assert_eq!(read.iter().map(|entry| entry.seq).collect::<Vec<_>>(), (1..=appended.len() as u64).collect::<Vec<_>>());
    let mut found: Vec<_> = read.into_iter().map(|entry| entry.event.id).collect();
    found.sort_unstable();
    appended.sort_unstable();
    assert_eq!(found, appended);
    // Read from within a row of several.
    assert_eq!(one.events_after(41, 7).await.unwrap().first().unwrap().seq, 42);
    assert_eq!(one.trim_events(41).await.unwrap(), 41);
    assert_eq!(other.events_after(0, 1).await.unwrap()[0].seq, 42);
}

#[tokio::test]
async fn a_full_outbox_lets_the_oldest_events_go_and_uses_no_place_twice() {
    let store = empty().await;
    let event = || {
        let created = EventKind::CameraCreated { camera: CameraId::generate() };
        vec![Arc::new(Event::new(home(), at(0), By::system(), created))]
    };
    store.append_events(event()).await.unwrap();
    // Fast-forward: as if so many events had been appended since.
    let far = OUTBOX_MAX + 5;
    let session = session().await;
    let fast = |bucket: u64, next: u64| {
        let keyspace = keyspace(store.directory());
        format!("UPDATE {keyspace}.outbox SET next = {next} WHERE bucket = {bucket}")
    };
    for bucket in 0..=far / 4096 {
        session.query_unpaged(fast(bucket, far.min((bucket + 1) * 4096)), &[]).await.unwrap();
    }
    // The node that knew another end finds it.
    store.append_events(event()).await.unwrap();
    let places: Vec<_> = store.events_after(0, 10).await.unwrap().iter().map(|entry| entry.seq).collect();
    assert_eq!(places, [far]);
    store.append_events(event()).await.unwrap();
    assert_eq!(store.events_after(far, 10).await.unwrap()[0].seq, far + 1);
}

#[tokio::test]
async fn a_start_closes_the_incidents_of_its_own_placement_alone() {
    let (one, other) = two().await;
    one.node_id(NodeId::generate()).await.unwrap();
    other.node_id(NodeId::generate()).await.unwrap();
    let (mine, theirs) = (CameraId::generate(), CameraId::generate());
    let open = Incident { slot: Slot::OWNER, epoch: epoch(1), cause: GapCause::CameraSilent, start: at(10), end: None };
    one.put_incident(&home(), mine, open).await.unwrap();
    other.put_incident(&home(), theirs, open).await.unwrap();
    let closed = one.close_incidents_before(&home(), mine, Slot::OWNER, epoch(5), at(50)).await.unwrap();
    assert_eq!(closed, 1);
    let found = async |camera| one.incidents(&home(), camera, range(0, 100)).await.unwrap();
    assert_eq!(found(mine).await, [Incident { end: Some(at(50)), ..open }]);
    assert_eq!(found(theirs).await, [open]);
}

#[tokio::test]
async fn a_segment_that_was_removed_is_not_brought_back_by_a_late_refresh() {
    let (one, other) = two().await;
    let row = segment(CameraId::generate(), NodeId::generate(), 0, 10_000);
    one.put_segments(vec![row.clone()]).await.unwrap();
    other.remove_segment(row.clone()).await.unwrap();
    one.put_segments(vec![row.clone()]).await.unwrap();
    assert_eq!(one.segments(&home(), row.placement.camera, range(0, 20_000)).await.unwrap(), []);
    assert_eq!(one.open_segments(row.node).await.unwrap(), []);
}

#[tokio::test]
async fn a_key_that_was_shredded_is_not_brought_back_by_a_write_on_its_way() {
    let (one, other) = two().await;
    let (id, sealed) = (eyrie_types::KeyId::random(), SealedSecret::new(vec![1]));
    one.put_key(&home(), id, sealed.clone()).await.unwrap();
    assert!(other.shred_key(&home(), id).await.unwrap());
    let _ = one.put_keys(vec![(home(), id, sealed)], |_| true).await.unwrap();
    assert_eq!(one.key(&home(), id).await.unwrap(), None);
}

#[tokio::test]
async fn days_that_are_empty_leave_the_lists_and_come_back_with_their_next_segment() {
    let (one, other) = two().await;
    let (gate, node) = (CameraId::generate(), NodeId::generate());
    const DAY: i64 = 86_400_000;
    let old = eyrie_types::SegmentRow { state: SegmentState::Closed, ..segment(gate, node, -9 * DAY, -9 * DAY + 10) };
    one.put_segments(vec![old.clone()]).await.unwrap();
    assert_eq!(other.recorded_days(&home(), gate, node, 0).await.unwrap().len(), 1);
    one.remove_segment(old.clone()).await.unwrap();
    assert!(other.recorded_days(&home(), gate, node, 0).await.unwrap().is_empty());
    let again = eyrie_types::SegmentRow { segment: eyrie_types::SegmentId::generate(), ..old };
    one.put_segments(vec![again.clone()]).await.unwrap();
    assert_eq!(other.recorded_cameras(None).await.unwrap(), [(home(), gate)]);
    assert_eq!(other.segments_after(None).await.unwrap(), [again]);
}

#[tokio::test]
async fn what_a_node_that_died_had_still_to_write_of_a_change_is_written_by_the_next() {
    let store = empty().await;
    let (gate, lobby) = (camera("gate"), camera("lobby"));
    for made in [&gate, &lobby] {
        store.create_camera(made.clone(), None, By::system()).await.unwrap();
    }
    let told = store.events_after(0, 100).await.unwrap().len();
    // As their rows are when a node died between the row and what follows: one changed, one deleted, a minute ago.
    let (session, keyspace) = (session().await, keyspace(store.directory()));
    let event = |kind| Event::new(home(), at(-60_000), By::system(), kind);
    let changed = event(EventKind::CameraUpdated { camera: gate.id, revision: 2 });
    let deleted = event(EventKind::CameraDeleted { camera: lobby.id });
    let history = serde_json::json!({"at": at(-60_000), "enabled": false, "mode": "continuous"});
    for (id, set, intent) in [
        (gate.id, "revision = 2", serde_json::json!({"event": changed, "history": history, "gone": null})),
        (
            lobby.id,
            "revision = 2, gone = true",
            serde_json::json!({"event": deleted, "history": history, "gone": ["lobby", at(-60_000)]}),
        ),
    ] {
        let bucket = id.as_uuid().as_bytes()[15] % 16;
        let hex = id.as_uuid().simple();
        let intent = intent.to_string().replace('\'', "''");
        let update = format!(
            "UPDATE {keyspace}.cameras SET {set}, intent = '{intent}'
             WHERE tenant = 'default' AND bucket = {bucket} AND id = 0x{hex} IF revision = 1"
        );
        session.query_unpaged(update, &[]).await.unwrap();
    }
    assert!(store.camera(&home(), lobby.id).await.unwrap().is_none(), "it is gone, whatever is left to do");
    // A change of one carries it out first; a walk through all finds the other.
    store.update_camera(&home(), gate.id, update_to(Some(2), spec("door")), at(1), By::system()).await.unwrap();
    assert_eq!(store.cameras_of_all_tenants(None).await.unwrap().len(), 1);
    let events: Vec<_> =
        store.events_after(told as u64, 100).await.unwrap().into_iter().map(|entry| entry.event).collect();
    assert_eq!(events.len(), 3);
    assert!(events.contains(&changed) && events.contains(&deleted));
    assert_eq!(store.deleted_camera(&home(), lobby.id).await.unwrap().unwrap().name, "lobby");
    let history = store.spec_changes(&home(), gate.id, range(-100_000, 0)).await.unwrap();
    assert_eq!((history[0].at, history[0].enabled), (at(-60_000), false));
    // And only once.
    assert_eq!(store.cameras_of_all_tenants(None).await.unwrap().len(), 1);
    assert_eq!(store.events_after(0, 100).await.unwrap().len(), told + 3);
}
