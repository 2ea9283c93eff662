//! Segments, copies, fragment tables, keys, incidents, and the ledger drawn from them.

use eyrie_storage::StoreError;
use eyrie_storage::ledger::Ledger;
use eyrie_storage::store::{SealedSecret, SecondCopy, SegmentCopy, TenantKeyRow};
use eyrie_types::{
    Actor, AuditId, AuditOutcome, AuditRecord, By, CameraId, Event, EventKind, FragmentEntry, GapCause, Incident,
    KeyId, NodeId, RequestId, SegmentId, SegmentRow, SegmentState, Slot,
};

use crate::backend::empty;
use crate::values::{at, camera, epoch, home, other, range, segment};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

#[tokio::test]
async fn segments_are_found_by_overlap_over_the_end_of_the_day() {
    let store = empty().await;
    let (camera, node) = (CameraId::generate(), NodeId::generate());
    let before = segment(camera, node, DAY - 2 * HOUR, DAY - HOUR);
    let late = segment(camera, node, DAY - HOUR, DAY);
    let early = segment(camera, node, DAY, DAY + HOUR);
    store.put_segments(vec![early.clone(), before.clone(), late.clone()]).await.unwrap();
    let found = async |start, end| store.segments(&home(), camera, range(start, end)).await.unwrap();
    assert_eq!(found(DAY - 1, DAY + 1).await, vec![late.clone(), early.clone()]);
    // Ends are not in a range.
    assert_eq!(found(DAY - HOUR, DAY).await, vec![late]);
    assert_eq!(found(DAY + HOUR, DAY + 2 * HOUR).await, vec![]);
    assert_eq!(found(DAY + HOUR - 1, DAY + 2 * HOUR).await, vec![early]);
    assert_eq!(store.segments(&other(), camera, range(0, 3 * DAY)).await.unwrap(), vec![]);
}

#[tokio::test]
async fn a_late_refresh_undoes_neither_a_newer_one_nor_a_close() {
    let store = empty().await;
    let (camera, node) = (CameraId::generate(), NodeId::generate());
    let old = segment(camera, node, 0, 10_000);
    let newer = SegmentRow { end: at(20_000), runs: vec![range(0, 20_000)], fragments: 20, ..old.clone() };
    let closed = SegmentRow { state: SegmentState::Closed, merkle_root: Some([7; 32]), ..newer.clone() };
    // What a scan after a crash finds is the truth, also where it is less.
    let scanned = SegmentRow { state: SegmentState::Unclosed, fragments: 9, ..old.clone() };
    for (put, then) in [
        (&old, &old),
        (&newer, &newer),
        (&old, &newer),
        (&closed, &closed),
        (&newer, &closed),
        (&scanned, &scanned),
        (&newer, &scanned),
    ] {
        store.put_segments(vec![put.clone()]).await.unwrap();
        assert_eq!(store.segments(&home(), camera, range(0, 30_000)).await.unwrap(), vec![then.clone()]);
    }
}

#[tokio::test]
async fn a_start_finds_the_segments_its_node_left_open() {
    let store = empty().await;
    let (camera, node) = (CameraId::generate(), NodeId::generate());
    let open = segment(camera, node, 0, 10_000);
    let closed = SegmentRow { state: SegmentState::Closed, ..segment(camera, node, 10_000, 20_000) };
    let elsewhere = segment(camera, NodeId::generate(), 20_000, 30_000);
    store.put_segments(vec![open.clone(), closed, elsewhere]).await.unwrap();
    assert_eq!(store.open_segments(node).await.unwrap(), vec![open.clone()]);
    store.remove_segment(open).await.unwrap();
    assert_eq!(store.open_segments(node).await.unwrap(), vec![]);
}

