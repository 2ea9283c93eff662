use eyrie_camsim::{AudioCodec, AudioSpec, Auth, ClipSpec, StreamConfig, VideoCodec};
use eyrie_tests::{NodeOptions, eventually, recorded_aus};
use serde_json::json;

use crate::support::{Stage, clip, probe, segment_files};

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_comes_online_is_played_and_every_one_of_its_pictures_is_recorded() -> anyhow::Result<()> {
    let stage = Stage::set(vec![StreamConfig::new("door", clip())], NodeOptions::default()).await?;
    let id = stage.add_online("door").await?;
    let camera = stage.client.get(&format!("/api/v1/cameras/{id}")).await?;
    let hls = camera["links"]["hls"].as_str().unwrap_or_default().to_owned();

    let header = format!("Authorization: Bearer {}\r\n", stage.client.token());
    let played = probe(&format!("{}{hls}", stage.node.base()), Some(&header), 50).await?;
    assert_eq!(played, "h264,320,180,50");

    let capability = stage.client.post(&format!("/api/v1/cameras/{id}/capabilities"), &json!({"kind": "live"})).await?;
    let url = capability["url"].as_str().unwrap_or_default();
    let played = probe(&format!("{}{url}", stage.node.base()), None, 25).await?;
    assert_eq!(played, "h264,320,180,25");

    stage.client.await_recorded(&id, 4.0).await?;
    let footage = stage.client.get(&format!("/api/v1/cameras/{id}/recordings")).await?;
    let spans = footage["spans"].as_array().cloned().unwrap_or_default();
    assert_eq!(spans.len(), 1, "one unbroken span: {footage}");
    assert_eq!(spans[0]["available"], true);

    let Stage { node, dir, .. } = stage;
    node.stop()?;
    let aus = recorded_aus(dir.path(), &id).await?;
    assert!(aus.len() >= 100, "4 s at 25 pictures a second; found {}", aus.len());
    for pair in aus.windows(2) {
        assert_eq!(pair[1].stamp.number, pair[0].stamp.number + 1, "a picture is missing or doubled");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_codec_and_way_in_is_played_and_recorded() -> anyhow::Result<()> {
    let audio = |codec| Some(AudioSpec { codec });
    let digest = Auth::digest("viewer", "pass:word");
    let streams = vec![
        StreamConfig::new("h265", ClipSpec { codec: VideoCodec::H265, ..clip() }),
        StreamConfig::new("aac", ClipSpec { audio: audio(AudioCodec::Aac), ..clip() }),
        StreamConfig::new("pcma", ClipSpec { audio: audio(AudioCodec::Pcma), ..clip() }),
        StreamConfig::new("bframes", ClipSpec { b_frames: 2, ..clip() }),
        StreamConfig::new("digest", clip()).with_auth(digest),
    ];
    let stage =
        Stage::set(streams, NodeOptions { toml: "recording.sealing = 'off'".into(), ..NodeOptions::default() }).await?;
    let header = format!("Authorization: Bearer {}\r\n", stage.client.token());
    for (path, transport, codec) in [
        ("h265", "tcp", "hevc"),
        ("aac", "tcp", "h264"),
        ("pcma", "tcp", "h264"),
        ("bframes", "udp", "h264"),
        ("digest", "udp", "h264"),
    ] {
        let mut source = json!({"type": "rtsp", "url": stage.cameras.url(path), "transport": transport});
        if path == "digest" {
            source["username"] = json!("viewer");
            source["password"] = json!("pass:word");
        }
        let id = stage.client.add_camera_between_cuts(path, source).await?;
        stage.client.await_state(&id, "online").await?;
        let hls = format!("{}/api/v1/cameras/{id}/live/index.m3u8", stage.node.base());
        assert_eq!(probe(&hls, Some(&header), 25).await?, format!("{codec},320,180,25"), "{path} live");
        stage.client.await_recorded(&id, 3.0).await?;
    }
    let Stage { node, dir, .. } = stage;
    node.stop()?;
    let files = segment_files(&dir.path().join("recordings"));
    assert_eq!(files.len(), 5, "one plain segment a camera: {files:?}");
    for file in files {
        let played = probe(&file.display().to_string(), None, 25).await?;
        assert!(played.ends_with(",320,180,25"), "{}: {played}", file.display());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reads_a_cameras_password_back() -> anyhow::Result<()> {
    let secret = "s3cret-of-the-camera";
    let auth = Auth::basic("viewer", secret);
    let stage = Stage::set(vec![StreamConfig::new("door", clip()).with_auth(auth)], NodeOptions::default()).await?;
    let source = json!({"type": "rtsp", "url": stage.cameras.url("door"), "username": "viewer", "password": secret});
    let id = stage.client.add_camera("door", source).await?;
    stage.client.await_state(&id, "online").await?;
    let mut seen = stage.client.get(&format!("/api/v1/cameras/{id}")).await?.to_string();
    seen += &stage.client.get("/api/v1/cameras").await?.to_string();
    let metrics = stage.client.request(reqwest::Method::GET, "/metrics").send().await?;
    seen += &metrics.text().await?;
    seen += &stage.node.log();
    assert!(!seen.contains(secret));
    for name in ["metadata.sqlite", "metadata.sqlite-wal"] {
        let bytes = std::fs::read(stage.dir.path().join(name)).unwrap_or_default();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{name} holds the password");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_spec_takes_effect_and_the_ledger_expects_nothing_of_a_disabled_camera() -> anyhow::Result<()> {
    let stage = Stage::set(vec![StreamConfig::new("door", clip())], NodeOptions::default()).await?;
    let id = stage.add_online("door").await?;
    stage.client.await_recorded(&id, 2.0).await?;
    let path = format!("/api/v1/cameras/{id}");
    let patch = stage.client.request(reqwest::Method::PATCH, &path).json(&json!({"enabled": false})).send().await?;
    assert!(patch.status().is_success(), "{}", patch.text().await?);
    stage.client.await_state(&id, "disabled").await?;
    // Expected time stands still while the camera is off: two answers in a row are equal.
    let before = std::cell::Cell::new(f64::NAN);
    eventually("expected time stands still", || async {
        let ledger = stage.client.get(&format!("{path}/gaps")).await.map_err(|error| error.to_string())?;
        let now = ledger["expected_s"].as_f64().ok_or_else(|| ledger.to_string())?;
        let still = (now - before.replace(now)).abs() < 1e-6;
        if still { Ok(()) } else { Err(format!("{now} s expected")) }
    })
    .await
}
