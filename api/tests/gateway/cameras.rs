//! The directory of cameras over HTTP.

use eyrie_types::{CameraId, CameraState, TenantId};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Caller, Eyrie, fields, problem};

async fn patch(caller: &Caller<'_>, path: &str, patch: Value) -> reqwest::Response {
    caller.send(Method::PATCH, path, Some(patch)).await
}

#[tokio::test]
async fn a_camera_goes_in_and_comes_out_without_its_password() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let source = json!({"type": "rtsp", "url": "rtsp://192.0.2.9/a", "username": "u", "password": "hunter2"});
    let body = json!({"name": "Lobby", "labels": {"floor": "2"}, "enabled": false, "source": source});
    let made = admin.send(Method::POST, "/api/v1/cameras", Some(body)).await;
    assert_eq!((made.status().as_u16(), &made.headers()["etag"]), (201, &"\"1\"".parse().unwrap()));
    let location = made.headers()["location"].to_str().unwrap().to_owned();
    let text = made.text().await.unwrap();
    assert!(!text.contains("hunter2"), "{text}");
    let camera: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(camera["source"]["has_password"], true);
    assert_eq!(camera["labels"], json!(["floor=2"]));
    assert_eq!(camera["status"]["state"], "disabled");
    assert_eq!(camera["links"]["self"], location);
    assert_eq!(camera["links"]["hls"], format!("{location}/live/index.m3u8"));
    assert_eq!(camera["stream"], Value::Null);
    assert_eq!(admin.json(&location).await, camera);
    assert_eq!(admin.json(&format!("{location}/status")).await["state"], "disabled");
}

#[tokio::test]
async fn a_merge_patch_changes_what_it_names_at_the_revision_it_was_made_for() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let source = json!({"type": "rtsp", "url": "rtsp://192.0.2.9/a", "username": "u", "password": "hunter2"});
    let body = json!({"name": "Lobby", "enabled": false, "labels": ["x"], "source": source});
    let made: Value = admin.send(Method::POST, "/api/v1/cameras", Some(body)).await.json().await.unwrap();
    let path = made["links"]["self"].as_str().unwrap();

    let changed: Value =
        patch(&admin, path, json!({"name": "Hall", "source": {"username": null}})).await.json().await.unwrap();
    assert_eq!(
        (&changed["name"], &changed["revision"], &changed["labels"]),
        (&json!("Hall"), &json!(2), &json!(["x"]))
    );
    assert_eq!(changed["source"].get("username"), None);
    assert_eq!(changed["source"]["has_password"], true, "left out, the password stays");

    let stale = admin.request(Method::PATCH, path).header("if-match", "\"1\"").json(&json!({"name": "Door"}));
    problem(stale.send().await.unwrap(), "revision_mismatch").await;
    let fresh =
        admin.request(Method::PATCH, path).header("if-match", "\"2\"").json(&json!({"source": {"password": null}}));
    let fresh: Value = fresh.send().await.unwrap().json().await.unwrap();
    assert_eq!(fresh["source"]["has_password"], false);

    assert_eq!(fields(&problem(patch(&admin, path, json!({"name": null})).await, "invalid_fields").await), ["name"]);
    let closed = json!({"source": {"url": "rtsp://[::1]/"}});
    assert_eq!(fields(&problem(patch(&admin, path, closed).await, "invalid_fields").await), ["source.url"]);
    let stale = admin.request(Method::DELETE, path).header("if-match", "\"1\"");
    problem(stale.send().await.unwrap(), "revision_mismatch").await;
    assert_eq!(admin.send(Method::DELETE, path, None).await.status(), 204);
    problem(admin.get(path).await, "not_found").await;
    assert_eq!(admin.get(&format!("{path}/recordings")).await.status(), 200, "its footage outlives it");
}