#[tokio::test]
async fn a_walk_through_the_index_meets_every_segment_once() {
    let store = empty().await;
    let node = NodeId::generate();
    let mut rows: Vec<_> = (0..1500).map(|n| segment(CameraId::generate(), node, n * 60_000, n * 60_000 + 1)).collect();
    for chunk in rows.chunks(1000) {
        store.put_segments(chunk.to_vec()).await.unwrap();
    }
    let mut seen = store.segments_after(None).await.unwrap();
    while let Some(last) = seen.last().cloned() {
        let more = store.segments_after(Some(last)).await.unwrap();
        if more.is_empty() {
            break;
        }
        seen.extend(more);
    }
    rows.sort_by_key(|row| row.placement.camera);
    assert_eq!(seen, rows);
}

#[tokio::test]
async fn rows_with_runs_out_of_order_are_refused_and_leave_nothing() {
    let store = empty().await;
    let (camera, node) = (CameraId::generate(), NodeId::generate());
    let good = segment(camera, node, 0, 10_000);
    let mut bad = segment(camera, node, 20_000, 30_000);
    bad.runs = vec![range(25_000, 26_000), range(20_000, 21_000)];
    assert!(matches!(store.put_segments(vec![good, bad]).await, Err(StoreError::Invalid(_))));
    assert_eq!(store.segments(&home(), camera, range(0, DAY)).await.unwrap(), vec![]);
}

#[tokio::test]
async fn a_segments_copies_are_rows_of_their_own_and_go_with_it() {
    let store = empty().await;
    let row = segment(CameraId::generate(), NodeId::generate(), DAY - HOUR, DAY);
    let copy = |disk: &str| SegmentCopy {
        tenant: home(),
        camera: row.placement.camera,
        segment: row.segment,
        start: row.start,
        node: row.node,
        disk: disk.to_owned(),
        path: format!("{disk}/a.mp4"),
        bytes: 5,
        written_at: row.end,
    };
    store.put_segments(vec![row.clone()]).await.unwrap();
    for disk in ["b", "a", "a"] {
        store.put_copy(copy(disk)).await.unwrap();
    }
    let camera = row.placement.camera;
    assert_eq!(store.copies(&home(), camera, range(DAY - 1, DAY)).await.unwrap(), vec![copy("a"), copy("b")]);
    store.remove_copy(copy("a")).await.unwrap();
    let of_segment = async || store.copies_of_segment(&home(), camera, row.start, row.segment).await.unwrap();
    assert_eq!(of_segment().await, vec![copy("b")]);
    store.remove_segment(row.clone()).await.unwrap();
    assert_eq!(of_segment().await, vec![]);
}

#[tokio::test]
async fn fragment_tables_grow_by_chunks_that_never_change() {
    let store = empty().await;
    let (camera, segment) = (CameraId::generate(), SegmentId::generate());
    let entry = |number: u32| FragmentEntry {
        number,
        offset: u64::from(number) * 100,
        length: 100,
        start: at(i64::from(number) * 1000),
        duration_us: 1_000_000,
        starts_gop: number.is_multiple_of(2),
        discontinuity: number == 3,
        leaf: [number as u8; 32],
        stored_hash: [1; 32],
        keyframe_hash: [2; 16],
    };
    let chunks = [vec![entry(0), entry(1)], vec![entry(2), entry(3), entry(4)]];
    for chunk in [&chunks[1], &chunks[0], &chunks[1]] {
        store.append_fragments(&home(), camera, segment, chunk).await.unwrap();
    }
    assert_eq!(store.fragments(&home(), camera, segment).await.unwrap(), chunks.concat());
    let changed = store.append_fragments(&home(), camera, segment, &[entry(0)]).await;
    assert!(matches!(changed, Err(StoreError::Immutable(_))));
    let hole = store.append_fragments(&home(), camera, segment, &[entry(5), entry(7)]).await;
    assert!(matches!(hole, Err(StoreError::Invalid(_))));
}

