use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use eyrie_storage::disk::{Disk, DiskError, DiskState};
use eyrie_storage::segment::{FormatError, ScanEnd, SegmentReader, walk};
use eyrie_types::{GapCause, SystemClock};

use crate::support::{config, durable, fragment, open, segment, segment_key};

#[tokio::test]
async fn what_is_appended_becomes_durable_and_reads_back() {
    for key in [None, Some(segment_key())] {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("recordings");
        let disk = open(&root);
        let mut writer = disk.create(segment(key.clone())).await.unwrap();
        let mut entries = Vec::new();
        for n in 0..5 {
            entries.push(writer.append(fragment(n, 100_000 + n as usize)).await.unwrap());
        }
        let now = durable(&writer, 5).await;
        assert!(now.failed.is_none());
        assert_eq!((now.fragments, now.bytes), (5, entries[4].offset + u64::from(entries[4].length)));
        // An open segment can be read by its entries.
        let path = writer.path().to_owned();
        let reader = SegmentReader::open(&path, key.as_ref()).unwrap();
        assert_eq!(reader.fragment(&entries[3]).unwrap(), fragment(3, 100_003).chunks.concat());
        assert!(reader.footer().is_none());
        let closed = writer.close().await.unwrap();
        assert_eq!((closed.fragments, closed.bytes), (5, path.metadata().unwrap().len()));
        let scan = SegmentReader::open(&path, key.as_ref()).unwrap().verify().unwrap();
        assert_eq!((scan.fragments, scan.merkle_root, scan.end), (entries, closed.merkle_root, ScanEnd::Closed));
        assert_eq!(disk.health().state, DiskState::Ok);
        assert!(disk.health().free_bytes > 0 && disk.health().total_bytes >= disk.health().free_bytes);
    }
}

#[tokio::test]
async fn files_and_directories_are_the_owners_alone() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("recordings");
    let disk = open(&root);
    let writer = disk.create(segment(None)).await.unwrap();
    assert_eq!(writer.path().metadata().unwrap().mode() & 0o777, 0o600);
    for directory in writer.path().ancestors().skip(1).take_while(|directory| directory.starts_with(&root)) {
        assert_eq!(directory.metadata().unwrap().mode() & 0o777, 0o700, "{}", directory.display());
    }
}

#[tokio::test]
async fn one_directory_has_one_writer() {
    let directory = tempfile::tempdir().unwrap();
    let disk = open(directory.path());
    let second = Disk::open(config(directory.path()), Arc::new(SystemClock::new()));
    assert!(matches!(second, Err(DiskError::InUse(_))));
    drop(disk);
}

#[tokio::test]
async fn a_segment_never_overwrites_another() {
    let directory = tempfile::tempdir().unwrap();
    let disk = open(directory.path());
    let new = segment(None);
    let writer = disk.create(new.clone()).await.unwrap();
    let again = disk.create(new).await.err().unwrap();
    assert_eq!(again.cause(), GapCause::DiskError);
    assert!(writer.path().exists());
}

#[tokio::test]
async fn a_refused_fragment_leaves_the_segment_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let disk = open(directory.path());
    let mut writer = disk.create(segment(Some(segment_key()))).await.unwrap();
    let empty = writer.append(fragment(0, 0)).await;
    assert!(matches!(empty, Err(DiskError::Refused(FormatError::Empty(_)))));
    let large = writer.append(fragment(0, (32 << 20) + 1)).await;
    assert!(matches!(large, Err(DiskError::Refused(FormatError::TooLarge { .. }))));
    assert_eq!(writer.append(fragment(0, 10)).await.unwrap().number, 0);
    assert_eq!(writer.close().await.unwrap().fragments, 1);
}

#[tokio::test]
async fn an_abandoned_segment_keeps_what_was_written() {
    let directory = tempfile::tempdir().unwrap();
    let disk = open(directory.path());
    let mut writer = disk.create(segment(None)).await.unwrap();
    writer.append(fragment(0, 1000)).await.unwrap();
    let path = writer.path().to_owned();
    let last = writer.abandon().await.unwrap();
    assert_eq!(last.fragments, 1);
    let scan = SegmentReader::open(path, None).unwrap().scan(0).unwrap();
    assert_eq!((scan.fragments.len(), scan.end), (1, ScanEnd::Unclosed));
}

#[tokio::test]
async fn shutdown_makes_durable_what_was_appended_and_refuses_the_rest() {
    let directory = tempfile::tempdir().unwrap();
    let disk = open(directory.path());
    let mut writer = disk.create(segment(None)).await.unwrap();
    writer.append(fragment(0, 1000)).await.unwrap();
    disk.shutdown().await;
    assert_eq!(writer.durable().borrow().fragments, 1);
    assert!(matches!(writer.append(fragment(1, 1000)).await, Err(DiskError::ShutDown)));
    assert!(matches!(disk.create(segment(None)).await, Err(DiskError::ShutDown)));
    assert!(writer.abandon().await.unwrap().failed.is_some());
    disk.shutdown().await;
}

#[tokio::test]
async fn many_cameras_share_a_disk() {
    let directory = tempfile::tempdir().unwrap();
    let disk = open(directory.path());
    let mut cameras = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let disk = disk.clone();
        cameras.spawn(async move {
            let mut writer = disk.create(segment(None)).await.unwrap();
            for n in 0..10 {
                writer.append(fragment(n, 20_000)).await.unwrap();
            }
            writer.close().await.unwrap()
        });
    }
    assert!(cameras.join_all().await.iter().all(|closed| closed.fragments == 10));
    let found: Vec<_> = walk(directory.path()).collect();
    assert_eq!(found.len(), 40);
    assert!(found.iter().all(|found| found.as_ref().is_ok_and(|found| found.closed)));
}
