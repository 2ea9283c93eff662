//! Moving a store from SQLite into the cluster.

use std::collections::BTreeMap;
use std::sync::Arc;

use eyrie_storage::facts::{NodePoint, Step, StreamPoint};
use eyrie_storage::store::{
    CameraQuery, MARKER_SCAN_MAX, MarkerQuery, SealedSecret, SegmentCopy, SigningKeyRow, TenantKeyRow, TokenHash,
    TransferStep,
};
use eyrie_storage::{Store, StoreConfig, StoreError};
use eyrie_types::{
    Actor, AuditId, AuditOutcome, AuditRecord, By, CameraId, Epoch, Event, EventKind, FragmentEntry, GapCause,
    Incident, KeyId, Layout, LayoutGrid, LayoutId, ManualClock, Marker, NodeId, RequestId, Role, SegmentId, SegmentRow,
    SegmentState, Site, SiteId, Slot, TimeRange, UserId, WallTime,
};

use crate::backend::{empty, open};
use crate::values::{at, camera, epoch, home, marker, other, range, segment, spec, update_to, user};

async fn sqlite(directory: &std::path::Path) -> Store {
    let config = StoreConfig::Sqlite { path: directory.join("eyrie.db") };
    Store::open(config, Arc::new(ManualClock::at(at(0)))).await.unwrap()
}

/// Something of everything.
struct Filled {
    node: NodeId,
    gate: CameraId,
    site: SiteId,
    ann: UserId,
    segments: Vec<SegmentRow>,
    key: KeyId,
    needle: Marker,
}