#[tokio::test]
async fn a_thousand_cameras_come_in_pages_each_once() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    for batch in 0..20 {
        let names = (0..50).map(|i| format!("camera {:04}", batch * 50 + i)).collect::<Vec<_>>();
        futures::future::join_all(names.iter().map(|name| admin.camera(name))).await;
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin.json(&format!("/api/v1/cameras?limit=300&cursor={cursor}")).await;
        assert_eq!(page["total"], 1000);
        seen.extend(page["items"].as_array().unwrap().iter().map(|camera| camera["name"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    let expected: Vec<_> = (0..1000).map(|i| format!("camera {i:04}")).collect();
    assert_eq!(seen, expected);
    assert_eq!(admin.json("/api/v1/cameras?search=RA%200042").await["total"], 1);
    assert_eq!(admin.json("/api/v1/cameras?state=disabled&limit=1").await["total"], 1000);
    assert_eq!(admin.json("/api/v1/cameras?state=online").await["total"], 0);
    assert_eq!(admin.json("/api/v1/node").await["cameras"]["disabled"], 1000);
}

#[tokio::test]
async fn cameras_in_a_state_come_in_pages_with_a_total_of_that_state_alone() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let tenant = TenantId::default_tenant();
    let mut ids: Vec<CameraId> = Vec::new();
    for i in 0..25 {
        let camera = admin.camera(&format!("camera {i:02}")).await;
        ids.push(camera["id"].as_str().unwrap().parse().unwrap());
    }
    ids.iter().step_by(2).for_each(|id| eyrie.node.put_unrunnable(&tenant, *id, CameraState::Offline, "gone"));
    // On the board and not in the directory: the directory decides what there is.
    eyrie.node.put_unrunnable(&tenant, CameraId::generate(), CameraState::Offline, "a ghost");
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin.json(&format!("/api/v1/cameras?state=offline&limit=5&cursor={cursor}")).await;
        assert_eq!(page["total"], 13);
        seen.extend(page["items"].as_array().unwrap().iter().map(|camera| camera["name"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    let expected: Vec<_> = (0..25).step_by(2).map(|i| format!("camera {i:02}")).collect();
    assert_eq!(seen, expected);
    assert_eq!(admin.json("/api/v1/cameras?state=offline&search=camera%2004").await["total"], 1);
}

#[tokio::test]
async fn a_bulk_change_tells_of_each_camera() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let one = admin.camera("one").await;
    let missing = "0192f0c1-2345-7abc-8def-0123456789ab";
    let bulk = |action: &str, labels: Value| json!({"ids": [one["id"], missing], "action": action, "labels": labels});
    let path = "/api/v1/cameras/bulk";
    let done = admin.send(Method::POST, path, Some(bulk("add_labels", json!(["a", "b"])))).await;
    let done: Value = done.json().await.unwrap();
    assert_eq!(done["results"][0], json!({"id": one["id"], "ok": true}));
    assert_eq!(done["results"][1]["problem"]["code"], "not_found");
    admin.send(Method::POST, path, Some(bulk("remove_labels", json!(["b"])))).await;
    assert_eq!(admin.json("/api/v1/cameras?label=a").await["items"][0]["labels"], json!(["a"]));
    assert_eq!(admin.json("/api/v1/labels").await["items"], json!([{"label": "a", "cameras": 1}]));
    let none = admin.send(Method::POST, path, Some(bulk("add_labels", Value::Null))).await;
    assert_eq!(fields(&problem(none, "invalid_fields").await), ["labels"]);
    let many: Vec<_> = (0..1001).map(|_| missing).collect();
    let many = admin.send(Method::POST, path, Some(json!({"ids": many, "action": "enable"}))).await;
    assert_eq!(fields(&problem(many, "invalid_fields").await), ["ids"]);
    admin.send(Method::POST, path, Some(bulk("delete", Value::Null))).await;
    assert_eq!(admin.json("/api/v1/cameras").await["total"], 0);
}

#[tokio::test]
async fn a_site_has_a_zone_and_stays_while_cameras_stand_at_it() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let bad = admin.send(Method::POST, "/api/v1/sites", Some(json!({"name": "HQ", "zone": "Moon/Crater"}))).await;
    assert_eq!(fields(&problem(bad, "invalid_fields").await), ["zone"]);
    let site = json!({"name": "HQ", "zone": "Europe/Berlin"});
    let made = admin.send(Method::POST, "/api/v1/sites", Some(site)).await;
    let path = made.headers()["location"].to_str().unwrap().to_owned();
    let site: Value = made.json().await.unwrap();
    let camera = admin.camera("a").await;
    patch(&admin, camera["links"]["self"].as_str().unwrap(), json!({"site": site["id"]})).await;
    problem(admin.send(Method::DELETE, &path, None).await, "in_use").await;
    patch(&admin, camera["links"]["self"].as_str().unwrap(), json!({"site": null})).await;
    let renamed: Value = patch(&admin, &path, json!({"name": "Office"})).await.json().await.unwrap();
    assert_eq!((&renamed["name"], &renamed["zone"]), (&json!("Office"), &json!("Europe/Berlin")));
    assert_eq!(admin.json("/api/v1/sites").await["total"], 1);
    assert_eq!(admin.send(Method::DELETE, &path, None).await.status(), 204);
}