#[tokio::test]
async fn key_rows_never_change_and_a_shredded_one_is_gone() {
    let store = empty().await;
    let id = KeyId::random();
    let sealed = SealedSecret::new(vec![1, 2, 3]);
    store.put_key(&home(), id, sealed.clone()).await.unwrap();
    store.put_key(&home(), id, sealed.clone()).await.unwrap();
    let other_bytes = store.put_key(&home(), id, SealedSecret::new(vec![9])).await;
    assert!(matches!(other_bytes, Err(StoreError::Immutable(_))));
    assert_eq!(store.key(&home(), id).await.unwrap(), Some(sealed));
    assert_eq!(store.key(&other(), id).await.unwrap(), None);
    assert!(store.shred_key(&home(), id).await.unwrap());
    assert_eq!(store.key(&home(), id).await.unwrap(), None);
}

#[tokio::test]
async fn a_tenants_key_pairs_are_kept_and_only_rewrapped() {
    let store = empty().await;
    let pair = |version, wrapped| TenantKeyRow {
        tenant: home(),
        version,
        public: vec![version as u8],
        wrapped: SealedSecret::new(vec![wrapped]),
        created_at: at(0),
    };
    store.create_tenant_key(pair(1, 10)).await.unwrap();
    store.create_tenant_key(pair(2, 20)).await.unwrap();
    assert!(matches!(store.create_tenant_key(pair(2, 99)).await, Err(StoreError::AlreadyExists(_))));
    store.rewrap_tenant_key(&home(), 1, SealedSecret::new(vec![11])).await.unwrap();
    assert_eq!(store.tenant_keys(&home()).await.unwrap(), vec![pair(2, 20), pair(1, 11)]);
}

fn incident(counter: u32, start: i64, end: Option<i64>) -> Incident {
    let cause = GapCause::CameraSilent;
    Incident { slot: Slot::OWNER, epoch: epoch(counter), cause, start: at(start), end: end.map(at) }
}

#[tokio::test]
async fn incidents_open_close_once_and_are_found_by_overlap() {
    let store = empty().await;
    let camera = CameraId::generate();
    let put = async |incident| store.put_incident(&home(), camera, incident).await.unwrap();
    let found = async |start, end| store.incidents(&home(), camera, range(start, end)).await.unwrap();
    put(incident(1, 10, None)).await;
    assert_eq!(found(1_000_000, 1_000_001).await, vec![incident(1, 10, None)]);
    put(incident(1, 10, Some(20))).await;
    // Neither opened again nor moved.
    put(incident(1, 10, None)).await;
    put(incident(1, 10, Some(90))).await;
    assert_eq!(found(0, 100).await, vec![incident(1, 10, Some(20))]);
    assert_eq!(found(20, 100).await, vec![]);
}

#[tokio::test]
async fn a_start_closes_what_earlier_epochs_left_open() {
    let store = empty().await;
    let camera = CameraId::generate();
    for left in [incident(1, 10, None), incident(1, 90, None), incident(2, 95, None)] {
        store.put_incident(&home(), camera, left).await.unwrap();
    }
    assert_eq!(store.close_incidents_before(&home(), camera, Slot::OWNER, epoch(2), at(50)).await.unwrap(), 2);
    let found = store.incidents(&home(), camera, range(0, 200)).await.unwrap();
    // One that began after the node was last known alive lasted no time at all.
    assert_eq!(found, vec![incident(1, 10, Some(50)), incident(1, 90, Some(90)), incident(2, 95, None)]);
}

#[tokio::test]
async fn the_ledger_is_drawn_from_one_snapshot_with_what_lies_just_outside() {
    let store = empty().await;
    let (made, node) = (camera("gate"), NodeId::generate());
    store.create_camera(made.clone(), None, By::system()).await.unwrap();
    store.node_alive(node, at(-5_000), at(100_000)).await.unwrap();
    let mut row = segment(made.id, node, 0, 60_000);
    row.runs = vec![range(0, 20_000), range(31_000, 60_000)];
    store.put_segments(vec![row]).await.unwrap();
    // It ended right before the range, and explains what is missing at its start.
    store.put_incident(&home(), made.id, incident(1, 21_000, Some(29_500))).await.unwrap();
    let asked = range(30_000, 50_000);
    let rows = store.ledger_rows(&home(), made.id, node, asked).await.unwrap();
    let ledger = Ledger::of(&rows, asked, at(100_000));
    assert_eq!(ledger.spans.len(), 1);
    let gaps: Vec<_> = ledger.gaps.iter().map(|gap| (gap.start, gap.end, gap.cause)).collect();
    assert_eq!(gaps, vec![(at(30_000), at(31_000), GapCause::CameraSilent)]);
    assert_eq!((ledger.summary.missing_s(), ledger.summary.durable_s()), (1.0, 19.0));
}

