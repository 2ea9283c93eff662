//! The directory that the gateway keeps in memory is the store's, whatever changes it and whoever asks.

use eyrie_storage::store::{BulkChange, CameraQuery, CameraUpdate, PasswordChange};
use eyrie_types::{
    By, Camera, CameraId, CameraSpec, CameraState, FileSource, Site, SiteId, SourceSpec, TenantId, WallTime,
};
use serde_json::Value;

use crate::harness::{Caller, Eyrie};

fn home() -> TenantId {
    TenantId::default_tenant()
}

fn spec(name: &str, labels: &[&str], site: Option<SiteId>) -> CameraSpec {
    CameraSpec {
        name: name.to_owned(),
        enabled: false,
        labels: labels.iter().copied().collect(),
        site,
        source: SourceSpec::File(FileSource { path: "a.mp4".to_owned() }),
        recording: Default::default(),
        placement: Default::default(),
    }
}

fn camera(tenant: TenantId, spec: CameraSpec) -> Camera {
    let at = WallTime::from_unix_us(1_767_225_600_000_000);
    Camera { id: CameraId::generate(), tenant, revision: 1, created_at: at, updated_at: at, spec }
}

/// Numbers that look random and are the same in each run (Knuth's MMIX generator).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// The names on all pages of a list, and its total on each.
async fn listed(caller: &Caller<'_>, query: &str) -> Vec<(String, u64)> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = caller.json(&format!("/api/v1/cameras?limit=7&{query}&cursor={cursor}")).await;
        let items: Vec<(String, u64)> = page["items"].as_array().unwrap().iter().map(seen).collect();
        all.extend(items);
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => {
                assert_eq!(page["total"], all.len(), "{query}");
                return all;
            }
        }
    }
}

fn seen(camera: &Value) -> (String, u64) {
    (camera["id"].as_str().unwrap().to_owned(), camera["revision"].as_u64().unwrap())
}

#[tokio::test]
async fn every_list_holds_what_the_store_holds_after_each_of_many_changes() {
    let eyrie = Eyrie::start().await;
    let (admin, store, mut numbers) = (eyrie.admin().await, &eyrie.store, Numbers(7));
    let names = ["Gate", "gate", "Ärztehaus", "Hall 1", "hall 2", "Quay", "door"];
    let labels = [vec![], vec!["x"], vec!["x", "Étage"], vec!["y"]];
    let mut sites = Vec::new();
    for name in ["Nord", "Süd"] {
        let (id, created_at) = (SiteId::generate(), WallTime::EPOCH);
        let site = Site { id, tenant: home(), name: name.to_owned(), zone: "UTC".to_owned(), created_at };
        store.create_site(site).await.unwrap();
        sites.push(id);
    }
    let mut ids: Vec<CameraId> = Vec::new();
    for step in 0..120 {
        let site = [None, Some(sites[0]), Some(sites[1])][numbers.below(3)];
        let (name, labels) = (names[numbers.below(names.len())], &labels[numbers.below(labels.len())]);
        let new = spec(name, labels, site);
        let chosen = (!ids.is_empty()).then(|| numbers.below(ids.len()));
        let now = WallTime::from_unix_us(1_767_225_600_000_000 + step);
        match (numbers.below(8), chosen) {
            (0, Some(at)) => {
                let id = ids.swap_remove(at);
                store.delete_camera(&home(), id, None, now, By::system()).await.unwrap();
            }
            (1, Some(at)) => {
                let update = CameraUpdate { expected: None, spec: new, password: PasswordChange::Keep };
                store.update_camera(&home(), ids[at], update, now, By::system()).await.unwrap();
            }
            (2, Some(at)) => {
                let at = at.min(3);
                let some: Vec<CameraId> = ids[..=at].to_vec();
                let change = match numbers.below(3) {
                    0 => BulkChange::Delete,
                    1 => BulkChange::AddLabels(["y", "z"].into_iter().collect()),
                    _ => BulkChange::RemoveLabels(["x"].into_iter().collect()),
                };
                if change == BulkChange::Delete {
                    ids.drain(..=at);
                }
                store.change_cameras(&home(), some, change, now, By::system()).await.unwrap();
            }
            (3, _) => {
                let name = ["Nord", "West", "Gatehouse"][numbers.below(3)].to_owned();
                store.update_site(&home(), sites[0], name, "UTC".to_owned()).await.unwrap();
            }
            _ => {
                let made = camera(home(), new);
                ids.push(made.id);
                store.create_camera(made, None, By::system()).await.unwrap();
            }
        }
        let (label, site) = (|label: &str| vec![label.to_owned()], sites[0]);
        let search = |text: &str| CameraQuery { search: Some(text.to_owned()), ..CameraQuery::default() };
        for (query, same) in [
            (String::new(), CameraQuery::default()),
            ("search=GATE".to_owned(), search("gate")),
            ("search=%20%C3%89TAGE".to_owned(), search("étage")),
            ("search=%20".to_owned(), CameraQuery::default()),
            ("label=x".to_owned(), CameraQuery { labels: label("x"), ..CameraQuery::default() }),
            (format!("site={site}"), CameraQuery { site: Some(site), ..CameraQuery::default() }),
            (
                format!("site={site}&label=y&search=a"),
                CameraQuery { labels: label("y"), site: Some(site), ..search("a") },
            ),
        ] {
            let expected = store.cameras(&home(), CameraQuery { limit: 1000, ..same }).await.unwrap().items;
            let expected: Vec<_> =
                expected.iter().map(|found| (found.camera.id.to_string(), found.camera.revision)).collect();
            assert_eq!(listed(&admin, &query).await, expected, "step {step}, {query:?}");
        }
    }
    assert!(ids.len() > 7, "more than a page is left: {}", ids.len());
}

