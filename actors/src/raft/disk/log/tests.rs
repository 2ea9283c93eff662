use std::fs;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;

use openraft::{CommittedLeaderId, EntryPayload};

use super::*;

fn id(index: u64) -> LogId {
    LogId::new(CommittedLeaderId::new(1, 7), index)
}

fn entry(index: u64) -> (LogId, Vec<u8>) {
    let entry = Entry { log_id: id(index), payload: EntryPayload::Blank };
    (id(index), encode(&entry))
}

fn record_of(index: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    record::write(&mut bytes, &entry(index).1);
    bytes
}

fn entries(range: std::ops::RangeInclusive<u64>) -> Vec<(LogId, Vec<u8>)> {
    range.map(entry).collect()
}

/// Small segments, so that a few entries fill several.
fn open(dir: &Path) -> Result<(DiskLog, LogContent), RaftDiskError> {
    DiskLog::open_with(dir, 64)
}

fn held(dir: &Path) -> (Option<u64>, Vec<u64>) {
    let (_, content) = open(dir).unwrap();
    (content.purged.map(|id| id.index), content.entries.into_keys().collect())
}

fn newest_segment(dir: &Path) -> PathBuf {
    dir.join(crate::raft::disk::segment::file_name(*segment_numbers(dir).unwrap().last().unwrap()))
}

#[test]
fn what_was_appended_is_read_back_over_many_segments() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path()).unwrap();
    for index in 0..40 {
        log.append(&[entry(index)]).unwrap();
    }
    log.note_committed(Some(id(38))).unwrap();
    assert!(segment_numbers(dir.path()).unwrap().len() > 5);
    let (_, content) = open(dir.path()).unwrap();
    assert_eq!(content.entries.into_keys().collect::<Vec<_>>(), (0..40).collect::<Vec<_>>());
    assert_eq!((content.committed, content.torn_bytes), (Some(id(38)), 0));
}

#[test]
fn truncated_entries_are_gone_and_others_take_their_place() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path()).unwrap();
    log.append(&entries(0..=9)).unwrap();
    log.append(&entries(10..=30)).unwrap();
    for from in [25, 10, 4] {
        log.truncate(from).unwrap();
        assert_eq!(held(dir.path()).1, (0..from).collect::<Vec<_>>());
    }
    log.append(&entries(4..=6)).unwrap();
    assert_eq!(held(dir.path()).1, (0..=6).collect::<Vec<_>>());
    log.truncate(0).unwrap();
    assert_eq!(held(dir.path()).1, Vec::<u64>::new());
}

#[test]
fn purged_entries_stay_forgotten_whatever_is_truncated_after() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path()).unwrap();
    for index in 0..40 {
        log.append(&[entry(index)]).unwrap();
    }
    let before = segment_numbers(dir.path()).unwrap().len();
    log.purge(id(30)).unwrap();
    assert!(segment_numbers(dir.path()).unwrap().len() < before, "whole segments are removed");
    log.truncate(35).unwrap();
    assert_eq!(held(dir.path()), (Some(30), (31..35).collect()));
}

#[test]
fn a_snapshot_beyond_the_log_leaves_a_gap_that_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path()).unwrap();
    log.append(&entries(0..=3)).unwrap();
    log.purge(id(100)).unwrap();
    log.append(&entries(101..=102)).unwrap();
    assert_eq!(held(dir.path()), (Some(100), vec![101, 102]));
}

#[test]
fn a_tail_torn_anywhere_is_cut_and_the_log_goes_on() {
    let whole = {
        let dir = tempfile::tempdir().unwrap();
        let (mut log, _) = open(dir.path()).unwrap();
        log.append(&entries(0..=1)).unwrap();
        let acknowledged = fs::metadata(newest_segment(dir.path())).unwrap().len() as usize;
        log.append(&entries(2..=2)).unwrap();
        (acknowledged, fs::read(newest_segment(dir.path())).unwrap())
    };
    let (acknowledged, bytes) = whole;
    for length in acknowledged..bytes.len() {
        for garbage in [false, true] {
            let dir = tempfile::tempdir().unwrap();
            let (mut log, _) = open(dir.path()).unwrap();
            log.append(&entries(0..=1)).unwrap();
            // A write that was not synced when the machine died: some of it came through, or its place was only reserved.
            let mut torn = bytes[..length].to_vec();
            if garbage {
                torn.resize(bytes.len(), 0);
            }
            if torn == bytes {
                continue;
            }
            fs::write(newest_segment(dir.path()), &torn).unwrap();
            drop(log);
            let (mut log, content) = open(dir.path()).unwrap();
            assert_eq!(content.entries.into_keys().collect::<Vec<_>>(), [0, 1], "cut at {length}");
            assert_eq!(content.torn_bytes as usize, torn.len() - acknowledged);
            log.append(&entries(2..=3)).unwrap();
            assert_eq!(held(dir.path()).1, [0, 1, 2, 3]);
        }
    }
}