#[tokio::test]
async fn a_day_is_drawn_up_once_and_anew_after_any_of_its_rows_changed() {
    let store = empty().await;
    let (made, node) = (camera("gate"), NodeId::generate());
    store.create_camera(made.clone(), None, By::system()).await.unwrap();
    store.node_alive(node, at(-5_000), at(3 * DAY)).await.unwrap();
    let day = at(0).utc_day();
    let row = SegmentRow { state: SegmentState::Closed, ..segment(made.id, node, 0, HOUR) };
    store.put_segments(vec![row.clone()]).await.unwrap();
    let kept = async || store.day_rollups(&home(), made.id, day - 1, day + 1).await.unwrap();
    let draw_all = async |days| store.draw_day_rollups(&home(), made.id, node, days, at(2 * DAY)).await.unwrap();
    let draw = async || draw_all(vec![day]).await.remove(&day).unwrap();
    assert!(kept().await.is_empty());
    let drawn = draw().await;
    assert_eq!((drawn.summary.durable_s(), drawn.summary.expected_s()), (3600.0, 86_400.0));
    assert_eq!(kept().await.into_iter().collect::<Vec<_>>(), [(day, drawn.clone())]);
    // Another day's row changes nothing of it.
    store.put_segments(vec![segment(made.id, node, DAY + HOUR, DAY + 2 * HOUR)]).await.unwrap();
    assert_eq!(kept().await.len(), 1);
    store.put_segments(vec![segment(made.id, node, 2 * HOUR, 3 * HOUR)]).await.unwrap();
    assert!(kept().await.is_empty(), "a row that came late");
    assert_eq!(draw().await.summary.durable_s(), 7200.0);
    store.put_incident(&home(), made.id, incident(1, 5 * HOUR, Some(6 * HOUR))).await.unwrap();
    assert!(kept().await.is_empty(), "an incident that came late");
    assert_eq!(draw().await.summary.missing_us_by_cause[&GapCause::CameraSilent] / 1_000_000, 3604);

    let event = Event::new(home(), at(0), By::system(), EventKind::CameraCreated { camera: made.id });
    let marked = store.mark_deleted(vec![row.clone()], audit("recording.delete"), event).await.unwrap();
    assert_eq!(marked.len(), 1);
    assert!(kept().await.is_empty(), "what it told of is deleted");
    let after = draw().await.summary;
    assert_eq!((after.durable_s(), after.deleted_s()), (3600.0, 3600.0));
}

#[tokio::test]
async fn many_days_are_drawn_up_a_stretch_at_a_time_and_busy_ones_fewer() {
    let store = empty().await;
    let (camera, node) = (CameraId::generate(), NodeId::generate());
    let first = at(0).utc_day();
    let draw = async |days: Vec<u32>| {
        let drawn = store.draw_day_rollups(&home(), camera, node, days, at(200 * DAY)).await.unwrap();
        drawn.into_keys().collect::<Vec<_>>()
    };
    let days: Vec<u32> = (first..first + 100).collect();
    assert_eq!(draw(days.clone()).await, days[..64]);
    assert_eq!(draw(days[64..].to_vec()).await, days[64..]);
    // A segment every ten seconds.
    for number in 0..6 {
        let rows = (number * 1000..(number + 1) * 1000).map(|row| SegmentRow {
            state: SegmentState::Closed,
            ..segment(camera, node, row * 10_000, (row + 1) * 10_000)
        });
        store.put_segments(rows.collect()).await.unwrap();
    }
    assert_eq!(draw(days.clone()).await, days[..1], "one that is more than enough is drawn up all the same");
    assert!(draw(vec![]).await.is_empty());
}

