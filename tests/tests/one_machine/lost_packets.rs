use std::collections::BTreeSet;

use eyrie_camsim::{Fault, StreamConfig};
use eyrie_tests::{NodeOptions, recorded_aus};
use eyrie_types::GapCause;
use serde_json::json;

use crate::footage::{FPS, assert_told, assert_whole, holes};
use crate::support::{Stage, causes, clip};

impl Stage {
    /// Waits until the camera has sent (or held back) so many more pictures.
    async fn await_pictures(&self, path: &str, more: u64) -> anyhow::Result<()> {
        let until = self.cameras.stats(path)?.au_number + more;
        while self.cameras.stats(path)?.au_number < until {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_lost_on_the_way_cost_the_pictures_they_carried_and_a_long_loss_is_booked() -> anyhow::Result<()> {
    let stage = Stage::set(vec![StreamConfig::new("door", clip())], NodeOptions::default()).await?;
    let source = json!({"type": "rtsp", "url": stage.cameras.url("door"), "transport": "udp"});
    let id = stage.client.add_camera("door", source).await?;
    stage.client.await_recorded(&id, 2.0).await?;

    // One packet in a hundred, as a bad link loses them: too short to be gaps.
    stage.cameras.set_fault("door", Fault::LosePackets { one_in: 101 })?;
    stage.await_pictures("door", 6 * FPS).await?;
    stage.cameras.clear_fault("door")?;
    let lost = stage.cameras.stats("door")?.packets_lost;
    assert!(lost > 0);
    stage.await_more(&id, 3).await?;

    // All of them for more than a second, and less than silence takes to be noticed.
    stage.cameras.set_fault("door", Fault::LosePackets { one_in: 1 })?;
    stage.await_pictures("door", FPS * 3 / 2).await?;
    stage.cameras.clear_fault("door")?;
    stage.await_cause(&id, "packets_lost").await?;
    stage.await_more(&id, 3).await?;
    let (status, ledger) = (stage.status(&id).await?, stage.ledger(&id).await?);
    assert_eq!(status["state"], "online", "{status}");
    let counted = stage.metric("eyrie_camera_packets_lost_total").await?;
    assert!(counted >= lost as f64, "{counted} packets counted, of which {lost} were lost in the first part alone");

    let Stage { node, dir, .. } = stage;
    node.stop()?;
    let aus = recorded_aus(dir.path(), &id).await?;
    let (long, short): (Vec<_>, Vec<_>) = holes(&aus).into_iter().partition(|hole| hole.missing > FPS / 2);
    assert_eq!(long.len(), 1, "{long:?}");
    let missing: u64 = short.iter().map(|hole| hole.missing).sum();
    assert!((1..=2 * lost).contains(&missing), "{lost} packets cost {missing} pictures");
    assert_told(&ledger, &aus, &[GapCause::PacketsLost]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_drips_a_byte_a_second_counts_as_lost_and_comes_back_by_itself() -> anyhow::Result<()> {
    let streams = vec![StreamConfig::new("drips", clip()), StreamConfig::new("good", clip())];
    let stage = Stage::set(streams, NodeOptions::default()).await?;
    let (id, good) = (stage.add_online("drips").await?, stage.add_online("good").await?);
    stage.client.await_recorded(&id, 2.0).await?;
    stage.cameras.set_fault("drips", Fault::Drip)?;
    stage.client.await_state(&id, "silent").await?;
    // Its answers drip as well: no step of connecting may wait for them.
    stage.await_reason(&id, "did not answer DESCRIBE in time").await?;
    stage.cameras.clear_fault("drips")?;
    stage.client.await_state(&id, "online").await?;
    stage.await_more(&id, 3).await?;
    let (ledger, other) = (stage.ledger(&id).await?, stage.ledger(&good).await?);
    let Stage { node, dir, .. } = stage;
    node.stop()?;
    let aus = recorded_aus(dir.path(), &id).await?;
    assert_eq!(holes(&aus).len(), 1, "{:?}", holes(&aus));
    assert_told(&ledger, &aus, &[GapCause::CameraSilent, GapCause::CameraUnreachable]);
    assert_whole(&recorded_aus(dir.path(), &good).await?);
    assert!(causes(&other).is_subset(&BTreeSet::from(["starting"])), "{other}");
    Ok(())
}
