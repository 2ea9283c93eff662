use eyrie_camsim::{Auth, Fault, StreamConfig};
use eyrie_tests::{NodeOptions, eventually};
use serde_json::json;

use crate::support::{Stage, clip, rtsp};

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_camera_is_told_apart_reconnected_and_its_gap_has_a_cause() -> anyhow::Result<()> {
    let stage = Stage::set(vec![StreamConfig::new("door", clip())], NodeOptions::default()).await?;
    let id = stage.add_online("door").await?;
    stage.client.await_recorded(&id, 2.0).await?;
    stage.cameras.set_fault("door", Fault::Stall)?;
    let status = eventually("the camera is no longer online", || async {
        let status = stage.client.get(&format!("/api/v1/cameras/{id}/status")).await.map_err(|e| e.to_string())?;
        if status["state"] == "online" { Err(status.to_string()) } else { Ok(status) }
    })
    .await?;
    assert_eq!(status["state"], "silent", "{status}");
    stage.cameras.clear_fault("door")?;
    stage.client.await_state(&id, "online").await?;
    eventually("the gap is booked as silence", || async {
        let ledger = stage.client.get(&format!("/api/v1/cameras/{id}/gaps")).await.map_err(|e| e.to_string())?;
        let causes: Vec<_> = ledger["gaps"].as_array().into_iter().flatten().map(|gap| gap["cause"].clone()).collect();
        if causes.contains(&json!("camera_silent")) { Ok(()) } else { Err(ledger.to_string()) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_says_no_is_refused_with_a_reason_and_disturbs_no_other() -> anyhow::Result<()> {
    let auth = Auth::digest("viewer", "right");
    let streams = vec![
        StreamConfig::new("good", clip()),
        StreamConfig::new("locked", clip()).with_auth(auth),
        StreamConfig::new("garbage", clip()),
        StreamConfig::new("huge", clip()),
    ];
    let stage = Stage::set(streams, NodeOptions::default()).await?;
    stage.cameras.set_fault("garbage", Fault::Garbage)?;
    stage.cameras.set_fault("huge", Fault::HugeSdp { bytes: 16 << 20 })?;
    let good = stage.add_online("good").await?;
    let source = json!({"type": "rtsp", "url": stage.cameras.url("locked"), "username": "viewer", "password": "wrong"});
    let locked = stage.client.add_camera("locked", source).await?;
    let status = stage.client.await_state(&locked, "refused").await?;
    assert!(status["reason"].as_str().is_some_and(|reason| reason.contains("password")), "{status}");
    for path in ["garbage", "huge"] {
        let id = stage.client.add_camera(path, rtsp(&stage.cameras.url(path))).await?;
        eventually(&format!("{path} is not taken for a camera"), || async {
            let status = stage.client.get(&format!("/api/v1/cameras/{id}/status")).await.map_err(|e| e.to_string())?;
            let settled = status["state"] == "refused" || status["state"] == "offline";
            if settled { Ok(()) } else { Err(status.to_string()) }
        })
        .await?;
    }
    let durable = stage.client.await_recorded(&good, 3.0).await?;
    stage.client.await_recorded(&good, durable + 2.0).await?;
    let ledger = stage.client.get(&format!("/api/v1/cameras/{good}/gaps")).await?;
    let others: Vec<_> =
        ledger["gaps"].as_array().into_iter().flatten().filter(|gap| gap["cause"] != "starting").collect();
    assert!(others.is_empty(), "the good camera lost nothing: {others:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_on_a_closed_network_is_not_connected_to() -> anyhow::Result<()> {
    let stage = Stage::set(Vec::new(), NodeOptions::default()).await?;
    for url in ["rtsp://169.254.169.254/latest", "rtsp://[fe80::1]/a", "rtsp://224.0.0.1/a"] {
        let body = json!({"name": "hostile", "source": {"type": "rtsp", "url": url}});
        let answer = stage.client.request(reqwest::Method::POST, "/api/v1/cameras").json(&body).send().await?;
        let status = answer.status();
        let problem: serde_json::Value = answer.json().await?;
        assert_eq!(status, 422, "{url}: {problem}");
        assert_eq!(problem["errors"][0]["field"], "source.url", "{problem}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn new_parameter_sets_in_mid_stream_lose_no_recording() -> anyhow::Result<()> {
    let mut stream = StreamConfig::new("door", clip());
    stream.alternate = Some(eyrie_camsim::ClipSpec { width: 640, height: 360, ..clip() });
    let stage = Stage::set(vec![stream], NodeOptions::default()).await?;
    let id = stage.add_online("door").await?;
    stage.client.await_recorded(&id, 2.0).await?;
    stage.cameras.set_fault("door", Fault::AlternateClip)?;
    eventually("the camera tells its new size", || async {
        let camera = stage.client.get(&format!("/api/v1/cameras/{id}")).await.map_err(|e| e.to_string())?;
        if camera["stream"]["video"]["width"] == 640 { Ok(()) } else { Err(camera["stream"].to_string()) }
    })
    .await?;
    let durable = stage.client.await_recorded(&id, 3.0).await?;
    stage.client.await_recorded(&id, durable + 2.0).await?;
    let Stage { node, dir, .. } = stage;
    node.stop()?;
    let aus = eyrie_tests::recorded_aus(dir.path(), &id).await?;
    for pair in aus.windows(2) {
        assert_eq!(
            pair[1].stamp.number,
            pair[0].stamp.number + 1,
            "a picture is missing where the parameter sets change"
        );
    }
    Ok(())
}