#[tokio::test]
async fn a_list_by_state_follows_states_and_directory_at_once() {
    let eyrie = Eyrie::start().await;
    let (admin, mut made) = (eyrie.admin().await, Vec::new());
    for number in 0..30 {
        let camera = admin.camera(&format!("camera {number:02}")).await;
        made.push(camera["id"].as_str().unwrap().parse::<CameraId>().unwrap());
    }
    let count = async |state: &str| listed(&admin, &format!("state={state}")).await.len();
    assert_eq!((count("disabled").await, count("refused").await), (30, 0));
    let refuse = |id: CameraId| eyrie.node.put_unrunnable(&home(), id, CameraState::Refused, "on purpose");
    refuse(made[3]);
    assert_eq!((count("disabled").await, count("refused").await), (29, 1));
    made[10..].iter().for_each(|id| refuse(*id));
    let refused = listed(&admin, "state=refused").await;
    let expected: Vec<_> = made[3..4].iter().chain(&made[10..]).map(|id| (id.to_string(), 1)).collect();
    assert_eq!(refused, expected, "in the order of names");
    assert_eq!(listed(&admin, "state=refused&search=29").await.len(), 1);
    let gone = admin.send(reqwest::Method::DELETE, &format!("/api/v1/cameras/{}", made[3]), None).await;
    assert_eq!(gone.status(), 204);
    assert_eq!((count("disabled").await, count("refused").await), (9, 20));
    // The status in an answer is that of its moment, also where nothing of the camera itself changed.
    let path = format!("/api/v1/cameras/{}", made[0]);
    assert_eq!(admin.json(&path).await["status"]["state"], "disabled");
    refuse(made[0]);
    assert_eq!(admin.json(&path).await["status"]["reason"], "on purpose");
    assert_eq!(admin.json("/api/v1/cameras").await["items"][0]["status"]["state"], "refused");
}

#[tokio::test]
async fn cameras_of_another_tenant_are_in_no_answer() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let theirs = camera("acme".parse().unwrap(), spec("theirs", &["x"], None));
    eyrie.store.create_camera(theirs.clone(), None, By::system()).await.unwrap();
    eyrie.node.put_unrunnable(&theirs.tenant, theirs.id, CameraState::Refused, "on purpose");
    for query in ["", "search=theirs", "label=x", "state=refused"] {
        assert_eq!(listed(&admin, query).await, [], "{query:?}");
    }
    let path = format!("/api/v1/cameras/{}", theirs.id);
    for path in [path.clone(), format!("{path}/status")] {
        assert_eq!(admin.get(&path).await.status(), 404, "{path}");
    }
}
