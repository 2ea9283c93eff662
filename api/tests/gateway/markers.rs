use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Caller, Eyrie, fields, problem};

const NOON: &str = "2026-01-31T12:00:00Z";

fn van() -> Value {
    json!({"start": NOON, "category": "delivery", "title": "Van"})
}

async fn made(caller: &Caller<'_>, path: &str, body: Value) -> Value {
    let answer = caller.send(Method::POST, path, Some(body)).await;
    assert_eq!(answer.status(), 201);
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    let mut body: Value = answer.json().await.unwrap();
    assert!(location.ends_with(body["id"].as_str().unwrap()), "{location}");
    body["path"] = location.into();
    body
}

fn path(marker: &Value) -> &str {
    marker["path"].as_str().unwrap()
}

#[tokio::test]
async fn viewers_note_and_change_their_own_operators_any_and_the_audit_log_tells() {
    let eyrie = Eyrie::start().await;
    let (admin, viewer, operator) = (eyrie.admin().await, eyrie.user("viewer").await, eyrie.user("operator").await);
    let camera = admin.camera("gate").await;
    let markers = camera["links"]["markers"].as_str().unwrap();
    let (own, others) = (made(&viewer, markers, van()).await, made(&operator, markers, van()).await);
    assert_eq!((own["author"].as_str(), &own["end"], &own["note"]), (Some("the viewer"), &Value::Null, &Value::Null));
    let patch = || Some(json!({"title": "Lorry", "end": "2026-01-31T12:05:00Z", "note": "two\nlines"}));
    for (method, body) in [(Method::PATCH, patch()), (Method::DELETE, None)] {
        problem(viewer.send(method, path(&others), body).await, "forbidden").await;
    }
    let changed = viewer.send(Method::PATCH, path(&own), patch()).await;
    assert_eq!(changed.status(), 200);
    let changed: Value = changed.json().await.unwrap();
    assert_eq!((changed["title"].as_str(), changed["category"].as_str()), (Some("Lorry"), Some("delivery")));
    let back = operator.send(Method::PATCH, path(&own), Some(json!({"end": null, "note": null}))).await;
    let back: Value = back.json().await.unwrap();
    assert_eq!((&back["end"], &back["note"], &back["author"]), (&Value::Null, &Value::Null, &own["author"]));
    assert_eq!(viewer.send(Method::DELETE, path(&own), None).await.status(), 204);
    problem(viewer.send(Method::DELETE, path(&own), None).await, "not_found").await;
    let log = admin.json("/api/v1/audit").await;
    let told = |action: &str, outcome: &str, marker: &Value| {
        let object = path(marker).strip_prefix("/api/v1/").unwrap();
        let says = |item: &Value| item["action"] == action && item["outcome"] == outcome && item["object"] == object;
        log["items"].as_array().unwrap().iter().any(says)
    };
    for (action, outcome, marker) in [
        ("marker.create", "allowed", &own),
        ("marker.update", "allowed", &own),
        ("marker.update", "denied", &others),
        ("marker.delete", "allowed", &own),
        ("marker.delete", "denied", &others),
    ] {
        assert!(told(action, outcome, marker), "{action} {outcome}: {log}");
    }
}

#[tokio::test]
async fn hostile_markers_are_refused_by_field_and_odd_ones_come_back_as_they_went_in() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let camera = admin.camera("gate").await;
    let markers = camera["links"]["markers"].as_str().unwrap();
    let good = made(&admin, markers, van()).await;
    for (field, value) in [
        ("title", json!("a\0b")),
        ("title", json!("a\u{202E}b")),
        ("title", json!("\u{1b}[31m")),
        ("title", json!("x".repeat(121))),
        ("title", json!("")),
        ("title", json!(5)),
        ("note", json!("x".repeat(10_000))),
        ("note", json!("a\0b")),
        ("category", json!("Ä")),
        ("category", json!("")),
        ("start", json!("noon")),
        ("end", json!(NOON)),
        ("colour", json!("red")),
    ] {
        let mut body = van();
        body[field] = value.clone();
        let refused = problem(admin.send(Method::POST, markers, Some(body)).await, "invalid_fields").await;
        assert_eq!(fields(&refused), [field], "{value}");
        let patch = Some(json!({field: value}));
        let refused = problem(admin.send(Method::PATCH, path(&good), patch).await, "invalid_fields").await;
        assert_eq!(fields(&refused), [field], "patched: {value}");
    }
    let refused = admin.send(Method::PATCH, path(&good), Some(json!({"title": null}))).await;
    assert_eq!(fields(&problem(refused, "invalid_fields").await), ["title"]);
    for title in ["<script>alert(1)</script>", "'; DROP TABLE markers; --", "Größe 雪 🎥"] {
        let mut body = van();
        (body["title"], body["note"]) = (title.into(), title.into());
        let marker = made(&admin, markers, body).await;
        assert_eq!((&marker["title"], &marker["note"]), (&json!(title), &json!(title)));
    }
    for (query, field) in [
        ("category=Nope", "category"),
        ("limit=0", "limit"),
        ("cursor=nonsense", "cursor"),
        (&format!("search={}", "x".repeat(121)), "search"),
    ] {
        for list in [markers, "/api/v1/markers"] {
            let refused = admin.get(&format!("{list}?{query}")).await;
            assert_eq!(fields(&problem(refused, "invalid_query").await), [field], "{list}?{query}");
        }
    }
}

