//! Disks that are full, read-only or allow no larger file.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use eyrie_storage::disk::{Disk, DiskConfig, DiskError, DiskState};
use eyrie_storage::segment::{NewSegment, SegmentReader};
use eyrie_types::{ByteSize, GapCause, SegmentId, SystemClock};

use crate::support::{CHILD_ROOT, Tmpfs, child_arguments, config, durable, fragment, open, segment};

#[tokio::test]
async fn a_full_disk_keeps_what_was_whole_and_takes_more_once_there_is_room() {
    let tmpfs = Tmpfs::mount("1m");
    let filler = tmpfs.path().join(".filler");
    std::fs::write(&filler, [0; 400_000]).unwrap();
    let disk = open(&tmpfs.path());
    let new = segment(None);
    let mut writer = disk.create(new.clone()).await.unwrap();
    let mut written = 0;
    let error = loop {
        match writer.append(fragment(written, 100_000)).await {
            Ok(_) => written += 1,
            Err(error) => break error,
        }
        assert!(written < 20, "a megabyte holds ten");
    };
    assert_eq!(error.cause(), GapCause::DiskFull);
    let path = writer.path().to_owned();
    assert_eq!(writer.append(fragment(0, 1)).await.unwrap_err().cause(), GapCause::DiskFull);
    let last = writer.abandon().await.unwrap();
    assert_eq!((last.fragments, last.failed.unwrap().cause()), (written, GapCause::DiskFull));
    assert_eq!(disk.health().state, DiskState::Full);
    // The scan stops before what the failed write left at the end.
    let scan = SegmentReader::open(&path, None).unwrap().scan(0).unwrap();
    assert_eq!((scan.fragments.len(), scan.bytes), (written as usize, last.bytes));
    // No room even for a new segment: nothing may be left behind by trying.
    let before = std::fs::read_dir(path.parent().unwrap()).unwrap().count();
    for _ in 0..3 {
        let again = disk.create(NewSegment { segment: SegmentId::generate(), ..new.clone() }).await;
        assert_eq!(again.err().unwrap().cause(), GapCause::DiskFull);
    }
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), before);
    std::fs::remove_file(&filler).unwrap();
    let mut writer = disk.create(segment(None)).await.unwrap();
    writer.append(fragment(0, 100_000)).await.unwrap();
    assert_eq!(durable(&writer, 1).await.fragments, 1);
    writer.close().await.unwrap();
    assert_eq!(disk.health().state, DiskState::Ok);
}

#[tokio::test]
async fn a_read_only_disk_is_told_apart_and_recovers() {
    let tmpfs = Tmpfs::mount("4m");
    let disk = open(&tmpfs.path());
    tmpfs.remount("ro");
    let refused = disk.create(segment(None)).await.err().unwrap();
    assert_eq!((refused.cause(), disk.health().state), (GapCause::DiskReadOnly, DiskState::ReadOnly));
    tmpfs.remount("rw");
    let mut writer = disk.create(segment(None)).await.unwrap();
    writer.append(fragment(0, 1000)).await.unwrap();
    writer.close().await.unwrap();
    assert_eq!(disk.health().state, DiskState::Ok);
}

#[tokio::test]
async fn the_reserve_is_left_free() {
    let directory = tempfile::tempdir().unwrap();
    let greedy = DiskConfig { reserve: ByteSize::bytes(u64::MAX), ..config(directory.path()) };
    let disk = Disk::open(greedy, Arc::new(SystemClock::new())).unwrap();
    let refused = disk.create(segment(None)).await.err().unwrap();
    assert!(matches!(refused, DiskError::NoRoom { .. }));
    assert_eq!((refused.cause(), disk.health().state), (GapCause::DiskFull, DiskState::Full));
}

/// Recording into a process whose files may have 100 KiB at most (RLIMIT_FSIZE, its signal ignored).
#[test]
fn a_file_that_may_not_grow_fails_alone() {
    let directory = tempfile::tempdir().unwrap();
    let child = Command::new("bash")
        .args(["-c", "trap '' XFSZ; ulimit -f 100; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(child_arguments("faults::child_whose_files_may_not_grow"))
        .env(CHILD_ROOT, directory.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && told.contains("1 passed"), "{told}");
}

#[tokio::test]
async fn child_whose_files_may_not_grow() {
    let Some(root) = std::env::var_os(CHILD_ROOT) else { return };
    let disk = open(&PathBuf::from(root));
    let mut writer = disk.create(segment(None)).await.unwrap();
    writer.append(fragment(0, 60_000)).await.unwrap();
    let error = writer.append(fragment(1, 60_000)).await.unwrap_err();
    assert_eq!(error.cause(), GapCause::DiskError);
    let path = writer.path().to_owned();
    let last = writer.abandon().await.unwrap();
    assert_eq!(last.fragments, 1);
    assert!(path.metadata().unwrap().len() > last.bytes, "a part of the second fragment was left behind");
    assert_eq!(SegmentReader::open(path, None).unwrap().scan(0).unwrap().fragments.len(), 1);
    let mut other = disk.create(segment(None)).await.unwrap();
    other.append(fragment(1, 60_000)).await.unwrap();
    assert_eq!(other.close().await.unwrap().fragments, 1);
}
