use eyrie_storage::StoreError;
use eyrie_storage::store::{BulkChange, BulkOutcome, CameraQuery, CameraUpdate, Cursor, PasswordChange, SealedSecret};
use eyrie_types::{By, CameraId, RecordingMode, Secret, Site, SiteId, SourceSpec};

use crate::backend::{TestStore, empty};
use crate::values::{at, camera, change, home, other, range, spec, update_to};

async fn names(store: &TestStore, query: CameraQuery) -> Vec<String> {
    let page = store.cameras(&home(), CameraQuery { limit: 100, ..query }).await.unwrap();
    assert_eq!(page.total as usize, page.items.len());
    page.items.into_iter().map(|stored| stored.camera.spec.name).collect()
}

fn search(text: &str) -> CameraQuery {
    CameraQuery { search: Some(text.to_owned()), ..CameraQuery::default() }
}

pub(crate) async fn add_site(store: &TestStore, name: &str) -> SiteId {
    let id = SiteId::generate();
    let site = Site { id, tenant: home(), name: name.to_owned(), zone: "Europe/Berlin".to_owned(), created_at: at(0) };
    store.create_site(site).await.unwrap();
    id
}

#[tokio::test]
async fn a_camera_belongs_to_its_tenant_alone() {
    let store = empty().await;
    let lobby = camera("lobby");
    store.create_camera(lobby.clone(), None, By::system()).await.unwrap();
    assert!(store.camera(&other(), lobby.id).await.unwrap().is_none());
    assert_eq!(store.cameras(&other(), CameraQuery::default()).await.unwrap().total, 0);
    let foreign = store.delete_camera(&other(), lobby.id, None, at(1), By::system()).await;
    assert!(matches!(foreign, Err(StoreError::NotFound(_))));
}

#[tokio::test]
async fn an_update_needs_the_revision_it_was_made_from() {
    let store = empty().await;
    let lobby = camera("lobby");
    store.create_camera(lobby.clone(), None, By::system()).await.unwrap();
    let update = |expected, name| {
        store.update_camera(&lobby.tenant, lobby.id, update_to(expected, spec(name)), at(5), By::system())
    };
    assert_eq!(update(Some(1), "hall").await.unwrap().0.camera.revision, 2);
    let late = update(Some(1), "foyer").await;
    assert!(matches!(late, Err(StoreError::RevisionMismatch { current: 2, .. })), "{late:?}");
    let found = store.camera(&home(), lobby.id).await.unwrap().unwrap().camera;
    assert_eq!((found.spec.name.as_str(), found.updated_at), ("hall", at(5)));
}

#[tokio::test]
async fn a_password_is_kept_replaced_or_cleared_and_its_plain_text_never_stored() {
    let store = empty().await;
    let mut gate = camera("gate");
    let SourceSpec::Rtsp(rtsp) = &mut gate.spec.source else { unreachable!() };
    rtsp.password = Some(Secret::new("hunter2-in-plain-text"));
    store.create_camera(gate.clone(), Some(SealedSecret::new(vec![1, 2, 3])), By::system()).await.unwrap();
    let password = async || store.camera(&home(), gate.id).await.unwrap().unwrap().password;
    assert_eq!(password().await, Some(SealedSecret::new(vec![1, 2, 3])));
    for (change, then) in [
        (PasswordChange::Keep, Some(SealedSecret::new(vec![1, 2, 3]))),
        (PasswordChange::Set(SealedSecret::new(vec![4])), Some(SealedSecret::new(vec![4]))),
        (PasswordChange::Clear, None),
    ] {
        let update = CameraUpdate { password: change, ..update_to(None, gate.spec.clone()) };
        let (changed, _) = store.update_camera(&home(), gate.id, update, at(1), By::system()).await.unwrap();
        assert_eq!(changed.password, then);
        assert!(!format!("{changed:?}").contains("hunter2"));
        assert_eq!(password().await, then);
    }
    let page = store.cameras(&home(), CameraQuery::default()).await.unwrap();
    assert!(!format!("{page:?}").contains("hunter2"));
}

