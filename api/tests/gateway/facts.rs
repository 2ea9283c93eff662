//! Stream facts and their history.

use std::time::Duration;

use eyrie_types::{CameraId, WallTime};
use serde_json::json;

use crate::harness::{Eyrie, fields, problem};

#[tokio::test]
async fn a_camera_that_sends_nothing_has_facts_that_say_so_and_a_deleted_one_keeps_its_history() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let camera = admin.camera("Lobby").await;
    let path = camera["links"]["facts"].as_str().unwrap();
    let viewer = eyrie.user("viewer").await;
    let facts = viewer.json(path).await;
    assert_eq!((&facts["fps"], &facts["gop_s"], &facts["lost_total"]), (&json!(0.0), &json!(null), &json!(0)));
    assert_eq!(facts["verdict"]["level"], "poor");
    assert_eq!(facts["verdict"]["reasons"][0]["code"], "no_pictures");

    admin.send(reqwest::Method::DELETE, camera["links"]["self"].as_str().unwrap(), None).await;
    assert_eq!(viewer.json(path).await["verdict"]["level"], "poor");
    let history = viewer.json(&format!("{path}/history")).await;
    assert_eq!(history, json!({"step_s": 60, "points": []}), "an hour in 1,000 points");
    problem(viewer.get(&format!("/api/v1/cameras/{}/facts", CameraId::generate())).await, "not_found").await;
}

#[tokio::test]
async fn ranges_choose_the_step_and_bad_ones_name_their_field() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let camera = admin.camera("Lobby").await;
    let path = format!("{}/history", camera["links"]["facts"].as_str().unwrap());
    let now = eyrie_types::Clock::now(&eyrie.clock);
    let ago = |seconds: u64| now - Duration::from_secs(seconds);
    let between = |from: WallTime, to: WallTime| format!("{path}?from={from}&to={to}");
    for (seconds, step) in [(600, 1), (50_000, 60), (86_400, 3600), (600 * 86_400, 15 * 3600)] {
        assert_eq!(admin.json(&between(ago(seconds), now)).await["step_s"], step, "{seconds} s");
    }
    for (query, field) in [
        (between(now, ago(60)), "from"),
        (between(ago(1_000 * 86_400), now), "to"),
        (format!("{path}?points=0"), "points"),
        (format!("{path}?points=5001"), "points"),
    ] {
        let refused = problem(admin.get(&query).await, "invalid_query").await;
        assert_eq!(fields(&refused), [field], "{query}");
    }
}

#[tokio::test]
async fn the_node_tells_how_it_did() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    // The node's clock is the machine's; the gateway's stands still.
    let now = eyrie_types::Clock::now(&eyrie_types::SystemClock::new());
    let range = (now - Duration::from_secs(60), now + Duration::from_secs(60));
    let mut history = json!(null);
    for _ in 0..100 {
        history = admin.json(&format!("/api/v1/node/history?from={}&to={}", range.0, range.1)).await;
        if history["points"].as_array().is_some_and(|points| !points.is_empty()) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let point = &history["points"][0];
    assert!(point["memory_bytes"].as_u64().unwrap() > 1_000_000, "{history}");
    assert_eq!((&point["cameras_online"], &point["viewers"]), (&json!(0), &json!(0)));
}
