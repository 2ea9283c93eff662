use eyrie_camsim::{ClipSpec, StreamConfig};
use eyrie_tests::{NodeOptions, eventually, recorded_aus};
use eyrie_types::GapCause;
use tempfile::TempDir;

use crate::footage::{assert_told, holes};
use crate::preload::Preload;
use crate::support::{Stage, clip};

/// A node whose recordings, and nothing else, lie on a disk that can be broken.
struct BrokenDisk {
    stage: Stage,
    shim: Preload,
    _faults: TempDir,
}

impl BrokenDisk {
    async fn set(stream: StreamConfig, toml: &str) -> anyhow::Result<Self> {
        let faults = tempfile::tempdir()?;
        let shim = Preload::build("storage/tests/disk/shim.c", faults.path())?;
        let mut options = shim.options("DISK_SHIM", NodeOptions { toml: toml.to_owned(), ..NodeOptions::default() });
        let dir = tempfile::tempdir()?;
        // Seen from inside, by the path that file descriptors show.
        let below = dir.path().canonicalize()?.join("recordings");
        options.env.push(("DISK_SHIM_BELOW".to_owned(), below.display().to_string()));
        let stage = Stage::set_in(dir, vec![stream], options).await?;
        Ok(Self { stage, shim, _faults: faults })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_answers_with_errors_costs_no_picture_if_it_recovers_while_the_ring_lasts() -> anyhow::Result<()> {
    let BrokenDisk { stage, shim, _faults } = BrokenDisk::set(StreamConfig::new("door", clip()), "").await?;
    let id = stage.add_online("door").await?;
    stage.client.await_recorded(&id, 2.0).await?;
    for fault in ["fail-sync", "fail-write"] {
        shim.set(fault)?;
        stage.await_reason(&id, "not being recorded: the disk answers with errors").await?;
        stage.await_cause(&id, "disk_error").await?;
        let node = stage.client.get("/api/v1/node").await?;
        assert_eq!(node["disks"][0]["trouble"], "disk_error", "{node}");
        stage.assert_live(&id).await?;
        shim.clear(fault)?;
        stage.await_more(&id, 5).await?;
        let status = stage.status(&id).await?;
        assert!(!status.to_string().contains("not being recorded"), "{fault}: {status}");
    }
    stage.end_whole(&id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_hangs_for_longer_than_the_ring_lasts_is_told_and_booked_as_slow() -> anyhow::Result<()> {
    // 1 MB a second: what waits for the disk (8 MiB) and the ring are full after some twelve seconds.
    let busy = ClipSpec { width: 1280, height: 720, bitrate_kbps: 8000, ..clip() };
    let toml = "memory.ring_per_camera = '4MiB'";
    let BrokenDisk { stage, shim, _faults } = BrokenDisk::set(StreamConfig::new("door", busy), toml).await?;
    let id = stage.add_online("door").await?;
    stage.client.await_recorded(&id, 2.0).await?;
    shim.set("hang-sync")?;
    stage.await_reason(&id, "not being recorded: the disk cannot keep up").await?;
    stage.await_cause(&id, "disk_slow").await?;
    let node = stage.client.get("/api/v1/node").await?;
    assert_eq!(node["disks"][0]["trouble"], "disk_slow", "{node}");
    stage.assert_live(&id).await?;
    eventually("the ring lets go of what cannot be written", || async {
        let lost = stage.metric("eyrie_ring_units_evicted_unread_total").await.map_err(|error| error.to_string())?;
        if lost > 100.0 { Ok(()) } else { Err(format!("{lost} pictures")) }
    })
    .await?;
    shim.clear("hang-sync")?;
    stage.await_more(&id, 5).await?;
    let status = stage.status(&id).await?;
    assert!(!status.to_string().contains("not being recorded"), "{status}");
    let ledger = stage.ledger(&id).await?;
    let Stage { node, dir, .. } = stage;
    node.stop()?;
    let aus = recorded_aus(dir.path(), &id).await?;
    assert!(!holes(&aus).is_empty(), "the outage was long enough to cost pictures");
    assert_told(&ledger, &aus, &[GapCause::DiskSlow]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_takes_seconds_for_each_sync_loses_nothing_and_disturbs_no_viewer() -> anyhow::Result<()> {
    let BrokenDisk { stage, shim, _faults } = BrokenDisk::set(StreamConfig::new("door", clip()), "").await?;
    let id = stage.add_online("door").await?;
    stage.client.await_recorded(&id, 2.0).await?;
    shim.set("slow-sync")?;
    stage.assert_live(&id).await?;
    stage.await_more(&id, 10).await?;
    stage.assert_live(&id).await?;
    shim.clear("slow-sync")?;
    stage.await_more(&id, 8).await?;
    stage.end_whole(&id).await
}