#[tokio::test]
async fn search_finds_names_labels_and_sites_in_any_case_and_takes_wildcards_literally() {
    let store = empty().await;
    let harbour = add_site(&store, "Hafen Süd").await;
    let mut quay = camera("Quay 1");
    quay.spec.site = Some(harbour);
    let mut clinic = camera("ÄRZTEHAUS 100% <b>");
    clinic.spec.labels = ["Étage_2"].into_iter().collect();
    for made in [quay, clinic, camera("plain")] {
        store.create_camera(made, None, By::system()).await.unwrap();
    }
    for (text, found) in [
        ("ärztehaus", vec!["ÄRZTEHAUS 100% <b>"]),
        ("étage", vec!["ÄRZTEHAUS 100% <b>"]),
        ("SÜD", vec!["Quay 1"]),
        ("100%", vec!["ÄRZTEHAUS 100% <b>"]),
        ("%", vec!["ÄRZTEHAUS 100% <b>"]),
        ("_", vec!["ÄRZTEHAUS 100% <b>"]),
        ("'; DROP TABLE cameras; --", vec![]),
        ("\\", vec![]),
        ("  ", vec!["plain", "Quay 1", "ÄRZTEHAUS 100% <b>"]),
    ] {
        assert_eq!(names(&store, search(text)).await, found, "{text:?}");
    }
}

#[tokio::test]
async fn filters_by_label_site_and_id_narrow_one_another() {
    let store = empty().await;
    let site = add_site(&store, "Depot").await;
    let mut ids = Vec::new();
    for (name, labels, here) in [("a", vec!["x"], true), ("b", vec!["x", "y"], false), ("c", vec!["x", "y"], true)] {
        let mut made = camera(name);
        made.spec.labels = labels.into_iter().collect();
        made.spec.site = here.then_some(site);
        ids.push(made.id);
        store.create_camera(made, None, By::system()).await.unwrap();
    }
    assert_eq!(store.labels(&home()).await.unwrap(), [("x".to_owned(), 3), ("y".to_owned(), 2)]);
    assert!(store.labels(&other()).await.unwrap().is_empty());
    let labels = vec!["x".to_owned(), "y".to_owned()];
    let both = CameraQuery { labels: labels.clone(), ..CameraQuery::default() };
    assert_eq!(names(&store, both).await, ["b", "c"]);
    let here = CameraQuery { labels, site: Some(site), ..CameraQuery::default() };
    assert_eq!(names(&store, here).await, ["c"]);
    let some = CameraQuery { ids: Some(vec![ids[0], ids[1], CameraId::generate()]), ..CameraQuery::default() };
    assert_eq!(names(&store, some).await, ["a", "b"]);
    assert_eq!(names(&store, CameraQuery { ids: Some(vec![]), ..CameraQuery::default() }).await, [""; 0]);
}

