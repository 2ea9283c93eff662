//! Each bad input gets its own clear answer, and nothing else is disturbed.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Eyrie, fields, problem};

#[tokio::test]
async fn bodies_that_are_not_what_was_asked_for_are_refused_by_field() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let post = |body: String| {
        admin.request(Method::POST, "/api/v1/cameras").header("content-type", "application/json").body(body).send()
    };
    for malformed in ["", "{", "nonsense", "{\"name\":\"a\"}}", "\0"] {
        problem(post(malformed.to_owned()).await.unwrap(), "malformed_body").await;
    }
    let text = admin.request(Method::POST, "/api/v1/cameras").header("content-type", "text/plain").body("{}");
    problem(text.send().await.unwrap(), "malformed_body").await;

    let rtsp = json!({"type": "rtsp", "url": "rtsp://192.0.2.9/a"});
    for (body, field) in [
        (json!({"source": rtsp}), "name"),
        (json!({"name": 5, "source": rtsp}), "name"),
        (json!({"name": "a"}), "source"),
        (json!({"name": "a", "source": rtsp, "colour": "red"}), "colour"),
        (json!({"name": "a", "source": rtsp, "enabled": "yes"}), "enabled"),
        (json!({"name": "a", "source": rtsp, "recording": {"mode": "sometimes"}}), "recording.mode"),
        (json!({"name": "a", "source": rtsp, "site": "no id"}), "site"),
        (json!({"name": "a", "source": rtsp, "site": "0192f0c1-2345-7abc-8def-0123456789ab"}), "site"),
        (json!({"name": "a", "source": {"type": "rtsp", "url": 5}}), "source.url"),
        (json!({"name": "a", "source": {"type": "rtsp", "url": "http://192.0.2.9/"}}), "source.url"),
        (json!({"name": "a", "source": {"type": "rtsp", "url": "rtsp://127.0.0.1/"}}), "source.url"),
        (json!({"name": "a", "source": {"type": "rtsp", "url": "rtsp://169.254.169.254/"}}), "source.url"),
        (json!({"name": "a", "source": {"type": "rtsp", "url": "rtsp://u:p@192.0.2.9/"}}), "source.url"),
        (json!({"name": "a", "source": {"type": "file", "path": "../../etc/passwd"}}), "source.path"),
        (json!({"name": "a", "source": {"type": "smoke"}}), "source.type"),
        (json!({"name": "a\0b", "source": rtsp}), "name"),
        (json!({"name": "a\u{202E}b", "source": rtsp}), "name"),
        (json!({"name": "", "source": rtsp}), "name"),
        (
            json!({"name": "a", "source": rtsp, "labels": (0..60).map(|n| format!("{n:064}")).collect::<Vec<_>>()}),
            "labels",
        ),
    ] {
        let refused = problem(post(body.to_string()).await.unwrap(), "invalid_fields").await;
        assert_eq!(fields(&refused), [field], "{body}");
    }
    assert_eq!(admin.json("/api/v1/cameras").await["total"], 0, "nothing was made of any of it");
}

#[tokio::test]
async fn a_camera_whose_settings_no_node_could_keep_is_refused_however_it_grows() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let labels = |n: std::ops::Range<usize>| n.map(|n| format!("{n:064}")).collect::<Vec<_>>();
    let camera = admin.camera("door").await;
    let path = camera["links"]["self"].as_str().unwrap();
    let patch = |labels: Vec<String>| admin.request(Method::PATCH, path).json(&json!({"labels": labels})).send();
    assert_eq!(patch(labels(0..30)).await.unwrap().status(), 200);
    let refused = problem(patch(labels(0..60)).await.unwrap(), "invalid_fields").await;
    assert_eq!((fields(&refused), &refused["status"]), (vec!["labels"], &json!(422)), "{refused}");
    let reason = refused["errors"][0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("must be shorter: the settings of a camera may take 3200 bytes in all"), "{reason}");
    let bulk = json!({"action": "add_labels", "ids": [camera["id"]], "labels": labels(30..60)});
    let answer = admin.request(Method::POST, "/api/v1/cameras/bulk").json(&bulk).send().await.unwrap();
    let answer: serde_json::Value = answer.json().await.unwrap();
    assert!(answer.to_string().contains("must be shorter"), "{answer}");
    assert_eq!(admin.json(path).await["labels"].as_array().unwrap().len(), 30, "it is as it was");
}

#[tokio::test]
async fn names_that_are_only_odd_come_back_as_they_went_in() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    for name in ["<script>alert(1)</script>", "../../etc/passwd", "Größe 雪 🎥", "'; DROP TABLE cameras; --"] {
        let camera = admin.camera(name).await;
        assert_eq!(admin.json(camera["links"]["self"].as_str().unwrap()).await["name"], name);
    }
}

#[tokio::test]
async fn ten_megabytes_are_too_large_whether_announced_or_not() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let announced = admin.request(Method::POST, "/api/v1/cameras").header("content-type", "application/json");
    // The connection may be closed before all is sent; what matters is that the answer, if any, is 413.
    if let Ok(response) = announced.body(vec![b' '; 10 << 20]).send().await {
        problem(response, "body_too_large").await;
    }
    let chunks = (0..160).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1 << 16]));
    let streamed = reqwest::Body::wrap_stream(futures::stream::iter(chunks));
    let unannounced = admin.request(Method::POST, "/api/v1/cameras").header("content-type", "application/json");
    if let Ok(response) = unannounced.body(streamed).send().await {
        problem(response, "body_too_large").await;
    }
    let just_over = admin.request(Method::POST, "/api/v1/cameras").header("content-type", "application/json");
    problem(just_over.body(vec![b' '; (1 << 20) + 1]).send().await.unwrap(), "body_too_large").await;
    assert_eq!(admin.get("/api/v1/me").await.status(), 200);
}

#[tokio::test]
async fn parameters_that_are_none_and_pages_are_checked_by_name() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let id = admin.camera("a").await["id"].as_str().unwrap().to_owned();
    for what in ["recordings", "gaps"] {
        let refused = admin.get(&format!("/api/v1/cameras/{id}/{what}?until=2026-01-01T00:00:00Z")).await;
        assert_eq!(fields(&problem(refused, "invalid_query").await), ["until"]);
    }
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("cursor=x", "cursor"),
        ("state=happy", "state"),
    ] {
        let refused = admin.get(&format!("/api/v1/cameras?{query}")).await;
        assert_eq!(fields(&problem(refused, "invalid_query").await), [field], "{query}");
    }
    let copies = json!({"none_s": 0.0, "one_s": 0.0, "two_s": 0.0, "unreachable_s": 0.0});
    let nothing = json!({"spans": [], "copies": copies, "unreachable": []});
    assert_eq!(admin.json(&format!("/api/v1/cameras/{id}/recordings")).await, nothing);
    let gaps = admin.json(&format!("/api/v1/cameras/{id}/gaps")).await;
    assert_eq!((&gaps["gaps"], gaps["missing_s"].as_f64()), (&json!([]), Some(0.0)), "it was never switched on");
}

#[tokio::test]
async fn ids_that_are_none_name_nothing() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    for id in ["0192f0c1-2345-7abc-8def-0123456789ab", "..%2f..%2fetc", "%00", "x", "%e2%80%ae"] {
        for path in ["", "/status", "/recordings", "/gaps", "/live/index.m3u8", "/live/media.m3u8", "/live/0-1/i1.mp4"]
        {
            problem(admin.get(&format!("/api/v1/cameras/{id}{path}")).await, "not_found").await;
        }
    }
}
