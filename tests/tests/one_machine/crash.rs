use std::time::{Duration, SystemTime, UNIX_EPOCH};

use eyrie_camsim::StreamConfig;
use eyrie_tests::{Node, NodeOptions, recorded_aus};

use crate::support::{Stage, cameras, clip, rtsp};

/// A fragment is at most a second; the rest is the way from camera to disk on a loaded machine.
pub(crate) const UNFINISHED_US: u64 = 1_000_000 + 2_000_000;

#[tokio::test(flavor = "multi_thread")]
async fn killing_a_recording_node_costs_the_unfinished_fragment_and_nothing_else() -> anyhow::Result<()> {
    let cameras = cameras(vec![StreamConfig::new("door", clip())]).await?;
    let dir = tempfile::tempdir()?;
    let mut id = String::new();
    let mut kills_us = Vec::new();
    for round in 0..3 {
        let node = Node::start(dir.path(), &NodeOptions::default())?;
        let client = node.client().await?;
        if round == 0 {
            id = client.add_camera("door", rtsp(&cameras.url("door"))).await?;
        }
        client.await_state(&id, "online").await?;
        let before = client.get(&format!("/api/v1/cameras/{id}/gaps")).await?["durable_s"].as_f64().unwrap_or(0.0);
        client.await_recorded(&id, before + 2.0).await?;
        kills_us.push(unix_us());
        node.kill()?;
    }

    // After the last kill a start must find and index what lies on disk, and book the rest.
    let node = Node::start(dir.path(), &NodeOptions::default())?;
    let client = node.client().await?;
    client.await_state(&id, "online").await?;
    client.await_recorded(&id, 7.0).await?;
    let ledger = client.get(&format!("/api/v1/cameras/{id}/gaps")).await?;
    let causes: Vec<_> =
        ledger["gaps"].as_array().into_iter().flatten().filter_map(|gap| gap["cause"].as_str()).collect();
    assert!(causes.contains(&"node_down"), "a dead node is a cause: {ledger}");
    assert!(!causes.contains(&"unknown"), "every gap is explained: {ledger}");
    node.stop()?;

    let aus = recorded_aus(dir.path(), &id).await?;
    for pair in aus.windows(2) {
        let (a, b) = (pair[0].stamp, pair[1].stamp);
        if b.number == a.number + 1 {
            continue;
        }
        let kill = kills_us.iter().find(|kill| (a.sent_unix_us..b.sent_unix_us).contains(*kill));
        let Some(kill) = kill else { panic!("pictures {} to {} are missing without a kill", a.number + 1, b.number) };
        assert!(kill - a.sent_unix_us <= UNFINISHED_US, "a kill cost {} ms", (kill - a.sent_unix_us) / 1000);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_node_in_the_same_directory_is_refused() -> anyhow::Result<()> {
    let stage = Stage::set(Vec::new(), NodeOptions::default()).await?;
    let Err(refused) = Node::start(stage.dir.path(), &NodeOptions::default()) else {
        panic!("two nodes run in one directory");
    };
    assert!(refused.to_string().contains("in use by another eyrie process"), "{refused:#}");
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "compared with the stamps of the camera in this process")]
pub(crate) fn unix_us() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_micros() as u64
}
