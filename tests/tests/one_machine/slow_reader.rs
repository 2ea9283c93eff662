use std::time::Duration;

use eyrie_camsim::StreamConfig;
use eyrie_tests::{NodeOptions, eventually};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::json;

use crate::feed::Feed;
use crate::support::{Stage, clip};

/// Cameras that are changed together, and how often: some megabytes of events, more than the system holds for a socket.
const CAMERAS: usize = 250;
const ROUNDS_MAX: usize = 120;
/// What the process may grow by meanwhile.
const GROWTH_MAX: u64 = 64 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_that_reads_nothing_is_dropped_and_counted_and_no_other_notices() -> anyhow::Result<()> {
    let stage = Stage::set(vec![StreamConfig::new("door", clip())], NodeOptions::default()).await?;
    let id = stage.add_online("door").await?;
    let add = |i: usize| {
        let body = json!({"name": format!("off {i}"), "enabled": false,
            "source": {"type": "rtsp", "url": "rtsp://192.0.2.9/a"}});
        let client = &stage.client;
        async move { client.post("/api/v1/cameras", &body).await }
    };
    let added: Vec<_> = stream::iter((0..CAMERAS).map(add)).buffer_unordered(32).try_collect().await?;
    let ids: Vec<_> = added.iter().map(|camera| camera["id"].clone()).collect();

    let mut reads = Feed::open(stage.node.base(), &stage.client, None).await?;
    let idle = Feed::open(stage.node.base(), &stage.client, Some(4096)).await?;
    let reader = tokio::spawn(async move {
        let mut updates = 0;
        while let Ok(Ok(message)) = reads.next().await {
            let event = &message["event"];
            updates += usize::from(event["kind"] == "camera.updated");
            if event["kind"] == "camera.deleted" {
                break;
            }
        }
        updates
    });
    let before = stage.client.get("/api/v1/node").await?["memory"]["resident_bytes"].as_u64().unwrap_or_default();
    let (mut rounds, mut most) = (0, before);
    while stage.metric("eyrie_ws_slow_clients_total").await? == 0.0 {
        // Once its buffers are full it has ten seconds, in which little more needs to happen.
        if rounds < ROUNDS_MAX {
            let action = if rounds % 2 == 0 { "add_labels" } else { "remove_labels" };
            let change = json!({"ids": ids, "action": action, "labels": ["x".repeat(60)]});
            stage.client.post("/api/v1/cameras/bulk", &change).await?;
            rounds += 1;
        } else {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let now = stage.client.get("/api/v1/node").await?["memory"]["resident_bytes"].as_u64().unwrap_or_default();
        most = most.max(now);
    }
    assert!(most - before <= GROWTH_MAX, "{before} bytes became {most}");
    assert!(before > 0, "the node tells its memory");

    let path = format!("/api/v1/cameras/{}", ids[0].as_str().unwrap_or_default());
    stage.client.request(reqwest::Method::DELETE, &path).send().await?.error_for_status()?;
    assert_eq!(reader.await?, rounds * CAMERAS, "the one that reads heard of every change");
    eventually("both are gone", || async {
        let clients = stage.metric("eyrie_ws_clients").await.map_err(|error| error.to_string())?;
        if clients == 0.0 { Ok(()) } else { Err(format!("{clients} clients")) }
    })
    .await?;
    drop(idle);
    let status = stage.status(&id).await?;
    assert_eq!(status["state"], "online", "{status}");
    stage.assert_live(&id).await?;
    Ok(())
}
