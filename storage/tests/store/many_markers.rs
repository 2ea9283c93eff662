use std::sync::Arc;

use eyrie_storage::store::{MARKER_SCAN_MAX, MarkerQuery};
use eyrie_types::{By, TimeRange, WallTime};

use crate::backend::empty;
use crate::values::{camera, home, marker};

#[tokio::test]
async fn a_search_among_more_than_one_page_looks_at_goes_on_until_it_finds() {
    let (store, gate) = (Arc::new(empty().await), camera("gate"));
    let camera = gate.id;
    store.create_camera(gate, None, By::system()).await.unwrap();
    store.create_marker(&home(), marker(camera, 0, "needle"), By::system()).await.unwrap();
    // Many at once share their commits.
    let mut writers = tokio::task::JoinSet::new();
    for first in 0..100 {
        let store = store.clone();
        writers.spawn(async move {
            for n in (first..MARKER_SCAN_MAX as i64).step_by(100) {
                store.create_marker(&home(), marker(camera, n + 1, "hay"), By::system()).await.unwrap();
            }
        });
    }
    writers.join_all().await;
    let range = TimeRange::new(WallTime::EPOCH, WallTime::MAX).unwrap();
    let all =
        MarkerQuery { camera: None, of_deleted: false, range, category: None, search: None, limit: 100, cursor: None };
    let query = MarkerQuery { search: Some("needle".to_owned()), ..all };
    let first = store.markers(&home(), query.clone()).await.unwrap();
    assert!(first.items.is_empty() && first.next_cursor.is_some());
    let second = store.markers(&home(), MarkerQuery { cursor: first.next_cursor, ..query }).await.unwrap();
    assert_eq!((second.items.len(), second.next_cursor), (1, None));
}
