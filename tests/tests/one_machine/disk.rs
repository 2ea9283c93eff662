use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::ensure;
use eyrie_camsim::StreamConfig;
use eyrie_tests::{NodeOptions, eventually};

use crate::support::{Stage, clip, probe};

/// A small file system of its own, unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path, mib: u32) -> anyhow::Result<Self> {
        std::fs::create_dir_all(at)?;
        let size = format!("size={mib}m");
        let status = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).status()?;
        ensure!(status.success(), "mounting a tmpfs needs root: {status}");
        Ok(Self(at.to_owned()))
    }

    fn grow(&self, mib: u32) -> anyhow::Result<()> {
        let size = format!("remount,size={mib}m");
        let status = Command::new("mount").args(["-o", &size]).arg(&self.0).status()?;
        ensure!(status.success(), "growing the tmpfs: {status}");
        Ok(())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a failed test may still have files open in it.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_neither_live_nor_recording_once_there_is_room_again() -> anyhow::Result<()> {
    let mount = tempfile::tempdir()?;
    let disk = SmallDisk::mount(&mount.path().join("recordings"), 258)?;
    let options =
        NodeOptions { toml: format!("recording.directory = '{}'", disk.0.display()), ..NodeOptions::default() };
    // 256 MiB of it stay free for the rest of the system; 2 MiB hold some ten seconds at 1.5 Mbit/s.
    let stream = StreamConfig::new("door", eyrie_camsim::ClipSpec { bitrate_kbps: 1500, ..clip() });
    let stage = Stage::set(vec![stream], options).await?;
    let id = stage.add_online("door").await?;
    stage.client.await_recorded(&id, 2.0).await?;
    let gaps = format!("/api/v1/cameras/{id}/gaps");
    let has_cause = |ledger: &serde_json::Value| {
        ledger["gaps"].as_array().into_iter().flatten().any(|gap| gap["cause"] == "disk_full")
    };
    eventually("the ledger says the disk is full", || async {
        let ledger = stage.client.get(&gaps).await.map_err(|error| error.to_string())?;
        if has_cause(&ledger) { Ok(()) } else { Err(ledger.to_string()) }
    })
    .await?;
    let header = format!("Authorization: Bearer {}\r\n", stage.client.token());
    let hls = format!("{}/api/v1/cameras/{id}/live/index.m3u8", stage.node.base());
    assert_eq!(probe(&hls, Some(&header), 25).await?, "h264,320,180,25", "live goes on");
    let durable = stage.client.get(&gaps).await?["durable_s"].as_f64().unwrap_or(0.0);
    disk.grow(512)?;
    stage.client.await_recorded(&id, durable + 3.0).await?;
    Ok(())
}
