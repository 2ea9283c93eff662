//! What is asked of pictures before any keyframe is decoded.

use crate::harness::{Eyrie, fields, problem};

const HOUR: &str = "from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z";

#[tokio::test]
async fn sizes_and_moments_that_cannot_be_are_told_by_field() {
    let eyrie = Eyrie::start().await;
    let viewer = eyrie.user("viewer").await;
    let camera = eyrie.admin().await.camera("Lobby").await;
    let thumbnail = camera["links"]["thumbnail"].as_str().unwrap();
    let sprite = thumbnail.replace("thumbnail", "sprite");
    for (path, query, code, wrong) in [
        (thumbnail, "width=15", "invalid_query", vec!["width"]),
        (thumbnail, "width=17", "invalid_query", vec!["width"]),
        (thumbnail, "width=1922", "invalid_query", vec!["width"]),
        (thumbnail, "width=-1", "invalid_query", vec!["width"]),
        (thumbnail, "at=yesterday", "invalid_query", vec!["at"]),
        (thumbnail, "height=100", "invalid_query", vec!["height"]),
        (&sprite, &format!("{HOUR}&columns=0&rows=17&width=99"), "invalid_query", vec!["columns", "rows", "width"]),
    ] {
        let told = problem(viewer.get(&format!("{path}?{query}")).await, code).await;
        assert_eq!(fields(&told), wrong, "{path}?{query}");
    }
}

#[tokio::test]
async fn where_nothing_was_recorded_there_is_no_picture() {
    let eyrie = Eyrie::start().await;
    let viewer = eyrie.user("viewer").await;
    let camera = eyrie.admin().await.camera("Lobby").await;
    let thumbnail = camera["links"]["thumbnail"].as_str().unwrap();
    let told = problem(viewer.get(&format!("{thumbnail}?at=2026-01-01T00:00:00Z")).await, "not_found").await;
    assert!(told["detail"].as_str().unwrap().contains("10 minutes before"), "{told}");
    problem(viewer.get(thumbnail).await, "not_found").await;
    problem(viewer.get(&format!("{}?{HOUR}", thumbnail.replace("thumbnail", "sprite"))).await, "not_found").await;
    let unknown = "/api/v1/cameras/0192f0c1-2345-7abc-8def-0123456789ab/thumbnail.jpg";
    problem(viewer.get(unknown).await, "not_found").await;
}
