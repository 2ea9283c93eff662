use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eyrie_camsim::StreamConfig;
use eyrie_tests::{Client, NodeOptions, eventually, recorded_aus};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::footage::assert_whole;
use crate::foreign_camera::GstCamera;
use crate::preload::Preload;
use crate::support::{Stage, causes, clip, rtsp};

/// Sends a request that must be refused: as problem details (RFC 9457) with this code, naming these fields.
async fn refused(request: RequestBuilder, code: &str, fields: &[&str]) -> anyhow::Result<()> {
    let answer = request.send().await?;
    let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    let status = answer.status().as_u16();
    let text = answer.text().await?;
    assert_eq!(kind, "application/problem+json", "{status} {text}");
    let problem: Value = serde_json::from_str(&text)?;
    assert_eq!((&problem["code"], &problem["status"]), (&json!(code), &json!(status)), "{text}");
    let named: Vec<_> = problem["errors"].as_array().into_iter().flatten().map(|error| &error["field"]).collect();
    assert_eq!(named, fields, "{text}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_bodies_names_and_ranges_are_refused_by_field_and_the_camera_beside_them_records_on() -> anyhow::Result<()>
{
    let stage = Stage::set(vec![StreamConfig::new("door", clip())], NodeOptions::default()).await?;
    let id = stage.add_online("door").await?;
    stage.client.await_recorded(&id, 1.0).await?;
    let post = |body: Vec<u8>| {
        let request = stage.client.request(Method::POST, "/api/v1/cameras");
        request.header("content-type", "application/json").body(body)
    };
    for malformed in ["", "{", "[1,2", "\0", "{\"name\": \"a\",}", "\u{feff}{}"] {
        refused(post(malformed.into()), "malformed_body", &[]).await?;
    }
    let source = json!({"type": "rtsp", "url": "rtsp://192.0.2.9/a"});
    for (body, field) in [
        (json!({"name": ["a"], "source": source}), "name"),
        (json!({"name": "nul\0", "source": source}), "name"),
        (json!({"name": "gpj\u{202e}.exe", "source": source}), "name"),
        (json!({"name": "a", "source": "rtsp://192.0.2.9/a"}), "source"),
        (json!({"name": "a", "source": {"type": "rtsp", "url": 9}}), "source.url"),
        (json!({"name": "a", "source": {"type": "rtsp", "url": "file:///etc/passwd"}}), "source.url"),
        (json!({"name": "a", "source": {"type": "file", "path": "../master.key"}}), "source.path"),
        (json!({"name": "a", "source": source, "codec": "vp8"}), "codec"),
    ] {
        refused(post(body.to_string().into_bytes()), "invalid_fields", &[field]).await?;
    }
    // The node may close the connection on such a body before all of it is sent; an answer says why.
    let huge = format!("{{\"name\": \"{}\"}}", "x".repeat(10 << 20));
    if let Ok(answer) = post(huge.into_bytes()).send().await {
        assert_eq!(answer.status(), 413);
    }
    for (range, field) in [
        ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from"),
        ("from=2019-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", "to"),
        ("to=tomorrow", "to"),
    ] {
        for what in ["recordings", "gaps"] {
            let path = format!("/api/v1/cameras/{id}/{what}?{range}");
            refused(stage.client.request(Method::GET, &path), "invalid_query", &[field]).await?;
        }
    }
    let cameras = stage.client.get("/api/v1/cameras").await?;
    assert_eq!(cameras["total"], 1, "nothing was made of any of it: {cameras}");

    // Names that are merely hostile to careless readers are names, and make no files.
    for name in ["../../../etc/cron.d/x", "<script>alert(1)</script>", "'; DROP TABLE cameras; --"] {
        let named = stage.client.add_camera(name, rtsp(&stage.cameras.url("door"))).await?;
        assert_eq!(stage.client.get(&format!("/api/v1/cameras/{named}")).await?["name"], name);
        stage.client.await_recorded(&named, 1.0).await?;
    }
    stage.await_more(&id, 2).await?;
    let ledger = stage.ledger(&id).await?;
    assert!(causes(&ledger).is_subset(&BTreeSet::from(["starting"])), "{ledger}");
    let Stage { node, dir, .. } = stage;
    node.stop()?;
    assert_whole(&recorded_aus(dir.path(), &id).await?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_and_capabilities_that_are_forged_foreign_or_old_open_nothing() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let clock = Preload::build("tests/tests/one_machine/clock.c", directory.path())?;
    let streams = vec![StreamConfig::new("mine", clip()), StreamConfig::new("other", clip())];
    let stage = Stage::set(streams, clock.options("CLOCK_SHIM", NodeOptions::default())).await?;
    let (mine, other) = (stage.add_online("mine").await?, stage.add_online("other").await?);
    let stranger = reqwest::Client::new();
    let get = |path: &str| stranger.get(format!("{}{path}", stage.node.base()));

    let token = stage.client.token();
    let parts: Vec<_> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("a token has three parts") };
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header)?)?;
    let with = |alg: &str| {
        let mut header = header.clone();
        header["alg"] = json!(alg);
        URL_SAFE_NO_PAD.encode(header.to_string())
    };
    let mut later: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims)?)?;
    later["exp"] = json!(later["exp"].as_u64().unwrap_or_default() + 60);
    let later = URL_SAFE_NO_PAD.encode(later.to_string());
    for forged in [
        format!("{}.{claims}.", with("none")),
        format!("{}.{claims}.{signature}", with("none")),
        format!("{}.{claims}.{signature}", with("HS256")),
        format!("{}.{later}.{signature}", with("EdDSA")),
        "x".repeat(5000),
    ] {
        let path = format!("/api/v1/cameras/{mine}/live/index.m3u8");
        refused(get(&path).bearer_auth(&forged), "unauthenticated", &[]).await?;
    }

    let capability = json!({"kind": "live"});
    let issued = stage.client.post(&format!("/api/v1/cameras/{mine}/capabilities"), &capability).await?;
    let url = issued["url"].as_str().unwrap_or_default();
    assert!(get(url).send().await?.status().is_success(), "it opens its own camera");
    refused(get(&url.replace(&mine, &other)), "forbidden", &[]).await?;
    let sealed = url.split('/').nth(2).unwrap_or_default();
    for at in [0, sealed.len() / 2, sealed.len() - 5] {
        let swapped = if &sealed[at..=at] == "A" { "B" } else { "A" };
        let tampered = format!("{}{swapped}{}", &sealed[..at], &sealed[at + 1..]);
        refused(get(&url.replace(sealed, &tampered)), "unauthenticated", &[]).await?;
    }

    clock.set("an-hour-later")?;
    refused(get("/api/v1/me").bearer_auth(token), "token_expired", &[]).await?;
    refused(get(url), "token_expired", &[]).await?;
    let again: Client = stage.node.client().await?;
    again.get("/api/v1/me").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_sends_an_unknown_codec_is_refused_by_the_name_of_it() -> anyhow::Result<()> {
    let stage = Stage::set(vec![StreamConfig::new("door", clip())], NodeOptions::default()).await?;
    let good = stage.add_online("door").await?;
    let camera = GstCamera::start("jpeg")?;
    let id = stage.client.add_camera("old", rtsp(camera.url())).await?;
    let status = stage.client.await_state(&id, "refused").await?;
    let reason = status["reason"].as_str().unwrap_or_default().to_lowercase();
    assert!(reason.contains("jpeg") && reason.contains("h.264"), "{status}");
    eventually("the other goes on", || async {
        let status = stage.status(&good).await.map_err(|error| error.to_string())?;
        if status["state"] == "online" { Ok(()) } else { Err(status.to_string()) }
    })
    .await
}