#[tokio::test]
async fn only_segments_that_do_not_grow_are_marked_and_a_mark_stays_until_it_is_finished() {
    let store = empty().await;
    let (camera, node, key) = (CameraId::generate(), NodeId::generate(), KeyId::random());
    let open = segment(camera, node, 0, 10_000);
    let closed = SegmentRow { state: SegmentState::Closed, key: Some(key), ..segment(camera, node, 20_000, 30_000) };
    store.put_key(&home(), key, SealedSecret::new(vec![1])).await.unwrap();
    store.put_segments(vec![open.clone(), closed.clone()]).await.unwrap();
    assert_eq!(store.recorded_cameras(None).await.unwrap(), [(home(), camera)]);
    assert_eq!(store.recorded_cameras(Some((home(), camera))).await.unwrap(), []);
    assert_eq!(store.oldest_segments(&home(), camera, node, 9).await.unwrap(), std::slice::from_ref(&closed));
    let event = || Event::new(home(), at(0), By::system(), EventKind::CameraCreated { camera });
    let rows = vec![open.clone(), closed.clone()];
    let marked = store.mark_deleted(rows.clone(), audit("recording.delete"), event()).await.unwrap();
    assert_eq!(marked.iter().map(|mark| mark.segment).collect::<Vec<_>>(), [closed.segment]);
    assert_eq!(store.segments(&home(), camera, range(0, 60_000)).await.unwrap(), [open]);
    assert_eq!(store.mark_deleted(rows, audit("recording.delete"), event()).await.unwrap(), [], "once");
    assert_eq!(store.marked_segments().await.unwrap(), marked);
    assert!(store.key(&home(), key).await.unwrap().is_some(), "its file may be there");
    store.finish_deletion(marked[0].clone()).await.unwrap();
    store.finish_deletion(marked[0].clone()).await.unwrap();
    assert_eq!(store.marked_segments().await.unwrap(), []);
    assert_eq!(store.key(&home(), key).await.unwrap(), None);
}

fn audit(action: &str) -> AuditRecord {
    AuditRecord {
        id: AuditId::generate(),
        tenant: home(),
        time: at(0),
        actor: Actor::System,
        action: action.to_owned(),
        object: String::new(),
        remote: String::new(),
        request: RequestId::generate(),
        outcome: AuditOutcome::Allowed,
    }
}

#[tokio::test]
async fn what_a_node_holds_is_counted_apart_and_a_loss_is_put_down_to_the_node_that_was_lost() {
    let store = empty().await;
    let (camera, old, new) = (CameraId::generate(), NodeId::generate(), NodeId::generate());
    let closed =
        |node, start, end| SegmentRow { state: SegmentState::Closed, bytes: 100, ..segment(camera, node, start, end) };
    store.put_segments(vec![closed(old, 0, 50_000), closed(old, 50_000, 100_000)]).await.unwrap();
    store.put_segments(vec![closed(new, 103_000, 200_000)]).await.unwrap();
    let day = at(0).utc_day();
    let of = |node| {
        let store = &store;
        async move {
            let days = store.recorded_days(&home(), camera, node, 0).await.unwrap();
            days.into_iter().map(|(day, recorded)| (day, recorded.bytes, recorded.first)).collect::<Vec<_>>()
        }
    };
    assert_eq!(of(old).await, [(day, 200, at(0))]);
    assert_eq!(of(new).await, [(day, 100, at(103_000))]);
    assert_eq!(of(NodeId::generate()).await, []);

    store.node_alive(old, at(-500_000), at(98_000)).await.unwrap();
    store.node_alive(new, at(-500_000), at(300_000)).await.unwrap();
    // Whoever asks.
    for asking in [old, new, NodeId::generate()] {
        let rows = store.ledger_rows(&home(), camera, asking, range(0, 250_000)).await.unwrap();
        let runs: Vec<_> = rows.node_runs.iter().map(|run| (run.start, run.last_alive)).collect();
        assert_eq!(runs, [(at(-500_000), at(98_000)), (at(103_000), at(300_000))]);
    }
}

