//! History of what was measured: minutes become hours, and both go when their time is over.

use std::time::Duration;

use eyrie_storage::StoreError;
use eyrie_storage::facts::{HOURS_KEPT, MINUTES_KEPT, NodePoint, Step, StreamPoint};
use eyrie_storage::store::FACTS_BATCH_MAX;
use eyrie_types::{CameraId, NodeId};

use crate::backend::{empty, open};
use crate::values::{at, home, other, range};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;

fn point(lost: u32) -> StreamPoint {
    StreamPoint { lost, bitrate_bps: lost * 100, ..StreamPoint::default() }
}

#[tokio::test]
async fn minutes_are_kept_by_camera_and_their_hours_are_drawn_anew_with_each() {
    let directory = tempfile::tempdir().unwrap();
    let (camera, neighbour) = (CameraId::generate(), CameraId::generate());
    {
        let store = open(directory.path()).await.unwrap();
        for (minute, lost) in [(0, 2), (1, 4), (60, 9)] {
            let points = vec![(home(), camera, point(lost)), (home(), neighbour, point(1))];
            store.keep_camera_minute(at(minute * MINUTE_MS), points).await.unwrap();
        }
        // The same minute again is the last one, and its hour no larger for it.
        store.keep_camera_minute(at(MINUTE_MS), vec![(home(), camera, point(6))]).await.unwrap();
        store.close().await.unwrap();
    }
    let store = open(directory.path()).await.unwrap();
    let all = range(-HOUR_MS, 24 * HOUR_MS);
    let minutes = store.camera_facts(&home(), camera, Step::Minute, all).await.unwrap();
    let expected = [(at(0), point(2)), (at(MINUTE_MS), point(6)), (at(HOUR_MS), point(9))];
    assert_eq!(minutes.into_iter().collect::<Vec<_>>(), expected);
    let hours = store.camera_facts(&home(), camera, Step::Hour, all).await.unwrap();
    let first = StreamPoint { lost: 8, bitrate_bps: 400, ..StreamPoint::default() };
    assert_eq!(hours.into_iter().collect::<Vec<_>>(), [(at(0), first), (at(HOUR_MS), point(9))]);
    let some = store.camera_facts(&home(), camera, Step::Minute, range(MINUTE_MS, HOUR_MS)).await.unwrap();
    assert_eq!(some.into_keys().collect::<Vec<_>>(), [at(MINUTE_MS)], "the end is not part of a range");
    assert!(store.camera_facts(&other(), camera, Step::Minute, all).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_node_has_a_history_of_its_own() {
    let (store, node) = (empty().await, NodeId::generate());
    for (minute, milli) in [(0, 100), (1, 300)] {
        let point = NodePoint { cpu_milli: milli, disk_free_bytes: u64::from(milli), ..NodePoint::default() };
        store.keep_node_minute(node, at(minute * MINUTE_MS), point).await.unwrap();
    }
    let hours = store.node_facts(node, Step::Hour, range(0, HOUR_MS)).await.unwrap();
    assert_eq!((hours[&at(0)].cpu_milli, hours[&at(0)].disk_free_bytes), (200, 100));
    assert_eq!(store.node_facts(node, Step::Minute, range(0, HOUR_MS)).await.unwrap().len(), 2);
    assert!(store.node_facts(NodeId::generate(), Step::Minute, range(0, HOUR_MS)).await.unwrap().is_empty());
}

#[tokio::test]
async fn minutes_go_after_a_week_and_hours_after_two_years() {
    let (store, camera, node) = (empty().await, CameraId::generate(), NodeId::generate());
    store.keep_camera_minute(at(0), vec![(home(), camera, point(1))]).await.unwrap();
    store.keep_node_minute(node, at(0), NodePoint::default()).await.unwrap();
    let counts = async || {
        let all = range(-HOUR_MS, HOUR_MS);
        let minutes = store.camera_facts(&home(), camera, Step::Minute, all).await.unwrap().len();
        (minutes, store.camera_facts(&home(), camera, Step::Hour, all).await.unwrap().len())
    };
    assert_eq!(store.purge_facts(at(0) + MINUTES_KEPT, 100).await.unwrap(), 0);
    assert_eq!(counts().await, (1, 1));
    let hour = Duration::from_secs(3600);
    assert_eq!(store.purge_facts(at(0) + MINUTES_KEPT + hour, 100).await.unwrap(), 2);
    assert_eq!(counts().await, (0, 1));
    assert_eq!(store.purge_facts(at(0) + HOURS_KEPT + hour * 24, 100).await.unwrap(), 2);
    assert_eq!(counts().await, (0, 0));
}

#[tokio::test]
async fn a_batch_that_would_hold_the_writer_up_is_refused() {
    let store = empty().await;
    let points = (0..=FACTS_BATCH_MAX).map(|_| (home(), CameraId::generate(), point(1))).collect();
    let refused = store.keep_camera_minute(at(0), points).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooMany { max: FACTS_BATCH_MAX, .. }), "{refused}");
}
