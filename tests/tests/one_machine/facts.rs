use eyrie_camsim::{ClipSpec, Fault, StreamConfig};
use eyrie_tests::{NodeOptions, eventually};
use serde_json::{Value, json};

use crate::support::{Stage, clip};

/// A camera whose keyframes are far apart: 10 pictures a second, and a keyframe in 8 s.
fn long_gop() -> ClipSpec {
    ClipSpec { fps: 10, gop: 80, seconds: 16, bitrate_kbps: 400, ..clip() }
}

impl Stage {
    async fn facts(&self, id: &str) -> anyhow::Result<Value> {
        self.client.get(&format!("/api/v1/cameras/{id}/facts")).await
    }

    /// Waits until the camera's facts are `good`.
    async fn await_facts(&self, id: &str, what: &str, good: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
        eventually(what, || async {
            let facts = self.facts(id).await.map_err(|error| error.to_string())?;
            if good(&facts) { Ok(facts) } else { Err(facts.to_string()) }
        })
        .await
    }
}

fn codes(facts: &Value) -> Vec<&str> {
    let reasons = facts["verdict"]["reasons"].as_array();
    reasons.into_iter().flatten().filter_map(|reason| reason["code"].as_str()).collect()
}

/// The mean of a field over the points of a history.
fn mean(history: &Value, field: &str) -> f64 {
    let values: Vec<f64> =
        history["points"].as_array().into_iter().flatten().filter_map(|p| p[field].as_f64()).collect();
    values.iter().sum::<f64>() / values.len() as f64
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_are_what_the_camera_sends_and_history_and_metrics_say_the_same() -> anyhow::Result<()> {
    let streams = vec![StreamConfig::new("slow", long_gop()), StreamConfig::new("good", clip())];
    let stage = Stage::set(streams, NodeOptions::default()).await?;
    let (slow, good) = (stage.add_online("slow").await?, stage.add_online("good").await?);

    // Two keyframes of the slow one have to come before its GOP is known.
    let facts = stage.await_facts(&slow, "the GOP is known", |facts| codes(facts).contains(&"long_gop")).await?;
    let gop_s = facts["gop_s"].as_f64().unwrap_or(0.0);
    let facts = if gop_s < 7.9 {
        stage.await_facts(&slow, "a GOP of 8 s", |facts| facts["gop_s"].as_f64() >= Some(7.9)).await?
    } else {
        facts
    };
    let text = "GOP of 8 s: a failover will cost about 9 s";
    let said = stage
        .await_facts(&slow, text, |facts| {
            facts["verdict"]["reasons"].as_array().is_some_and(|reasons| reasons.iter().any(|r| r["text"] == text))
        })
        .await?;
    assert_eq!(said["verdict"]["level"], "fair", "{said}");
    assert!(facts["jitter_ms"].as_f64().is_some_and(|jitter| jitter < 100.0), "{facts}");

    let history = stage.client.get(&format!("/api/v1/cameras/{slow}/facts/history?points=3600")).await?;
    assert_eq!(history["step_s"], 1);
    assert!(history["points"].as_array().is_some_and(|points| points.len() >= 8), "{history}");
    let fps = mean(&history, "fps");
    assert!((9.0..=11.0).contains(&fps), "{fps} pictures a second of 10: {history}");
    let facts = stage.facts(&good).await?;
    assert!(facts["gop_s"].as_f64().is_some_and(|gop| (gop - 1.0).abs() < 0.1), "{facts}");
    assert!(!codes(&facts).contains(&"long_gop"), "{facts}");
    let history = stage.client.get(&format!("/api/v1/cameras/{good}/facts/history?points=3600")).await?;
    let (fps, bps) = (mean(&history, "fps"), mean(&history, "bitrate_bps"));
    assert!((23.0..=27.0).contains(&fps), "{fps} pictures a second of 25: {history}");
    // The encoder keeps its rate within limits of its own; the counter of bytes is what the facts must agree with.
    let (bytes, seconds) = (stage.metric("eyrie_camera_received_bytes_total").await?, seconds_of(&history));
    assert!(bps > 20_000.0 && bps * seconds / 8.0 < bytes, "{bps} bit/s for {seconds} s of {bytes} bytes of both");
    assert!(stage.metric("eyrie_camera_fps").await? > 25.0, "both cameras together");

    let node = stage.client.get("/api/v1/node/history?points=3600").await?;
    let last = node["points"].as_array().and_then(|points| points.last()).cloned().unwrap_or_default();
    assert_eq!(last["cameras_online"], 2, "{last}");
    let positive = |field: &str| last[field].as_f64().is_some_and(|value| value > 0.0);
    assert!(positive("memory_bytes") && positive("received_bps") && positive("disk_free_bytes"), "{last}");
    assert!(mean(&node, "cpu_cores") > 0.0 && mean(&node, "written_bps") > 0.0, "{node}");
    Ok(())
}

/// Seconds that a history of steps of a second covers.
fn seconds_of(history: &Value) -> f64 {
    history["points"].as_array().map_or(0, Vec::len) as f64
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_packets_are_counted_and_judged_and_a_viewer_is_seen() -> anyhow::Result<()> {
    let stage = Stage::set(vec![StreamConfig::new("door", clip())], NodeOptions::default()).await?;
    let source = json!({"type": "rtsp", "url": stage.cameras.url("door"), "transport": "udp"});
    let id = stage.client.add_camera("door", source).await?;
    stage.client.await_state(&id, "online").await?;
    stage.await_facts(&id, "it sends", |facts| facts["fps"].as_f64() > Some(20.0)).await?;
    assert_eq!(stage.facts(&id).await?["lost_total"], 0);
    stage.assert_live(&id).await?;
    stage.await_facts(&id, "a viewer", |facts| facts["viewers"] == 1).await?;

    stage.cameras.set_fault("door", Fault::LosePackets { one_in: 20 })?;
    let facts = stage.await_facts(&id, "losses", |facts| facts["lost_total"].as_u64() > Some(5)).await?;
    stage.cameras.clear_fault("door")?;
    assert!(codes(&facts).contains(&"packet_loss"), "{facts}");
    // What was lost last is noticed with the next packet that comes, and told within the second.
    let lost = stage.cameras.stats("door")?.packets_lost;
    stage.await_facts(&id, "all of them", |facts| facts["lost_total"].as_u64() == Some(lost)).await?;
    let history = stage.client.get(&format!("/api/v1/cameras/{id}/facts/history?points=3600")).await?;
    let in_steps: u64 = history["points"].as_array().into_iter().flatten().filter_map(|p| p["lost"].as_u64()).sum();
    assert_eq!(in_steps, lost, "{history}");
    Ok(())
}