async fn fill(store: &Store) -> Filled {
    let node = store.node_id(NodeId::generate()).await.unwrap();
    let (site, by) = (SiteId::generate(), By::system);
    let depot = Site { id: site, tenant: home(), name: "Depot".to_owned(), zone: "UTC".to_owned(), created_at: at(0) };
    store.create_site(depot).await.unwrap();
    let mut gate = camera("gate");
    gate.spec.site = Some(site);
    gate.spec.labels = ["x", "Éé"].into_iter().collect();
    store.create_camera(gate.clone(), Some(SealedSecret::new(vec![1, 2])), by()).await.unwrap();
    store.update_camera(&home(), gate.id, update_to(None, gate.spec.clone()), at(5), by()).await.unwrap();
    let mut foreign = camera("foreign");
    foreign.tenant = other();
    store.create_camera(foreign, None, by()).await.unwrap();
    let gone = camera("gone");
    store.create_camera(gone.clone(), None, by()).await.unwrap();
    store.delete_camera(&home(), gone.id, None, at(9), by()).await.unwrap();
    let ann = user("Ann", Role::Admin);
    store.create_user(ann.clone()).await.unwrap();
    store.create_user(user("bob", Role::Viewer)).await.unwrap();
    let session = crate::values::session(&ann, 0);
    store.create_session(session.clone(), TokenHash::of("t0")).await.unwrap();
    store.rotate_session(&home(), TokenHash::of("t0"), TokenHash::of("t1"), at(1), at(86_400_000)).await.unwrap();
    let grid = LayoutGrid { name: "Doors".to_owned(), tiles: 4, cameras: vec![Some(gate.id), None] };
    let layout = Layout { id: LayoutId::generate(), grid, created_at: at(0), updated_at: at(0) };
    store.create_layout(&home(), ann.id, layout).await.unwrap();
    let sealed = SealedSecret::new(vec![7]);
    let (signs_from, signs_until, verifies_until) = (at(0), at(10), at(20));
    let signing =
        SigningKeyRow { kid: "a".to_owned(), signs_from, signs_until, verifies_until, sealed: sealed.clone() };
    store.create_signing_key(signing).await.unwrap();
    let pair = TenantKeyRow { tenant: home(), version: 1, public: vec![1], wrapped: sealed.clone(), created_at: at(0) };
    store.create_tenant_key(pair).await.unwrap();
    let key = KeyId::random();
    store.put_key(&home(), key, sealed).await.unwrap();
    store.node_alive(node, at(0), at(90_000)).await.unwrap();

    let closed =
        |start: i64| SegmentRow { state: SegmentState::Closed, ..segment(gate.id, node, start, start + 10_000) };
    let day = 86_400_000;
    let mut segments = vec![closed(0), closed(day), closed(3 * day), segment(gate.id, node, 4 * day, 4 * day + 1000)];
    segments[0].key = Some(key);
    store.put_segments(segments.clone()).await.unwrap();
    let entry = FragmentEntry {
        number: 0,
        offset: 0,
        length: 9,
        start: at(0),
        duration_us: 1_000_000,
        starts_gop: true,
        discontinuity: false,
        leaf: [1; 32],
        stored_hash: [2; 32],
        keyframe_hash: [3; 16],
    };
    for row in &segments {
        store.append_fragments(&home(), gate.id, row.segment, &[entry]).await.unwrap();
        let copy = SegmentCopy {
            tenant: home(),
            camera: gate.id,
            segment: row.segment,
            start: row.start,
            node,
            disk: "a".to_owned(),
            path: "a/b.mp4".to_owned(),
            bytes: 5,
            written_at: row.end,
        };
        store.put_copy(copy).await.unwrap();
    }
    // One is marked, and one marked and finished.
    for row in [segment(gate.id, node, 20_000, 30_000), segment(gate.id, node, 40_000, 50_000)] {
        let row = SegmentRow { state: SegmentState::Closed, ..row };
        store.put_segments(vec![row.clone()]).await.unwrap();
        let event = Event::new(home(), at(0), by(), EventKind::CameraCreated { camera: gate.id });
        let marked = store.mark_deleted(vec![row.clone()], audit(1), event).await.unwrap();
        if row.start == at(20_000) {
            store.finish_deletion(marked[0].clone()).await.unwrap();
        }
    }
    let incident = |start, end: Option<i64>| Incident {
        slot: Slot::OWNER,
        epoch: epoch(1),
        cause: GapCause::CameraSilent,
        start: at(start),
        end: end.map(at),
    };
    for one in [incident(0, Some(5)), incident(40 * day, Some(80 * day)), incident(90 * day, None)] {
        store.put_incident(&home(), gate.id, one).await.unwrap();
    }
    let needle = marker(gate.id, 0, "needle");
    store.create_marker(&home(), needle.clone(), by()).await.unwrap();
    for minute in 0..3 {
        let point = StreamPoint { lost: minute, ..StreamPoint::default() };
        let at = at(i64::from(minute) * 60_000);
        store.keep_camera_minute(at, vec![(home(), gate.id, point)]).await.unwrap();
        store.keep_node_minute(node, at, NodePoint::default()).await.unwrap();
    }
    for hour in 0..3 {
        store.append_audit(audit(hour * 3_600_000)).await.unwrap();
    }
    Filled { node, gate: gate.id, site, ann: ann.id, segments, key, needle }
}

fn audit(ms: i64) -> AuditRecord {
    AuditRecord {
        id: AuditId::generate(),
        tenant: home(),
        time: at(ms),
        actor: Actor::System,
        action: "recording.delete".to_owned(),
        object: String::new(),
        remote: String::new(),
        request: RequestId::generate(),
        outcome: AuditOutcome::Allowed,
    }
}

