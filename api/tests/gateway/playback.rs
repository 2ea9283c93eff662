//! What is asked of recordings before any byte of one is read.

use crate::harness::{Eyrie, fields, problem};

const DAY: &str = "from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z";

#[tokio::test]
async fn a_day_is_the_longest_range_and_what_players_add_to_a_query_is_left_alone() {
    let eyrie = Eyrie::start().await;
    let viewer = eyrie.user("viewer").await;
    let camera = eyrie.admin().await.camera("Lobby").await;
    let path = camera["links"]["playback"].as_str().unwrap();
    for query in ["", "from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00.000001Z"] {
        for name in ["index.m3u8", "media.m3u8", "iframes.m3u8"] {
            let path = path.replace("index.m3u8", name);
            let refused = problem(viewer.get(&format!("{path}?{query}")).await, "invalid_query").await;
            assert_eq!(fields(&refused), [if query.is_empty() { "from" } else { "to" }], "{name}?{query}");
        }
    }
    for query in [DAY, &format!("{DAY}&_HLS_msn=1")] {
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
