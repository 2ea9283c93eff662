//! Markers and layouts.

use eyrie_storage::StoreError;
use eyrie_storage::store::{Cursor, LAYOUTS_PER_USER_MAX, MarkerQuery};
use eyrie_types::{
    By, Camera, CameraId, EventKind, Layout, LayoutGrid, LayoutId, Marker, MarkerText, Role, TenantId, TimeRange,
    WallTime,
};

use crate::backend::{TestStore, empty};
use crate::values::{at, camera, home, marker, other, range, user};

fn all() -> MarkerQuery {
    let range = TimeRange::new(WallTime::EPOCH, WallTime::MAX).unwrap();
    MarkerQuery { camera: None, of_deleted: false, range, category: None, search: None, limit: 100, cursor: None }
}

async fn put(store: &TestStore, tenant: &TenantId, marker: &Marker) {
    store.create_marker(tenant, marker.clone(), By::system()).await.unwrap();
}

async fn titles(store: &TestStore, query: MarkerQuery) -> Vec<String> {
    let found = store.markers(&home(), query).await.unwrap();
    found.items.into_iter().map(|marker| marker.text.title).collect()
}

async fn with_camera() -> (TestStore, Camera) {
    let (store, gate) = (empty().await, camera("gate"));
    store.create_camera(gate.clone(), None, By::system()).await.unwrap();
    (store, gate)
}

#[tokio::test]
async fn a_marker_reads_back_changes_and_goes_and_each_change_is_an_event() {
    let (store, gate) = with_camera().await;
    let before = store.events_after(0, 100).await.unwrap().len();
    let made = marker(gate.id, 5, "Van");
    put(&store, &home(), &made).await;
    assert_eq!(store.marker(&home(), gate.id, made.id).await.unwrap(), Some(made.clone()));
    assert_eq!(store.marker(&other(), gate.id, made.id).await.unwrap(), None);
    let titled = |old: MarkerText| Ok(MarkerText { title: "Lorry".to_owned(), ..old });
    let (changed, event) = store.update_marker(&home(), gate.id, made.id, titled, at(9), By::system()).await.unwrap();
    assert_eq!((changed.text.title.as_str(), changed.updated_at, changed.author_id), ("Lorry", at(9), made.author_id));
    assert_eq!(event.kind, EventKind::MarkerUpdated { camera: gate.id, marker: made.id });
    let searched = MarkerQuery { search: Some("van".to_owned()), ..all() };
    assert!(titles(&store, searched).await.is_empty(), "the old title is not found any more");
    let elsewhere = store.delete_marker(&home(), CameraId::generate(), made.id, at(9), By::system()).await;
    assert!(matches!(elsewhere, Err(StoreError::NotFound(_))));
    store.delete_marker(&home(), gate.id, made.id, at(9), By::system()).await.unwrap();
    assert_eq!(store.marker(&home(), gate.id, made.id).await.unwrap(), None);
    assert_eq!(store.events_after(0, 100).await.unwrap().len(), before + 3);
}

#[tokio::test]
async fn search_takes_any_case_of_title_and_note_and_no_character_is_special() {
    let (store, gate) = with_camera().await;
    for title in ["100 % sure", "100 percent", "under_score", "underXscore", "Ärzte"] {
        put(&store, &home(), &marker(gate.id, 0, title)).await;
    }
    let mut noted = marker(gate.id, 0, "noted");
    noted.text.note = Some("the Blue\nVAN".to_owned());
    put(&store, &home(), &noted).await;
    put(&store, &other(), &marker(gate.id, 0, "100 % theirs")).await;
    for (search, found) in [
        ("100 %", vec!["100 % sure"]),
        ("r_s", vec!["under_score"]),
        ("äRZ", vec!["Ärzte"]),
        ("blue\nvan", vec!["noted"]),
        ("' OR 1=1 --", vec![]),
    ] {
        assert_eq!(titles(&store, MarkerQuery { search: Some(search.to_owned()), ..all() }).await, found, "{search}");
    }
}