/// What both stores must answer alike.
async fn answers(store: &Store, of: &Filled) -> Vec<String> {
    let all = range(-1000, 200 * 86_400_000);
    let (home, other) = (home(), other());
    let mut answers = vec![
        format!("{:?}", store.cameras(&home, CameraQuery { search: Some("DEPOT".into()), ..Default::default() }).await),
        format!("{:?}", store.cameras(&other, CameraQuery::default()).await),
        format!("{:?}", store.cameras_of_all_tenants(None).await),
        format!("{:?}", store.labels(&home).await),
        format!("{:?}", store.sites(&home).await),
        format!("{:?}", store.spec_changes(&home, of.gate, all).await),
        format!("{:?}", store.users(&home, None, 10).await),
        format!("{:?}", store.user_by_name(&home, "ANN").await),
        format!("{:?}", store.layouts(&home, of.ann).await),
        format!("{:?}", store.signing_keys().await),
        format!("{:?}", store.tenant_keys(&home).await),
        format!("{:?}", store.key(&home, of.key).await),
        format!("{:?}", store.segments(&home, of.gate, all).await),
        format!("{:?}", store.open_segments(of.node).await),
        format!("{:?}", store.copies(&home, of.gate, all).await),
        format!("{:?}", store.recorded_cameras(None).await),
        format!("{:?}", store.recorded_days(&home, of.gate, of.node, 0).await),
        format!("{:?}", store.marked_segments().await),
        format!("{:?}", store.incidents(&home, of.gate, all).await),
        format!("{:?}", store.ledger_rows(&home, of.gate, of.node, all).await),
        format!("{:?}", store.marker(&home, of.gate, of.needle.id).await),
        format!("{:?}", store.marker_steps(&home, of.gate, all, 10).await),
        format!("{:?}", store.camera_facts(&home, of.gate, Step::Minute, all).await),
        format!("{:?}", store.node_facts(of.node, Step::Hour, all).await),
        format!("{:?}", store.audit(&home, all, None, 3).await),
        format!("{:?}", store.events_after(0, 100).await),
        format!("{:?}", store.site(&home, of.site).await),
    ];
    for row in &of.segments {
        answers.push(format!("{:?}", store.fragments(&home, of.gate, row.segment).await));
        answers.push(format!("{:?}", store.copies_of_segment(&home, of.gate, row.start, row.segment).await));
    }
    answers
}

