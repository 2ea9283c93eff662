use std::time::Duration;

use eyrie_camsim::{Fault, StreamConfig};
use eyrie_tests::{NodeOptions, recorded_aus};
use eyrie_types::GapCause;
use serde_json::Value;

use crate::footage::{FPS, assert_told, holes};
use crate::support::{Stage, clip, rtsp};

/// Durations and spans are of this world: nothing of what is recorded lies far from where it was sent.
fn assert_sane(ledger: &Value, footage: &Value, expected_s: f64) {
    let durable = ledger["durable_s"].as_f64().unwrap_or(f64::NAN);
    assert!(durable <= expected_s + 2.0, "{durable} s of footage were made in {expected_s} s: {ledger}");
    let spans = footage["spans"].as_array().cloned().unwrap_or_default();
    assert!(!spans.is_empty() && spans.len() <= 3, "{footage}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cameras_clock_that_jumps_costs_no_more_than_the_rest_of_a_gop_and_no_duration_is_wrong() -> anyhow::Result<()>
{
    let stage = Stage::set(vec![StreamConfig::new("door", clip())], NodeOptions::default()).await?;
    let id = stage.add_online("door").await?;
    stage.client.await_recorded(&id, 2.0).await?;
    for by_ms in [600_000, -600_000, -1] {
        // Right behind a keyframe, where it hurts most.
        while stage.cameras.stats("door")?.au_number % FPS != 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stage.cameras.set_fault("door", Fault::TimestampJump { by_ms })?;
        stage.await_more(&id, 3).await?;
    }
    let (status, ledger) = (stage.status(&id).await?, stage.ledger(&id).await?);
    let footage = stage.client.get(&format!("/api/v1/cameras/{id}/recordings")).await?;
    assert_eq!(status["state"], "online", "{status}");
    assert_sane(&ledger, &footage, ledger["expected_s"].as_f64().unwrap_or(f64::NAN));
    assert_eq!(stage.metric("eyrie_camera_discontinuities_total").await?, 2.0, "one for each jump worth the name");
    let Stage { node, dir, .. } = stage;
    node.stop()?;
    let aus = recorded_aus(dir.path(), &id).await?;
    let holes = holes(&aus);
    assert!(holes.len() <= 2 && holes.iter().all(|hole| hole.missing < FPS), "{holes:?}");
    assert_told(&ledger, &aus, &[GapCause::StreamInvalid]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rtp_times_that_wrap_past_32_bits_are_nobodys_business() -> anyhow::Result<()> {
    let stage = Stage::set(vec![StreamConfig::new("door", clip())], NodeOptions::default()).await?;
    stage.cameras.set_fault("door", Fault::TimestampWrap { in_ms: 2_500 })?;
    let id = stage.client.add_camera("door", rtsp(&stage.cameras.url("door"))).await?;
    stage.client.await_recorded(&id, 6.0).await?;
    let ledger = stage.ledger(&id).await?;
    let footage = stage.client.get(&format!("/api/v1/cameras/{id}/recordings")).await?;
    assert_sane(&ledger, &footage, ledger["expected_s"].as_f64().unwrap_or(f64::NAN));
    assert_eq!(footage["spans"].as_array().map(Vec::len), Some(1), "{footage}");
    assert_eq!(stage.metric("eyrie_camera_discontinuities_total").await?, 0.0);
    stage.end_whole(&id).await
}