#[tokio::test]
async fn pages_give_each_marker_once_latest_first_and_ranges_those_that_reach_in() {
    let (store, gate) = with_camera().await;
    for (start, title) in [(0, "a"), (10, "b"), (20, "c"), (20, "d"), (30, "e")] {
        put(&store, &home(), &marker(gate.id, start, title)).await;
    }
    let mut long = marker(gate.id, 5, "long");
    long.text.end = Some(at(16));
    put(&store, &home(), &long).await;
    let (mut seen, mut cursor) = (Vec::new(), None::<Cursor>);
    loop {
        let page = store.markers(&home(), MarkerQuery { limit: 2, cursor, ..all() }).await.unwrap();
        seen.extend(page.items.into_iter().map(|marker| marker.text.title));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["e", "d", "c", "b", "long", "a"]);
    assert_eq!(titles(&store, MarkerQuery { range: range(15, 30), ..all() }).await, ["d", "c", "long"]);
    assert_eq!(titles(&store, MarkerQuery { range: range(16, 20), ..all() }).await, Vec::<String>::new());
    let category = Some("other".to_owned());
    assert_eq!(titles(&store, MarkerQuery { category, ..all() }).await, Vec::<String>::new());
    let bad = store.markers(&home(), MarkerQuery { cursor: Some(Cursor::new("x")), ..all() }).await;
    assert!(matches!(bad, Err(StoreError::BadCursor)));
}

#[tokio::test]
async fn markers_of_a_deleted_camera_stay_for_those_who_ask_for_them() {
    let (store, gate) = with_camera().await;
    put(&store, &home(), &marker(gate.id, 0, "Van")).await;
    store.delete_camera(&home(), gate.id, None, at(1), By::system()).await.unwrap();
    assert!(titles(&store, all()).await.is_empty());
    assert_eq!(titles(&store, MarkerQuery { of_deleted: true, ..all() }).await, ["Van"]);
}

#[tokio::test]
async fn a_timeline_shows_each_marker_or_as_many_steps_as_it_may_and_loses_none() {
    let (store, gate) = with_camera().await;
    for n in 0..40 {
        put(&store, &home(), &marker(gate.id, n, "x")).await;
    }
    let each = store.marker_steps(&home(), gate.id, range(0, 40), 40).await.unwrap();
    assert!(each.len() == 40 && each.iter().all(|step| step.count == 1 && step.marker.is_some()));
    for points in [1, 3, 7, 39] {
        let steps = store.marker_steps(&home(), gate.id, range(0, 40), points).await.unwrap();
        assert!(steps.len() <= points, "{points}: {}", steps.len());
        assert_eq!(steps.iter().map(|step| step.count).sum::<u64>(), 40);
        assert!(steps.iter().all(|step| (step.count == 1) == step.marker.is_some()));
    }
}

#[tokio::test]
async fn layouts_are_their_users_alone_bounded_and_go_with_them() {
    let (store, ann, bob) = (empty().await, user("ann", Role::Viewer), user("bob", Role::Viewer));
    store.create_user(ann.clone()).await.unwrap();
    let grid = LayoutGrid { name: "Doors".to_owned(), tiles: 4, cameras: vec![Some(CameraId::generate()), None] };
    let layout = || Layout { id: LayoutId::generate(), grid: grid.clone(), created_at: at(0), updated_at: at(0) };
    let first = layout();
    store.create_layout(&home(), ann.id, first.clone()).await.unwrap();
    assert_eq!(store.layouts(&home(), ann.id).await.unwrap(), std::slice::from_ref(&first));
    assert!(store.layouts(&home(), bob.id).await.unwrap().is_empty());
    let theirs = store.update_layout(&home(), bob.id, first.id, grid.clone(), at(1)).await;
    assert!(matches!(theirs, Err(StoreError::NotFound(_))));
    assert!(store.delete_layout(&home(), bob.id, first.id).await.is_err());
    let wide = LayoutGrid { tiles: 9, ..grid.clone() };
    let changed = store.update_layout(&home(), ann.id, first.id, wide.clone(), at(1)).await.unwrap();
    assert_eq!((changed.grid, changed.updated_at), (wide, at(1)));
    for _ in 1..LAYOUTS_PER_USER_MAX {
        store.create_layout(&home(), ann.id, layout()).await.unwrap();
    }
    assert!(matches!(store.create_layout(&home(), ann.id, layout()).await, Err(StoreError::TooMany { .. })));
    store.delete_user(&home(), ann.id).await.unwrap();
    assert!(store.layouts(&home(), ann.id).await.unwrap().is_empty());
}
