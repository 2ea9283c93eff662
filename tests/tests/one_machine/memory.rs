use std::collections::BTreeSet;

use eyrie_camsim::StreamConfig;
use eyrie_tests::{NodeOptions, recorded_aus};
use reqwest::Method;

use crate::footage::assert_whole;
use crate::support::{Stage, causes, clip, rtsp};

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_beyond_the_memory_limit_is_told_so_disturbs_no_other_and_gets_the_next_free_place()
-> anyhow::Result<()> {
    let streams = (0..3).map(|i| StreamConfig::new(format!("cam{i}"), clip())).collect();
    // A ring has 1 MiB for sure, so there is room for two.
    let toml = "memory.rings_total = '2MiB'\nmemory.ring_per_camera = '1MiB'".to_owned();
    let stage = Stage::set(streams, NodeOptions { toml, ..NodeOptions::default() }).await?;
    let (first, second) = (stage.add_online("cam0").await?, stage.add_online("cam1").await?);
    stage.client.await_recorded(&first, 2.0).await?;
    let third = stage.client.add_camera("cam2", rtsp(&stage.cameras.url("cam2"))).await?;
    let status = stage.await_reason(&third, "the node's limit for frames in memory (2MiB)").await?;
    assert_eq!(status["state"], "offline", "{status}");
    assert!(stage.metric("eyrie_cameras_not_admitted_total").await? >= 1.0);
    // It is tried again and again; nobody notices.
    stage.await_cause(&third, "memory_limit").await?;
    let answer = stage.client.request(Method::GET, &format!("/api/v1/cameras/{third}/live/index.m3u8")).send().await?;
    assert_eq!(answer.status(), 503);
    stage.await_more(&first, 3).await?;
    stage.assert_live(&first).await?;

    let deleted = stage.client.request(Method::DELETE, &format!("/api/v1/cameras/{second}")).send().await?;
    deleted.error_for_status()?;
    stage.client.await_state(&third, "online").await?;
    stage.client.await_recorded(&third, 2.0).await?;
    let (ledger, refused) = (stage.ledger(&first).await?, stage.ledger(&third).await?);
    assert!(causes(&ledger).is_subset(&BTreeSet::from(["starting"])), "{ledger}");
    assert!(causes(&refused).is_subset(&BTreeSet::from(["starting", "memory_limit"])), "{refused}");
    let Stage { node, dir, .. } = stage;
    node.stop()?;
    assert_whole(&recorded_aus(dir.path(), &first).await?);
    Ok(())
}