#[tokio::test]
async fn pages_follow_one_another_while_cameras_come_and_go() {
    let store = empty().await;
    let mut ids = Vec::new();
    for n in 0..10 {
        // Equal names: the id decides.
        let made = camera(if n % 2 == 0 { "same" } else { "SAME" });
        ids.push(made.id);
        store.create_camera(made, None, By::system()).await.unwrap();
    }
    ids.sort_unstable();
    let page = async |cursor| {
        let query = CameraQuery { limit: 3, cursor, ..CameraQuery::default() };
        store.cameras(&home(), query).await.unwrap()
    };
    let first = page(None).await;
    assert_eq!(first.total, 10);
    // The row the cursor names goes; the next page begins after its place all the same.
    store.delete_camera(&home(), ids[2], None, at(1), By::system()).await.unwrap();
    let mut seen: Vec<CameraId> = first.items.iter().map(|stored| stored.camera.id).collect();
    let mut cursor = first.next_cursor;
    while let Some(at) = cursor {
        let next = page(Some(Cursor::new(at.as_str()))).await;
        seen.extend(next.items.iter().map(|stored| stored.camera.id));
        cursor = next.next_cursor;
    }
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn a_cursor_made_up_by_a_client_is_refused() {
    let store = empty().await;
    for bad in ["", "!", "bnVsbA", "eyJuIjoxfQ", &"A".repeat(5000)] {
        let query = CameraQuery { cursor: Some(Cursor::new(bad)), ..CameraQuery::default() };
        assert!(matches!(store.cameras(&home(), query).await, Err(StoreError::BadCursor)), "{bad}");
    }
}

#[tokio::test]
async fn a_bulk_change_answers_for_each_camera() {
    let store = empty().await;
    let (on, off, unknown) = (camera("on"), camera("off"), CameraId::generate());
    let mut off = off;
    off.spec.enabled = false;
    for made in [&on, &off] {
        store.create_camera(made.clone(), None, By::system()).await.unwrap();
    }
    let ids = vec![on.id, off.id, unknown];
    let results = store.change_cameras(&home(), ids.clone(), BulkChange::Disable, at(1), By::system()).await.unwrap();
    assert!(
        matches!(&results[0], Ok(BulkOutcome::Changed(new, _)) if new.camera.revision == 2 && !new.camera.spec.enabled)
    );
    assert!(matches!(results[1], Ok(BulkOutcome::Unchanged)));
    assert!(matches!(results[2], Err(StoreError::NotFound(_))));

    let many = (0..65).map(|n| format!("label {n}")).collect();
    let results = store.change_cameras(&home(), ids, BulkChange::AddLabels(many), at(2), By::system()).await.unwrap();
    assert!(results[..2].iter().all(|result| matches!(result, Err(StoreError::Invalid(_)))));
    assert_eq!(store.camera(&home(), on.id).await.unwrap().unwrap().camera.revision, 2);
}

#[tokio::test]
async fn the_history_of_a_spec_says_when_footage_was_asked_for_also_after_deletion() {
    let store = empty().await;
    let mut gate = camera("gate");
    store.create_camera(gate.clone(), None, By::system()).await.unwrap();
    let update = async |spec: &eyrie_types::CameraSpec, ms| {
        store.update_camera(&home(), gate.id, update_to(None, spec.clone()), at(ms), By::system()).await.unwrap();
    };
    let mut spec = std::mem::replace(&mut gate.spec, crate::values::spec("unused"));
    spec.name = "renamed".to_owned();
    update(&spec, 10).await;
    spec.recording.mode = RecordingMode::Off;
    update(&spec, 20).await;
    spec.recording.mode = RecordingMode::Continuous;
    // The wall clock was set back: the change still comes after the one before.
    update(&spec, 15).await;
    store.delete_camera(&home(), gate.id, None, at(40), By::system()).await.unwrap();

    let history = store.spec_changes(&home(), gate.id, range(5, 100)).await.unwrap();
    let (on, off) = (RecordingMode::Continuous, RecordingMode::Off);
    assert_eq!(history, vec![change(0, true, on), change(20, true, off), change(20, true, on), change(40, false, on)]);
    let gone = store.deleted_camera(&home(), gate.id).await.unwrap().unwrap();
    assert_eq!((gone.name.as_str(), gone.deleted_at), ("renamed", at(40)));
    let again = eyrie_types::Camera { spec: crate::values::spec("again"), ..gate };
    assert!(matches!(store.create_camera(again, None, By::system()).await, Err(StoreError::AlreadyExists(_))));
}

#[tokio::test]
async fn a_site_is_there_before_its_cameras_and_goes_after_them() {
    let store = empty().await;
    let mut gate = camera("gate");
    gate.spec.site = Some(SiteId::generate());
    assert!(matches!(store.create_camera(gate.clone(), None, By::system()).await, Err(StoreError::UnknownSite)));
    let site = add_site(&store, "Depot").await;
    gate.spec.site = Some(site);
    store.create_camera(gate.clone(), None, By::system()).await.unwrap();
    assert!(matches!(store.delete_site(&home(), site).await, Err(StoreError::SiteInUse { cameras: 1 })));
    store.delete_camera(&home(), gate.id, None, at(1), By::system()).await.unwrap();
    store.delete_site(&home(), site).await.unwrap();
    assert_eq!(store.sites(&home()).await.unwrap(), vec![]);
}

#[tokio::test]
async fn site_names_are_unique_in_any_case() {
    let store = empty().await;
    let depot = add_site(&store, "Depot").await;
    let yard = add_site(&store, "Yard").await;
    let taken = store.update_site(&home(), yard, "DEPOT".to_owned(), "UTC".to_owned()).await;
    assert!(matches!(taken, Err(StoreError::AlreadyExists(_))));
    let renamed = store.update_site(&home(), depot, "DEPOT".to_owned(), "UTC".to_owned()).await.unwrap();
    assert_eq!((renamed.name.as_str(), renamed.zone.as_str()), ("DEPOT", "UTC"));
}

#[tokio::test]
async fn a_node_walks_through_the_cameras_of_all_tenants() {
    let store = empty().await;
    let mut foreign = camera("foreign");
    foreign.tenant = other();
    let ours = camera("ours");
    store.create_camera(ours.clone(), None, By::system()).await.unwrap();
    store.create_camera(foreign.clone(), None, By::system()).await.unwrap();
    let all = store.cameras_of_all_tenants(None).await.unwrap();
    assert_eq!(all.iter().map(|stored| stored.camera.id).collect::<Vec<_>>(), vec![foreign.id, ours.id]);
    let rest = store.cameras_of_all_tenants(Some((foreign.tenant, foreign.id))).await.unwrap();
    assert_eq!(rest.len(), 1);
}