#[tokio::test]
async fn second_copies_count_in_the_ledger_and_go_with_their_segment() {
    let store = empty().await;
    let (camera, recorder, keeper) = (CameraId::generate(), NodeId::generate(), NodeId::generate());
    let row = SegmentRow { state: SegmentState::Closed, ..segment(camera, recorder, DAY - 10_000, DAY + 10_000) };
    store.put_segments(vec![row.clone()]).await.unwrap();
    assert_eq!(store.days_recorded(&home(), camera).await.unwrap(), [at(0).utc_day()]);
    let entry = |number: u32| FragmentEntry {
        number,
        offset: 0,
        length: 10,
        start: row.start.offset_us(i64::from(number) * 1_000_000),
        duration_us: 1_000_000,
        starts_gop: true,
        discontinuity: false,
        leaf: [0; 32],
        stored_hash: [0; 32],
        keyframe_hash: [0; 16],
    };
    let table: Vec<_> = (0..20).map(entry).collect();
    let empty_copy = SecondCopy::empty(&row, keeper, "disk");
    let few = empty_copy.clone().with(&table, |entry| (3..5).contains(&entry.number));
    let more = empty_copy.with(&table, |entry| (3..5).contains(&entry.number) || entry.number >= 18);
    assert_eq!((more.numbers.clone(), more.bytes), (vec![3..5, 18..20], 40));
    for copy in [&few, &more] {
        store.put_second_copy(copy.clone()).await.unwrap();
        assert_eq!(
            store.second_copies_of(&row.placement, row.start, row.segment).await.unwrap(),
            std::slice::from_ref(copy)
        );
    }
    // Found by the segment, over the end of its day; by nobody else.
    let found = store.second_copies(&home(), camera, range(DAY, DAY + 1)).await.unwrap();
    assert_eq!(found, std::slice::from_ref(&more));
    assert_eq!(store.second_copies(&other(), camera, range(DAY, DAY + 1)).await.unwrap(), []);

    // What is damaged at its recorder is there all the same where there is a copy, and on two nodes where it is sound.
    let damage = Incident {
        slot: row.placement.slot,
        epoch: row.placement.epoch,
        cause: GapCause::Damaged,
        start: table[4].start,
        end: Some(table[6].start),
    };
    store.put_incident(&home(), camera, damage).await.unwrap();
    let whole = range(DAY - 10_000, DAY + 10_000);
    let rows = store.ledger_rows(&home(), camera, recorder, whole).await.unwrap();
    let ledger = Ledger::of(&rows, whole, at(2 * DAY));
    let held: Vec<_> = ledger.spans.iter().map(|span| (span.start, span.end, span.sources.len())).collect();
    let start = |number: usize| table[number].start;
    let expected = [
        (start(0), start(3), 1),
        (start(3), start(4), 2),
        (start(4), start(5), 1),
        (start(6), start(18), 1),
        (start(18), table[19].end(), 2),
    ];
    assert_eq!(held, expected);
    assert_eq!(ledger.spans[2].sources[0].node, keeper);
    store.remove_incident(&home(), camera, damage).await.unwrap();
    assert_eq!(store.damage(&home(), camera, whole).await.unwrap(), []);

    store.remove_second_copy(more.clone()).await.unwrap();
    store.remove_second_copy(more.clone()).await.unwrap();
    assert_eq!(store.second_copies(&home(), camera, whole).await.unwrap(), []);
    store.put_second_copy(few).await.unwrap();
    store.remove_segment(row.clone()).await.unwrap();
    assert_eq!(store.second_copies_of(&row.placement, row.start, row.segment).await.unwrap(), []);
    let bad = SecondCopy { numbers: vec![5..6, 3..4], ..more };
    assert!(matches!(store.put_second_copy(bad).await, Err(StoreError::Invalid(_))));
}
