use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eyrie_camsim::{ClipSpec, StreamConfig};
use eyrie_tests::{NodeOptions, eventually};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio::time::Instant;

use crate::feed::Feed;
use crate::support::{Stage, causes, rtsp};

const CAMERAS: usize = 200;
/// Within this all are online: a start every 10 ms, 16 at once, on a machine that does other things as well.
const ONLINE_WITHIN: Duration = Duration::from_secs(60);

/// As small as pictures get, so that 200 of them cost little.
fn tiny() -> ClipSpec {
    ClipSpec { width: 64, height: 64, fps: 5, gop: 5, bitrate_kbps: 16, ..ClipSpec::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_cameras_added_at_once_come_online_without_a_fault_and_are_all_recorded() -> anyhow::Result<()> {
    let streams = (0..CAMERAS).map(|i| StreamConfig::new(format!("cam{i}"), tiny())).collect();
    // Each camera takes two descriptors: a node that kept the limit it is started with would run out of them.
    let options = NodeOptions { shell: "ulimit -S -n 256".to_owned(), ..NodeOptions::default() };
    let stage = Stage::set(streams, options).await?;
    // Every status any of them ever has, as the dashboard hears of it.
    let seen: Arc<Mutex<BTreeMap<String, BTreeSet<String>>>> = Arc::default();
    let mut feed = Feed::open(stage.node.base(), &stage.client, None).await?;
    let listening = Arc::clone(&seen);
    let listener = tokio::spawn(async move {
        while let Ok(Ok(message)) = feed.next().await {
            let event = &message["event"];
            if event["kind"] == "camera.status" {
                let status = format!("{}: {}", event["status"]["state"], event["status"]["reason"]);
                let camera = event["camera"].as_str().unwrap_or_default().to_owned();
                listening.lock().unwrap_or_else(PoisonError::into_inner).entry(camera).or_default().insert(status);
            }
        }
    });

    let began = Instant::now();
    let added = stream::iter(0..CAMERAS).map(|i| {
        let (client, url) = (&stage.client, stage.cameras.url(&format!("cam{i}")));
        async move { client.add_camera(&format!("cam{i}"), rtsp(&url)).await }
    });
    let ids: Vec<String> = added.buffer_unordered(CAMERAS).try_collect().await?;
    eventually("all are online", || async {
        let node = stage.client.get("/api/v1/node").await.map_err(|error| error.to_string())?;
        if node["cameras"]["online"] == CAMERAS { Ok(()) } else { Err(node["cameras"].to_string()) }
    })
    .await?;
    let took = began.elapsed();
    assert!(took <= ONLINE_WITHIN, "all were online after {took:?}");

    for id in &ids {
        stage.client.await_recorded(id, 2.0).await?;
        let ledger = stage.ledger(id).await?;
        assert!(causes(&ledger).is_subset(&BTreeSet::from(["starting"])), "{ledger}");
    }
    listener.abort();
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(seen.len(), CAMERAS, "statuses of all were heard");
    let faults: Vec<_> =
        seen.values().flatten().filter(|status| !status.contains("online") && !status.contains("connecting")).collect();
    assert!(faults.is_empty(), "{faults:?}");
    Ok(())
}