#[tokio::test]
async fn search_finds_over_all_cameras_and_what_a_deleted_one_leaves_is_for_operators() {
    let eyrie = Eyrie::start().await;
    let (admin, viewer) = (eyrie.admin().await, eyrie.user("viewer").await);
    let (gate, door) = (admin.camera("gate").await, admin.camera("door").await);
    for camera in [&gate, &door] {
        made(&admin, camera["links"]["markers"].as_str().unwrap(), van()).await;
    }
    let count = |page: &Value| page["items"].as_array().unwrap().len();
    assert_eq!(count(&viewer.json("/api/v1/markers?search=vAN").await), 2);
    assert_eq!(count(&viewer.json("/api/v1/markers?search=v%25n").await), 0, "no wildcards");
    let of_door = door["links"]["markers"].as_str().unwrap();
    assert_eq!(count(&viewer.json(&format!("{of_door}?search=vAN")).await), 1, "one camera's alone");
    assert_eq!(count(&viewer.json(&format!("{of_door}?search=lorry")).await), 0);
    let first = viewer.json("/api/v1/markers?limit=1").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = viewer.json(&format!("/api/v1/markers?limit=1&cursor={cursor}")).await;
    assert!(second["next_cursor"].is_null() && second["items"] != first["items"]);
    let gone = admin.send(Method::DELETE, gate["links"]["self"].as_str().unwrap(), None).await;
    assert_eq!(gone.status(), 204);
    assert_eq!(count(&viewer.json("/api/v1/markers").await), 1);
    assert_eq!(count(&admin.json("/api/v1/markers").await), 2);
    let markers = gate["links"]["markers"].as_str().unwrap();
    problem(viewer.get(markers).await, "not_found").await;
    assert_eq!(count(&admin.json(markers).await), 1);
}

#[tokio::test]
async fn a_timeline_shows_markers_and_counts_those_that_share_a_step() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let camera = admin.camera("gate").await;
    for _ in 0..5 {
        made(&admin, camera["links"]["markers"].as_str().unwrap(), van()).await;
    }
    let timeline = camera["links"]["timeline"].as_str().unwrap();
    let day = "from=2026-01-31T00:00:00Z&to=2026-02-01T00:00:00Z";
    let fine = admin.json(&format!("{timeline}?{day}")).await;
    assert_eq!(fine["markers"].as_array().unwrap().len(), 5);
    assert_eq!((&fine["markers"][0]["title"], &fine["markers"][0]["count"]), (&json!("Van"), &json!(1)));
    let coarse = admin.json(&format!("{timeline}?{day}&points=2")).await;
    assert_eq!(coarse["markers"].as_array().unwrap().len(), 1, "{coarse}");
    assert_eq!((&coarse["markers"][0]["count"], &coarse["markers"][0]["id"]), (&json!(5), &Value::Null));
}

#[tokio::test]
async fn layouts_are_kept_replaced_and_deleted_by_their_owner_alone() {
    let eyrie = Eyrie::start().await;
    let (viewer, operator) = (eyrie.user("viewer").await, eyrie.user("operator").await);
    let grid = json!({"name": "Doors", "tiles": 4, "cameras": [null, "0192f0c1-2345-7abc-8def-0123456789ab"]});
    let layout = made(&viewer, "/api/v1/layouts", grid.clone()).await;
    assert_eq!(viewer.json("/api/v1/layouts").await["items"][0]["cameras"], grid["cameras"]);
    assert_eq!(operator.json("/api/v1/layouts").await["items"], json!([]));
    let wide = json!({"name": "Doors", "tiles": 9, "cameras": []});
    problem(operator.send(Method::PUT, path(&layout), Some(wide.clone())).await, "not_found").await;
    problem(operator.send(Method::DELETE, path(&layout), None).await, "not_found").await;
    let replaced: Value = viewer.send(Method::PUT, path(&layout), Some(wide)).await.json().await.unwrap();
    assert_eq!((&replaced["tiles"], &replaced["id"]), (&json!(9), &layout["id"]));
    for (field, value) in
        [("tiles", json!(5)), ("name", json!("a\0b")), ("cameras", json!([null, null, null, null, null]))]
    {
        let mut body = grid.clone();
        body[field] = value;
        let refused = viewer.send(Method::POST, "/api/v1/layouts", Some(body)).await;
        assert_eq!(fields(&problem(refused, "invalid_fields").await), [field]);
    }
    assert_eq!(viewer.send(Method::DELETE, path(&layout), None).await.status(), 204);
}