#[tokio::test]
async fn everything_is_there_after_the_move_and_goes_on_from_there() {
    let (directory, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (from, cluster) = (sqlite(directory.path()).await, open(to.path()).await.unwrap());
    let filled = fill(&from).await;
    // Epochs were given out by releases that had no cell.
    let earlier = rusqlite::Connection::open(directory.path().join("eyrie.db")).unwrap();
    earlier.execute("INSERT INTO epochs (generation, counter) VALUES (0, 7), (2, 1)", []).unwrap();
    drop(earlier);
    assert_eq!(cluster.node_id(filled.node).await.unwrap(), filled.node);
    let mut compared = BTreeMap::new();
    let progress = |step| {
        if let TransferStep::Compared { table, sum } = step {
            compared.insert(table, sum.rows);
        }
    };
    from.transfer(&cluster, filled.node, progress).await.unwrap();
    assert_eq!(compared.len(), 24);
    assert!(compared.values().all(|rows| *rows > 0), "the test fills every table: {compared:?}");
    for (moved, was) in answers(&cluster, &filled).await.iter().zip(answers(&from, &filled).await) {
        assert_eq!(*moved, was);
    }
    // A second time changes nothing.
    from.transfer(&cluster, filled.node, |_| {}).await.unwrap();

    // And it is used from here on.
    let last = from.events_after(0, 100).await.unwrap().last().unwrap().seq;
    let update = update_to(Some(2), spec("door"));
    cluster.update_camera(&home(), filled.gate, update, at(50), By::system()).await.unwrap();
    assert_eq!(cluster.events_after(last, 10).await.unwrap()[0].seq, last + 1);
    assert_eq!(cluster.last_epoch().await.unwrap(), Some(Epoch::new(2, 1).unwrap()));
    assert!(matches!(cluster.create_user(user("ANN", Role::Viewer)).await, Err(StoreError::AlreadyExists(_))));
    let (presented, next) = (TokenHash::of("t0"), TokenHash::of("t2"));
    let reused = cluster.rotate_session(&home(), presented, next, at(3), at(9)).await.unwrap();
    assert!(matches!(reused, eyrie_storage::store::Rotation::Reused(_)), "spent tokens are known, too: {reused:?}");
    assert!(matches!(cluster.delete_user(&home(), filled.ann).await, Err(StoreError::LastAdmin)));
    let closed = cluster.close_incidents_before(&home(), filled.gate, Slot::OWNER, epoch(9), at(0)).await.unwrap();
    assert_eq!(closed, 1);
    let gone = cluster.remove_segment(filled.segments[0].clone()).await;
    assert!(gone.is_ok() && cluster.segments(&home(), filled.gate, range(0, 1000)).await.unwrap().is_empty());
    assert!(
        cluster
            .knows_segment(&filled.segments[1].placement, SegmentId::generate(), at(0))
            .await
            .is_ok_and(|known| !known)
    );
}

#[tokio::test]
async fn a_move_that_was_broken_off_goes_on_where_it_was() {
    let (directory, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (from, cluster) = (sqlite(directory.path()).await, open(to.path()).await.unwrap());
    let filled = fill(&from).await;
    let rows: Vec<_> =
        (0..1300).map(|n| segment(CameraId::generate(), filled.node, n * 60_000, n * 60_000 + 1)).collect();
    for chunk in rows.chunks(1000) {
        from.put_segments(chunk.to_vec()).await.unwrap();
    }
    // Broken off in the middle of the segments: whoever moves goes away.
    let (broken, told) = tokio::sync::oneshot::channel();
    let mut broken = Some(broken);
    let progress = move |step| {
        if let TransferStep::Copied { table: "segments", rows: 512.., .. } = step {
            broken.take().map(|broken| broken.send(()));
        }
    };
    tokio::select! {
        biased;
        _ = told => {}
        moved = from.transfer(&cluster, filled.node, progress) => panic!("it was to be broken off: {moved:?}"),
    }
    let mut first = None;
    let progress = |step| {
        if let TransferStep::Copied { table: "segments", rows, .. } = step {
            first.get_or_insert(rows);
        }
    };
    from.transfer(&cluster, filled.node, progress).await.unwrap();
    assert!(first.is_some_and(|rows| rows > 512), "it began anew: {first:?}");
    let mut walked = 0;
    let mut after = None;
    loop {
        let page = cluster.segments_after(after).await.unwrap();
        walked += page.len();
        after = page.last().cloned();
        if after.is_none() {
            break;
        }
    }
    assert_eq!(walked, rows.len() + filled.segments.len());
}

#[tokio::test]
async fn a_keyspace_in_use_and_a_difference_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (from, used) = (sqlite(directory.path()).await, empty().await);
    let filled = fill(&from).await;
    used.create_camera(camera("theirs"), None, By::system()).await.unwrap();
    let refused = from.transfer(&used, filled.node, |_| {}).await.unwrap_err();
    assert!(refused.to_string().contains("in use already"), "{refused}");
    assert!(matches!(used.transfer(&from, filled.node, |_| {}).await, Err(StoreError::Transfer(_))), "the other way");
    let cluster = empty().await;
    from.transfer(&cluster, filled.node, |_| {}).await.unwrap();
    cluster.create_camera(camera("meanwhile"), None, By::system()).await.unwrap();
    let differs = from.transfer(&cluster, filled.node, |_| {}).await.unwrap_err();
    assert!(differs.to_string().contains("cameras: 2 rows in SQLite and 3 in the cluster"), "{differs}");
}

#[tokio::test]
async fn a_search_among_more_markers_than_one_page_looks_at_goes_on_until_it_finds() {
    let (directory, cluster) = (tempfile::tempdir().unwrap(), empty().await);
    let from = Arc::new(sqlite(directory.path()).await);
    let gate = camera("gate");
    from.create_camera(gate.clone(), None, By::system()).await.unwrap();
    from.create_marker(&home(), marker(gate.id, 0, "needle"), By::system()).await.unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for first in 0..100 {
        let (from, camera) = (from.clone(), gate.id);
        writers.spawn(async move {
            for n in (first..MARKER_SCAN_MAX as i64).step_by(100) {
                from.create_marker(&home(), marker(camera, n + 1, "hay"), By::system()).await.unwrap();
            }
        });
    }
    writers.join_all().await;
    let node = from.node_id(NodeId::generate()).await.unwrap();
    from.transfer(&cluster, node, |_| {}).await.unwrap();
    let range = TimeRange::new(WallTime::EPOCH, WallTime::MAX).unwrap();
    for camera in [None, Some(gate.id)] {
        let search = Some("needle".to_owned());
        let query = MarkerQuery { camera, of_deleted: false, range, category: None, search, limit: 100, cursor: None };
        let first = cluster.markers(&home(), query.clone()).await.unwrap();
        assert!(first.items.is_empty() && first.next_cursor.is_some());
        let second = cluster.markers(&home(), MarkerQuery { cursor: first.next_cursor, ..query }).await.unwrap();
        assert_eq!((second.items.len(), second.next_cursor), (1, None));
    }
}