#[test]
fn a_bit_flipped_in_what_was_acknowledged_is_told_from_a_torn_tail() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path()).unwrap();
    for index in 0..12 {
        log.append(&[entry(index)]).unwrap();
    }
    drop(log);
    for number in segment_numbers(dir.path()).unwrap() {
        let path = dir.path().join(crate::raft::disk::segment::file_name(number));
        let good = fs::read(&path).unwrap();
        for at in 0..good.len() {
            let file = File::options().write(true).open(&path).unwrap();
            file.write_all_at(&[good[at] ^ 0x10], at as u64).unwrap();
            match open(dir.path()) {
                Err(RaftDiskError::Corrupt { path: named, offset, .. }) => {
                    assert_eq!(named, path);
                    assert!(offset as usize <= at && at < offset as usize + 64, "byte {at} reported at {offset}");
                }
                other => panic!("segment {number}, byte {at}: {other:?}"),
            }
            fs::write(&path, &good).unwrap();
        }
        fs::write(&path, &good[..good.len() - 1]).unwrap();
        assert!(matches!(open(dir.path()), Err(RaftDiskError::Corrupt { .. })), "segment {number} cut short");
        fs::remove_file(&path).unwrap();
        let missing = open(dir.path());
        assert!(
            number == 1 || matches!(missing, Err(RaftDiskError::Corrupt { .. })),
            "segment {number} missing: {missing:?}"
        );
        assert!(number != 1 || missing.is_err(), "the first segment missing");
        fs::write(&path, &good).unwrap();
    }
    assert_eq!(held(dir.path()).1.len(), 12);
}

#[test]
fn a_segment_that_was_being_made_is_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path()).unwrap();
    log.append(&entries(0..=1)).unwrap();
    drop(log);
    for half in [&b""[..], b"EYRLOG", &[0; 40]] {
        fs::write(dir.path().join(crate::raft::disk::segment::file_name(2)), half).unwrap();
        assert_eq!(held(dir.path()).1, [0, 1]);
    }
    let (mut log, _) = open(dir.path()).unwrap();
    for index in 2..9 {
        log.append(&[entry(index)]).unwrap();
    }
    assert_eq!(held(dir.path()).1, (0..9).collect::<Vec<_>>());
}

#[test]
fn after_a_failed_write_the_log_goes_on_in_a_new_segment_without_what_was_not_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path()).unwrap();
    log.append(&entries(0..=1)).unwrap();
    let written = newest_segment(dir.path());
    log.active = File::open(&written).unwrap();
    assert!(matches!(log.append(&entries(2..=2)), Err(RaftDiskError::Io { .. })), "not writable");
    // What the failed write left there, or a kernel that could not write it back.
    let left = record_of(2);
    File::options().append(true).open(&written).unwrap().write_all(&left[..left.len() - 1]).unwrap();
    log.append(&entries(2..=3)).unwrap();
    assert_ne!(
        newest_segment(dir.path()),
        written,
        "what a kernel calls clean after a failed sync may not be on the disk"
    );
    drop(log);
    assert_eq!(held(dir.path()).1, [0, 1, 2, 3]);
}

#[test]
fn an_entry_whose_mark_could_not_be_written_is_there_once_after_it_was_written_again() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = open(dir.path()).unwrap();
    log.append(&entries(0..=1)).unwrap();
    let mark = std::mem::replace(&mut log.mark, Mark::read_only(&dir.path().join("mark")));
    assert!(matches!(log.append(&entries(2..=2)), Err(RaftDiskError::Io { .. })), "not writable");
    assert!(log.append(&entries(2..=2)).is_err(), "still not");
    log.mark = mark;
    log.append(&entries(2..=2)).unwrap();
    log.truncate(2).unwrap();
    log.append(&entries(2..=3)).unwrap();
    drop(log);
    assert_eq!(held(dir.path()).1, [0, 1, 2, 3]);
}

/// The bytes of format 1, written by this release and read by the next.
#[test]
fn golden_bytes_of_an_entry() {
    let mut bytes = Vec::new();
    record::write(&mut bytes, &entry(300).1);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "0500000050646e2e010107ac0200");
    let (read, length) = record::read(&bytes).unwrap();
    assert_eq!((read.log_id, length), (id(300), bytes.len()));
}
