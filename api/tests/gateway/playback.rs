//! What is asked of recordings before any byte of one is read.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Eyrie, fields, problem};

const DAY: &str = "from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z";

#[tokio::test]
async fn ranges_that_are_none_are_told_by_field_and_empty_ones_hold_nothing() {
    let eyrie = Eyrie::start().await;
    let viewer = eyrie.user("viewer").await;
    let camera = eyrie.admin().await.camera("Lobby").await;
    let path = camera["links"]["playback"].as_str().unwrap();
    for (query, code, field) in [
        ("", "invalid_query", "from"),
        ("from=yesterday&to=2026-01-02T00:00:00Z", "invalid_query", "from"),
        ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "invalid_query", "from"),
        ("from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", "invalid_query", "from"),
        ("from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00.000001Z", "invalid_query", "to"),
    ] {
        for name in ["index.m3u8", "media.m3u8", "iframes.m3u8"] {
            let path = path.replace("index.m3u8", name);
            assert_eq!(fields(&problem(viewer.get(&format!("{path}?{query}")).await, code).await), [field], "{query}");
        }
    }
    for query in [DAY, "from=2999-01-01T00:00:00Z&to=2999-01-01T01:00:00Z", &format!("{DAY}&_HLS_msn=1")] {
        problem(viewer.get(&format!("{path}?{query}")).await, "not_found").await;
    }
}

#[tokio::test]
async fn names_that_no_playlist_gives_are_not_found() {
    let eyrie = Eyrie::start().await;
    let viewer = eyrie.user("viewer").await;
    let camera = eyrie.admin().await.camera("Lobby").await;
    let below = camera["links"]["playback"].as_str().unwrap().replace("index.m3u8", "");
    let segment = "1767225600000000.0192f0c1-2345-7abc-8def-0123456789ab";
    for name in ["x/init.mp4", "..%2f/init.mp4", &format!("{segment}/init.mp4"), &format!("{segment}/0-9.m4s")] {
        problem(viewer.get(&format!("{below}{name}")).await, "not_found").await;
    }
    for file in ["0-4294967295.m4s", "9-0.m4s", "00-1.m4s", "0.key.m4s", "segment.mp4", "%00"] {
        problem(viewer.get(&format!("{below}{segment}/{file}")).await, "not_found").await;
    }
    problem(viewer.get(&format!("{below}other.m3u8?{DAY}")).await, "not_found").await;
}

#[tokio::test]
async fn a_capability_to_play_opens_playback_of_its_camera_alone() {
    let eyrie = Eyrie::start().await;
    let viewer = eyrie.user("viewer").await;
    let admin = eyrie.admin().await;
    let (mine, other) = (admin.camera("mine").await, admin.camera("other").await);
    let (mine, other) = (mine["id"].as_str().unwrap(), other["id"].as_str().unwrap());
    let path = format!("/api/v1/cameras/{mine}/capabilities");
    let nobody = eyrie.anonymous();
    for kind in ["live", "playback", "export"] {
        let issued = viewer.send(Method::POST, &path, Some(json!({"kind": kind}))).await;
        let issued: serde_json::Value = issued.json().await.unwrap();
        let sealed = issued["url"].as_str().unwrap().split('/').nth(2).unwrap().to_owned();
        for name in ["index.m3u8", "media.m3u8", "1.0192f0c1-2345-7abc-8def-0123456789ab/init.mp4"] {
            let url = format!("/media/{sealed}/cameras/{mine}/playback/{name}?{DAY}");
            let code = if kind == "playback" { "not_found" } else { "forbidden" };
            problem(nobody.get(&url).await, code).await;
            problem(nobody.get(&url.replace(mine, other)).await, "forbidden").await;
        }
    }
}
