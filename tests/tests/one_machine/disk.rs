use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use eyrie_camsim::{ClipSpec, StreamConfig};
use eyrie_tests::{NodeOptions, eventually, recorded_aus_in};
use eyrie_types::GapCause;

use crate::footage::{assert_told, holes};
use crate::support::{Stage, clip};

/// A small file system of its own, unmounted when dropped.
pub(crate) struct SmallDisk(pub(crate) PathBuf);

impl SmallDisk {
    pub(crate) fn mount(at: &Path, mib: u32) -> anyhow::Result<Self> {
        std::fs::create_dir_all(at)?;
        let size = format!("size={mib}m");
        let status = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).status()?;
        ensure!(status.success(), "mounting a tmpfs: {status}");
        Ok(Self(at.to_owned()))
    }

    /// Mounts it anew with other options, such as another size; the system refuses `ro` while files are open for writing.
    fn remount(&self, options: &str) -> anyhow::Result<()> {
        // With its source named, no option is taken over from the mount as it is: one of them, the owner, cannot be said again
        // inside a namespace of users.
        let mut mount = Command::new("mount");
        let output = mount.args(["-o", &format!("remount,{options}"), "tmpfs"]).arg(&self.0).output()?;
        ensure!(output.status.success(), "remounting with {options}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    /// A node that records onto it.
    pub(crate) fn options(&self) -> NodeOptions {
        NodeOptions { toml: format!("recording.directory = '{}'", self.0.display()), ..NodeOptions::default() }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a failed test may still have files open in it.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Whether this process may mount. Where it may not, the test `name` is run once more as root of namespaces of its own, and
/// nothing is left to do here.
pub(crate) async fn may_mount(name: &str) -> anyhow::Result<bool> {
    if std::fs::metadata("/proc/self")?.uid() == 0 {
        return Ok(true);
    }
    let mut again = Command::new("unshare");
    again.args(["--user", "--map-root-user", "--mount", "--"]).arg(std::env::current_exe()?);
    again.args(["--exact", name, "--nocapture"]);
    let told = crate::support::output(&mut again).await.context("without root, user namespaces are needed to mount")?;
    ensure!(told.contains("1 passed"), "{told}");
    Ok(false)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_neither_live_nor_recording_once_there_is_room_again() -> anyhow::Result<()> {
    if !may_mount("disk::a_full_disk_stops_neither_live_nor_recording_once_there_is_room_again").await? {
        return Ok(());
    }
    let mount = tempfile::tempdir()?;
    let disk = SmallDisk::mount(&mount.path().join("recordings"), 258)?;
    // 256 MiB of it stay free for the rest of the system; 2 MiB hold some ten seconds at 1.5 Mbit/s.
    let stream = StreamConfig::new("door", ClipSpec { bitrate_kbps: 1500, ..clip() });
    let mut options = disk.options();
    options.toml += "\nretention.when_full = 'stop'";
    let stage = Stage::set(vec![stream], options).await?;
    let id = stage.add_online("door").await?;
    stage.client.await_recorded(&id, 2.0).await?;
    stage.await_cause(&id, "disk_full").await?;
    stage.await_reason(&id, "not being recorded: the disk is full").await?;
    stage.assert_live(&id).await?;
    disk.remount("size=512m")?;
    stage.await_more(&id, 3).await?;
    let status = stage.status(&id).await?;
    assert!(!status.to_string().contains("disk"), "{status}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_disk_stops_neither_live_nor_recording_once_it_can_be_written_again() -> anyhow::Result<()> {
    if !may_mount("disk::a_read_only_disk_stops_neither_live_nor_recording_once_it_can_be_written_again").await? {
        return Ok(());
    }
    let mount = tempfile::tempdir()?;
    let disk = SmallDisk::mount(&mount.path().join("recordings"), 512)?;
    let mut options = disk.options();
    // The ring is small against what the camera sends, so that the outage costs footage.
    options.toml += "\nmemory.ring_per_camera = '4MiB'";
    let stream = StreamConfig::new("door", ClipSpec { width: 1280, height: 720, bitrate_kbps: 8000, ..clip() });
    let stage = Stage::set(vec![stream], options).await?;
    // A file system turns read-only only while none of its files is open for writing.
    disk.remount("ro")?;
    let id = stage.add_online("door").await?;
    stage.await_reason(&id, "not being recorded: the disk is read-only").await?;
    stage.await_cause(&id, "disk_read_only").await?;
    let node = stage.client.get("/api/v1/node").await?;
    assert_eq!(node["disks"][0]["trouble"], "disk_read_only", "{node}");
    stage.assert_live(&id).await?;
    eventually("the ring lets go of what cannot be written", || async {
        let lost = stage.metric("eyrie_ring_units_evicted_unread_total").await.map_err(|error| error.to_string())?;
        if lost > 0.0 { Ok(()) } else { Err("nothing".to_owned()) }
    })
    .await?;
    disk.remount("rw")?;
    stage.await_more(&id, 5).await?;
    let status = stage.status(&id).await?;
    assert!(!status.to_string().contains("not being recorded"), "{status}");
    let ledger = stage.ledger(&id).await?;
    let Stage { node, dir, .. } = stage;
    node.stop()?;
    let aus = recorded_aus_in(&disk.0, dir.path(), &id).await?;
    assert!(!holes(&aus).is_empty(), "the outage was long enough to cost pictures");
    assert_told(&ledger, &aus, &[GapCause::DiskReadOnly]);
    Ok(())
}
