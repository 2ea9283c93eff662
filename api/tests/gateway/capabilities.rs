//! Leave to see one camera in one way, for players that cannot send headers.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::harness::{Eyrie, fields, problem};

const DAY: &str = "from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z";

#[tokio::test]
async fn a_capability_opens_what_its_kind_is_for_and_of_its_camera_alone() {
    let eyrie = Eyrie::start().await;
    let viewer = eyrie.user("viewer").await;
    let admin = eyrie.admin().await;
    let (mine, other) = (admin.camera("mine").await, admin.camera("other").await);
    let (mine, other) = (mine["id"].as_str().unwrap(), other["id"].as_str().unwrap());
    let nobody = eyrie.anonymous();
    // Let in, each is told what there is of a camera that is switched off and has recorded nothing.
    let files = [
        ("live/index.m3u8".to_owned(), "live", "camera_not_live"),
        ("live/media.m3u8".to_owned(), "live", "camera_not_live"),
        ("live/0-1/p16777216.0.m4s".to_owned(), "live", "not_found"),
        ("live/thumbnail.jpg".to_owned(), "live", "not_found"),
        (format!("playback/index.m3u8?{DAY}"), "playback", "not_found"),
        (format!("playback/media.m3u8?{DAY}"), "playback", "not_found"),
        ("playback/1.0192f0c1-2345-7abc-8def-0123456789ab/init.mp4".to_owned(), "playback", "not_found"),
        ("playback/thumbnail.jpg?at=2026-01-01T00:00:00Z".to_owned(), "playback", "not_found"),
        (format!("playback/sprite.jpg?{DAY}"), "playback", "not_found"),
        (format!("export.mp4?{DAY}"), "export", "not_found"),
    ];
    for kind in ["live", "playback", "export"] {
        let sealed = viewer.capability(mine, kind).await;
        for (file, opens, inside) in &files {
            let url = format!("/media/{sealed}/cameras/{mine}/{file}");
            let code = if kind == *opens { inside } else { "forbidden" };
            problem(nobody.get(&url).await, code).await;
            problem(nobody.get(&url.replace(mine, other)).await, "forbidden").await;
        }
        if kind == "playback" {
            let latest = nobody.get(&format!("/media/{sealed}/cameras/{mine}/playback/thumbnail.jpg")).await;
            assert_eq!(fields(&problem(latest, "invalid_query").await), ["at"]);
        }
    }
    let path = format!("/api/v1/cameras/{mine}/capabilities");
    let bad = viewer.send(Method::POST, &path, Some(json!({"kind": "everything"}))).await;
    assert_eq!(fields(&problem(bad, "invalid_fields").await), ["kind"]);
}

#[tokio::test]
async fn a_capability_that_was_changed_is_none_and_a_good_one_lasts_a_while() {
    let eyrie = Eyrie::start().await;
    let viewer = eyrie.user("viewer").await;
    let camera = eyrie.admin().await.camera("mine").await;
    let id = camera["id"].as_str().unwrap();
    let sealed = viewer.capability(id, "live").await;
    let nobody = eyrie.anonymous();
    let get = async |sealed: &str| nobody.get(&format!("/media/{sealed}/cameras/{id}/live/index.m3u8")).await;
    problem(get(&sealed).await, "camera_not_live").await;
    let mut changed = sealed.clone();
    changed.replace_range(30..31, if &sealed[30..31] == "A" { "B" } else { "A" });
    for wrong in [changed.as_str(), "x"] {
        problem(get(wrong).await, "unauthenticated").await;
    }
    let bearer = nobody.request(Method::GET, "/api/v1/me").bearer_auth(&sealed).send().await.unwrap();
    problem(bearer, "unauthenticated").await;
    eyrie.clock.advance(Duration::from_secs(900));
    problem(get(&sealed).await, "token_expired").await;
}
