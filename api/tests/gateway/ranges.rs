//! Ranges of wall time, asked of every route that takes them.

use serde_json::Value;

use crate::harness::{Eyrie, fields, problem};

/// What a route makes of a range that is none of its camera's.
struct Ranged {
    /// As the contract has it.
    path: &'static str,
    /// Ten years are refused: a whole lifetime is none.
    bounded: bool,
    /// Where nothing was recorded it answers 404 rather than an empty list.
    footage: bool,
}

const fn ranged(path: &'static str, bounded: bool, footage: bool) -> Ranged {
    Ranged { path, bounded, footage }
}

const ROUTES: [Ranged; 19] = [
    ranged("/api/v1/audit", false, false),
    ranged("/api/v1/cameras/{id}/export.mp4", true, true),
    ranged("/api/v1/cameras/{id}/facts/history", true, false),
    ranged("/api/v1/cameras/{id}/gaps", true, false),
    ranged("/api/v1/cameras/{id}/ledger", true, false),
    ranged("/api/v1/cameras/{id}/markers", false, false),
    ranged("/api/v1/cameras/{id}/playback/index.m3u8", true, true),
    ranged("/api/v1/cameras/{id}/playback/media.m3u8", true, true),
    ranged("/api/v1/cameras/{id}/playback/iframes.m3u8", true, true),
    ranged("/api/v1/cameras/{id}/recordings", true, false),
    ranged("/api/v1/cameras/{id}/sprite.jpg", true, true),
    ranged("/api/v1/cameras/{id}/timeline", true, false),
    ranged("/api/v1/markers", false, false),
    ranged("/api/v1/node/history", true, false),
    ranged("/media/{export}/cameras/{id}/export.mp4", true, true),
    ranged("/media/{playback}/cameras/{id}/playback/index.m3u8", true, true),
    ranged("/media/{playback}/cameras/{id}/playback/media.m3u8", true, true),
    ranged("/media/{playback}/cameras/{id}/playback/iframes.m3u8", true, true),
    ranged("/media/{playback}/cameras/{id}/playback/sprite.jpg", true, true),
];

#[tokio::test]
async fn every_route_refuses_the_same_ranges_by_field_and_finds_nothing_where_nothing_was_recorded() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let camera = admin.camera("Lobby").await;
    let id = camera["id"].as_str().unwrap();
    let (playback, export) = (admin.capability(id, "playback").await, admin.capability(id, "export").await);
    for route in &ROUTES {
        let path = route.path.replace("{id}", id).replace("{playback}", &playback).replace("{export}", &export);
        let ask = async |from: &str, to: &str| admin.get(&format!("{path}?from={from}&to={to}")).await;
        let noon = "2026-01-02T12:00:00Z";
        for (from, to, field) in [
            (noon, "2026-01-01T12:00:00Z", "from"),
            (noon, noon, "from"),
            ("noon", "2026-01-03T00:00:00Z", "from"),
            ("2026-01-01T00:00:00Z", "", "to"),
            ("-1", "1e99", "from"),
        ] {
            let refused = problem(ask(from, to).await, "invalid_query").await;
            assert_eq!(fields(&refused), [field], "{path}: {from} to {to}");
        }
        let years = ask("2016-01-01T00:00:00Z", "2026-01-01T00:00:00Z").await;
        if route.bounded {
            assert_eq!(fields(&problem(years, "invalid_query").await), ["to"], "{path}");
        } else {
            assert_eq!(years.status(), 200, "{path}: what comes in pages may be of any length");
        }
        let future = ask("2999-01-01T00:00:00Z", "2999-01-01T01:00:00Z").await;
        if route.footage {
            problem(future, "not_found").await;
        } else {
            assert_eq!(future.status(), 200, "{path}");
        }
    }
}

/// A route that is added later is not to be forgotten above.
#[tokio::test]
async fn the_routes_above_are_all_that_take_ranges() {
    let eyrie = Eyrie::start().await;
    let document = eyrie.anonymous().json("/api/v1/openapi.json").await;
    let takes_range = |operation: &Value| {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        parameters.filter(|parameter| parameter["in"] == "query").any(|parameter| parameter["name"] == "from")
    };
    let known = |path: &str| {
        let concrete = [path.replace("{capability}", "{playback}"), path.replace("{capability}", "{export}")];
        let named = concrete.map(|path| path.replace("{playlist}", "media.m3u8"));
        ROUTES.iter().any(|route| named.iter().any(|name| name == route.path))
    };
    let paths = document["paths"].as_object().unwrap();
    let ranged: Vec<_> = paths.iter().filter(|(_, item)| takes_range(&item["get"])).map(|(path, _)| path).collect();
    assert!(ranged.len() > 10, "{ranged:?}");
    for path in ranged {
        assert!(known(path), "{path} takes a range and is not asked for bad ones");
    }
}
