use std::collections::BTreeSet;

use eyrie_camsim::{ClipSpec, Fault, StreamConfig};
use eyrie_tests::{NodeOptions, eventually, recorded_aus};
use eyrie_types::GapCause;
use reqwest::Method;
use serde_json::json;

use crate::footage::{assert_told, assert_whole, holes};
use crate::support::{Stage, causes, clip, rtsp};

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_lingers_on_the_camera_is_told_booked_and_waited_out() -> anyhow::Result<()> {
    let stage = Stage::set(vec![StreamConfig::new("door", clip())], NodeOptions::default()).await?;
    let id = stage.add_online("door").await?;
    stage.client.await_recorded(&id, 2.0).await?;
    stage.cameras.set_fault("door", Fault::LingeringSession { for_ms: 5_000 })?;
    stage.cameras.set_fault("door", Fault::Close { reset: true })?;
    let status = stage.await_reason(&id, "the camera allows no further session (status 453)").await?;
    assert_eq!(status["state"], "refused", "{status}");
    stage.client.await_state(&id, "online").await?;
    stage.await_more(&id, 3).await?;
    let ledger = stage.ledger(&id).await?;
    let Stage { node, dir, .. } = stage;
    node.stop()?;
    let aus = recorded_aus(dir.path(), &id).await?;
    assert_eq!(holes(&aus).len(), 1, "{:?}", holes(&aus));
    assert_told(&ledger, &aus, &[GapCause::CameraSessionLimit, GapCause::CameraUnreachable]);
    assert!(causes(&ledger).contains("camera_session_limit"), "{ledger}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_with_one_session_gives_it_to_whoever_asks_next_once_the_first_lets_go() -> anyhow::Result<()> {
    let stage = Stage::set(vec![StreamConfig::new("door", clip())], NodeOptions::default()).await?;
    stage.cameras.set_fault("door", Fault::OneSession { status: 453 })?;
    let first = stage.add_online("door").await?;
    let second = stage.client.add_camera("again", rtsp(&stage.cameras.url("door"))).await?;
    let status = stage.await_reason(&second, "close another viewer or recorder of it").await?;
    assert_eq!(status["state"], "refused", "{status}");
    stage.client.await_recorded(&first, 3.0).await?;
    let told = stage.status(&first).await?;
    assert_eq!(told["state"], "online", "the first is not disturbed: {told}");
    // A change of the source needs a new session while the old one is the only one there may be.
    let path = format!("/api/v1/cameras/{first}");
    stage.client.request(Method::PATCH, &path).json(&json!({"enabled": false})).send().await?.error_for_status()?;
    stage.client.await_state(&first, "disabled").await?;
    stage.client.await_state(&second, "online").await?;
    stage.client.await_recorded(&second, 2.0).await?;
    let ledger = stage.ledger(&second).await?;
    let Stage { node, dir, .. } = stage;
    node.stop()?;
    assert_whole(&recorded_aus(dir.path(), &first).await?);
    let aus = recorded_aus(dir.path(), &second).await?;
    assert_whole(&aus);
    let told = causes(&ledger);
    assert!(told.contains("camera_session_limit"), "{ledger}");
    assert!(told.is_subset(&BTreeSet::from(["starting", "camera_session_limit"])), "{ledger}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_followed_where_cameras_may_be_and_nowhere_else() -> anyhow::Result<()> {
    let wide = ClipSpec { width: 640, height: 360, ..clip() };
    let streams = vec![
        StreamConfig::new("moved", clip()),
        StreamConfig::new("target", wide),
        StreamConfig::new("circle", clip()),
        StreamConfig::new("trap", clip()),
    ];
    let stage = Stage::set(streams, NodeOptions::default()).await?;
    let to = |url: String| Fault::Redirect { url };
    stage.cameras.set_fault("moved", to(stage.cameras.url("target")))?;
    stage.cameras.set_fault("circle", to(stage.cameras.url("circle")))?;
    stage.cameras.set_fault("trap", to("rtsp://169.254.169.254/latest/meta-data".to_owned()))?;
    let moved = stage.add_online("moved").await?;
    eventually("the camera shows what the target shows", || async {
        let camera = stage.client.get(&format!("/api/v1/cameras/{moved}")).await.map_err(|error| error.to_string())?;
        if camera["stream"]["video"]["width"] == 640 { Ok(()) } else { Err(camera.to_string()) }
    })
    .await?;
    for (path, words) in [("circle", "redirect cannot be followed"), ("trap", "169.254.169.254")] {
        let id = stage.client.add_camera(path, rtsp(&stage.cameras.url(path))).await?;
        let status = stage.await_reason(&id, words).await?;
        assert_eq!(status["state"], "refused", "{status}");
    }
    stage.client.await_recorded(&moved, 3.0).await?;
    assert_eq!(stage.cameras.stats("moved")?.aus_sent, 0);
    let Stage { node, dir, .. } = stage;
    node.stop()?;
    assert_whole(&recorded_aus(dir.path(), &moved).await?);
    Ok(())
}
