//! A disk whose syncs and writes hang or fail: a real child process with `shim.c` between it and the C library.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use eyrie_storage::disk::{Disk, DiskConfig, DiskError, DiskState};
use eyrie_storage::segment::SegmentReader;
use eyrie_types::{ByteSize, Clock, GapCause, ManualClock};

use crate::support::{CHILD_ROOT, child_arguments, config, durable, fragment, segment, start};

fn run_child(name: &str) {
    let directory = tempfile::tempdir().unwrap();
    let shim = directory.path().join("shim.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/disk/shim.c");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&shim).arg(source).arg("-ldl").status();
    assert!(built.is_ok_and(|status| status.success()), "cc builds the shim");
    let child = Command::new(std::env::current_exe().unwrap())
        .args(child_arguments(name))
        .env("LD_PRELOAD", &shim)
        .env("DISK_SHIM", directory.path())
        .env(CHILD_ROOT, directory.path().join("recordings"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{told}\n{}", String::from_utf8_lossy(&child.stderr));
    assert!(told.contains("1 passed"), "{told}");
}

struct Faults(PathBuf);

impl Faults {
    fn set(&self, name: &str) {
        std::fs::write(self.0.join(name), "").unwrap();
    }

    fn clear(&self, name: &str) {
        std::fs::remove_file(self.0.join(name)).unwrap();
    }
}

/// In a child: its root and its faults; else nothing.
fn in_child() -> Option<(PathBuf, Faults)> {
    Some((std::env::var_os(CHILD_ROOT)?.into(), Faults(std::env::var_os("DISK_SHIM")?.into())))
}

#[test]
fn a_sync_that_hangs_shows_as_slow_and_announces_nothing() {
    run_child("shim::child_whose_syncs_hang");
}

#[tokio::test]
async fn child_whose_syncs_hang() {
    let Some((root, faults)) = in_child() else { return };
    let clock = ManualClock::at(start());
    let disk = Disk::open(config(&root), Arc::new(clock.clone())).unwrap();
    let mut writer = disk.create(segment(None)).await.unwrap();
    writer.append(fragment(0, 1000)).await.unwrap();
    assert_eq!(durable(&writer, 1).await.fragments, 1);
    faults.set("hang-sync");
    writer.append(fragment(1, 1000)).await.unwrap();
    // The round may not have begun yet; time goes on until it hangs for long enough.
    while disk.health().state != DiskState::Slow {
        clock.advance(Duration::from_secs(1));
        tokio::task::yield_now().await;
    }
    assert!(disk.health().since <= clock.now());
    assert_eq!(writer.durable().borrow().fragments, 1, "nothing is durable before its sync is over");
    // The writer thread goes on meanwhile.
    writer.append(fragment(2, 1000)).await.unwrap();
    faults.clear("hang-sync");
    assert_eq!(durable(&writer, 3).await.fragments, 3);
    writer.append(fragment(3, 1000)).await.unwrap();
    assert_eq!(writer.close().await.unwrap().fragments, 4);
    assert_eq!(disk.health().state, DiskState::Ok);
}

#[test]
fn a_sync_that_fails_ends_the_segment_and_no_other() {
    run_child("shim::child_whose_syncs_fail");
}

#[tokio::test]
async fn child_whose_syncs_fail() {
    let Some((root, faults)) = in_child() else { return };
    let disk = Disk::open(config(&root), Arc::new(ManualClock::at(start()))).unwrap();
    let mut writer = disk.create(segment(None)).await.unwrap();
    let mut other = disk.create(segment(None)).await.unwrap();
    writer.append(fragment(0, 1000)).await.unwrap();
    durable(&writer, 1).await;
    other.durable().wait_for(|now| now.bytes > 0).await.unwrap();
    faults.set("fail-sync");
    writer.append(fragment(1, 1000)).await.unwrap();
    let failed = durable(&writer, 2).await;
    assert_eq!((failed.fragments, failed.failed.unwrap().cause()), (1, GapCause::DiskError));
    assert_eq!(disk.health().state, DiskState::Failing);
    faults.clear("fail-sync");
    // Once failed, always failed: the kernel may have dropped what it could not write.
    let refused = writer.append(fragment(2, 1000)).await.unwrap_err();
    assert!(matches!(refused, DiskError::Failed(_)));
    assert_eq!(writer.abandon().await.unwrap().fragments, 1);
    // The same fragment in a new segment, and the other camera, which had nothing to sync just then.
    let mut next = disk.create(segment(None)).await.unwrap();
    next.append(fragment(1, 1000)).await.unwrap();
    other.append(fragment(0, 1000)).await.unwrap();
    let path = next.path().to_owned();
    assert_eq!(next.close().await.unwrap().fragments, 1);
    assert_eq!(other.close().await.unwrap().fragments, 1);
    assert_eq!(SegmentReader::open(path, None).unwrap().verify().unwrap().fragments.len(), 1);
    assert_eq!(disk.health().state, DiskState::Ok);
}

#[test]
fn a_write_that_hangs_fills_the_queue_and_no_memory() {
    run_child("shim::child_whose_writes_hang");
}

#[tokio::test]
async fn child_whose_writes_hang() {
    let Some((root, faults)) = in_child() else { return };
    let narrow =
        DiskConfig { queue_bytes: ByteSize::bytes(0), append_wait: Duration::from_millis(300), ..config(&root) };
    let disk = Disk::open(narrow, Arc::new(ManualClock::at(start()))).unwrap();
    let mut writers = Vec::new();
    for _ in 0..3 {
        writers.push(disk.create(segment(None)).await.unwrap());
    }
    faults.set("hang-write");
    // The queue holds 32 MiB at least: two fragments of 15 MB fit, the third does not.
    let mut appends = tokio::task::JoinSet::new();
    for mut writer in writers {
        appends.spawn(async move {
            let appended = writer.append(fragment(0, 15_000_000)).await;
            (writer, appended)
        });
    }
    let (mut late, refused) = appends.join_next().await.unwrap().unwrap();
    assert_eq!(refused.unwrap_err().cause(), GapCause::DiskSlow);
    assert_eq!(disk.health().state, DiskState::Slow);
    faults.clear("hang-write");
    // It got no room, so its segment is as it was.
    late.append(fragment(0, 1000)).await.unwrap();
    assert_eq!(late.close().await.unwrap().fragments, 1);
    while let Some(appended) = appends.join_next().await {
        let (writer, entry) = appended.unwrap();
        assert_eq!(entry.unwrap().number, 0);
        assert_eq!(writer.close().await.unwrap().fragments, 1);
    }
}
