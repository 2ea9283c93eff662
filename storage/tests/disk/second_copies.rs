//! Copies of another node's segment, made after a loss: byte for byte what its recorder wrote, readable when the recorder is gone,
//! and never in the way of what was recorded.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::Duration;

use eyrie_storage::disk::DiskError;
use eyrie_storage::footage::{ElsewhereError, FootageError};
use eyrie_storage::ledger::Ledger;
use eyrie_storage::segment::{SegmentPath, walk};
use eyrie_storage::store::SecondCopy;
use eyrie_types::{FragmentEntry, SegmentRow, TenantId, TimeRange};

use crate::two_nodes::{Cell, Manner, Member, at, from_elsewhere, seconds, shown};

fn path(row: &SegmentRow) -> SegmentPath {
    SegmentPath::new(row.placement.clone(), row.segment, row.start)
}

async fn table(cell: &Cell, row: &SegmentRow) -> Vec<FragmentEntry> {
    cell.store.fragments(&TenantId::default_tenant(), cell.camera, row.segment).await.unwrap()
}

/// Makes `member` fetch fragments `numbers` of `row` from `from`, as the node does.
async fn fetch(
    cell: &Cell,
    member: &Member,
    row: &SegmentRow,
    from: &Member,
    numbers: std::ops::Range<u32>,
) -> SecondCopy {
    let table = table(cell, row).await;
    let (mut head, mut fragments) = (bytes::Bytes::new(), Vec::new());
    for entry in table.iter().filter(|entry| numbers.contains(&entry.number)) {
        let stored = member.footage.stored_at(row, entry, from.node).await.unwrap();
        head = stored.head;
        fragments.push((entry.offset, stored.bytes));
    }
    member.disk.keep_copy(&path(row), head, fragments, 0).await.unwrap();
    let copies = cell.store.second_copies_of(&row.placement, row.start, row.segment).await.unwrap();
    let before = copies.into_iter().find(|copy| copy.node == member.node);
    let before = before.unwrap_or_else(|| SecondCopy::empty(row, member.node, &member.disk.config().name));
    let copy = before.clone().with(&table, |entry| before.holds(entry.number) || numbers.contains(&entry.number));
    cell.store.put_second_copy(copy.clone()).await.unwrap();
    member.footage.copies_changed(row);
    copy
}

fn file_of(cell: &Cell, member: &str, row: &SegmentRow) -> PathBuf {
    cell.directory.path().join(member).join(path(row).relative())
}

fn copy_of(cell: &Cell, member: &str, row: &SegmentRow) -> PathBuf {
    cell.directory.path().join(member).join(".copies").join(path(row).relative())
}

#[tokio::test]
async fn a_copy_is_what_its_recorder_wrote_and_is_read_by_all_when_the_recorder_is_gone() {
    let cell = Cell::start().await;
    let (a, b) = cell.pair().await;
    let c = cell.member("c");
    for other in [&a, &b] {
        c.knows(other);
    }
    let row = cell.record(&a, 0, 0..30, 0).await;
    let copy = fetch(&cell, &b, &row, &a, 5..8).await;
    assert_eq!(copy.numbers, std::slice::from_ref(&(5..8)));
    assert_eq!(copy.runs, [TimeRange { start: at(5, 0), end: at(8, 0) }]);
    let copy = fetch(&cell, &b, &row, &a, 20..30).await;
    assert_eq!(copy.numbers, [5..8, 20..30]);

    // Each byte of it is where the recorder put it; what is not there is a hole; nothing of it is open to others.
    let (original, kept) =
        (std::fs::read(file_of(&cell, "a", &row)).unwrap(), std::fs::read(copy_of(&cell, "b", &row)).unwrap());
    let table = table(&cell, &row).await;
    let head = table[0].offset as usize;
    assert_eq!(kept[..head], original[..head]);
    for entry in &table {
        let place = entry.offset as usize..(entry.offset + u64::from(entry.length)) as usize;
        if copy.holds(entry.number) {
            assert_eq!(kept[place.clone()], original[place], "{}", entry.number);
        } else {
            assert!(kept[place].iter().all(|byte| *byte == 0), "{}", entry.number);
        }
    }
    assert_eq!(std::fs::metadata(copy_of(&cell, "b", &row)).unwrap().mode() & 0o777, 0o600);
    assert_eq!(walk(cell.directory.path().join("b")).count(), 0, "no walk takes a copy for a recording of this node");

    // Its recorder dies: what there are copies of is there, at any node, and opens.
    let tenant = TenantId::default_tenant();
    let whole = TimeRange { start: at(0, 0), end: at(40, 0) };
    let dead = BTreeSet::from([a.node]);
    let held: Vec<_> = seconds(5..8, 0).chain(seconds(20..30, 0)).collect();
    for member in [&b, &c] {
        member.wire.lose(a.node);
        member.clock.advance(Duration::from_secs(10));
        let found = member.footage.pieces(&tenant, cell.camera, whole, &[]).await.unwrap();
        assert_eq!((shown(&found.pieces), &found.silent), (held.clone(), &dead));
        assert!(!member.footage.init(&row).await.unwrap().is_empty());
        assert!(member.footage.head(&row).await.unwrap().bytes.is_none());
        for piece in &found.pieces {
            for entry in &piece.entries {
                let read = member.footage.fragment(&piece.row, entry).await.unwrap();
                assert_eq!(read, a.footage.fragment(&piece.row, entry).await.unwrap());
                assert_eq!(member.footage.fragment_start(&piece.row, entry).await.unwrap().0, read);
            }
        }
        let error = member.footage.fragment(&row, &table[10]).await.unwrap_err();
        assert!(error.is_silence(), "{error}");
    }
    let rows = cell.store.ledger_rows(&tenant, cell.camera, b.node, whole).await.unwrap();
    let ledger = Ledger::shown(&rows, &dead, whole, at(100, 0));
    let there: Vec<_> = ledger.spans.iter().filter(|span| span.available).map(|span| (span.start, span.end)).collect();
    assert_eq!(there, [(at(5, 0), at(8, 0)), (at(20, 0), at(30, 0))]);
    let both = Ledger::of(&rows, whole, at(100, 0));
    let twice: Vec<_> =
        both.spans.iter().filter(|span| span.sources.len() == 2).map(|span| (span.start, span.end)).collect();
    assert_eq!(twice, there);
}

#[tokio::test]
async fn what_is_damaged_here_is_read_from_its_copy_and_stays_booked() {
    let cell = Cell::start().await;
    let (a, b) = cell.pair().await;
    let row = cell.record(&a, 0, 0..10, 0).await;
    fetch(&cell, &b, &row, &a, 0..10).await;
    let table = table(&cell, &row).await;
    let file = file_of(&cell, "a", &row);
    let sound = std::fs::read(&file).unwrap();
    let tenant = TenantId::default_tenant();
    let whole = TimeRange { start: at(0, 0), end: at(10, 0) };
    let all: Vec<_> = seconds(0..10, 0).collect();
    let plain = a.footage.fragment(&row, &table[4]).await.unwrap();

    // A bit flips.
    let mut bytes = sound.clone();
    bytes[table[4].offset as usize + 300] ^= 1;
    std::fs::write(&file, &bytes).unwrap();
    a.footage.forget(row.segment);
    assert!(a.footage.look_through(&row, &table[4], false).await.unwrap_err().is_damage());
    assert!(a.footage.look_through(&row, &table[5], false).await.is_ok());
    assert_eq!(a.footage.fragment(&row, &table[4]).await.unwrap(), plain);
    let damage = cell.store.damage(&tenant, cell.camera, whole).await.unwrap();
    assert_eq!(damage.iter().map(|one| (one.start, one.end)).collect::<Vec<_>>(), [(at(4, 0), Some(at(5, 0)))]);
    assert_eq!(shown(&a.footage.pieces(&tenant, cell.camera, whole, &[]).await.unwrap().pieces), all);
    // Verbatim, from the copy: what was recorded here is never written to.
    let own = fetch(&cell, &a, &row, &b, 4..5).await;
    assert_eq!((own.node, own.numbers.as_slice()), (a.node, std::slice::from_ref(&(4..5))));
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
    b.wire.lose(a.node);
    a.wire.lose(b.node);
    a.clock.advance(Duration::from_secs(10));
    assert_eq!(a.footage.fragment(&row, &table[4]).await.unwrap(), plain);
    assert_eq!(shown(&a.footage.pieces(&tenant, cell.camera, whole, &[]).await.unwrap().pieces), all);

    // It was read wrong: once it is sound again, it says so.
    std::fs::write(&file, &sound).unwrap();
    a.footage.forget(row.segment);
    a.footage.look_through(&row, &table[4], false).await.unwrap();
    a.footage.note_sound(&row, &damage[0]).await.unwrap();
    assert_eq!(cell.store.damage(&tenant, cell.camera, whole).await.unwrap(), []);

    // The file is cut short, then gone.
    std::fs::write(&file, &sound[..table[7].offset as usize + 10]).unwrap();
    a.footage.forget(row.segment);
    a.footage.look_at_file(&row, false).await.unwrap();
    assert!(a.footage.look_through(&row, &table[7], false).await.unwrap_err().is_damage());
    std::fs::remove_file(&file).unwrap();
    for error in [a.footage.look_at_file(&row, false).await, a.footage.look_through(&row, &table[0], false).await] {
        assert!(matches!(error, Err(FootageError::Lost(_))), "{error:?}");
    }
    a.knows(&b);
    a.clock.advance(Duration::from_secs(10));
    assert_eq!(a.footage.fragment(&row, &table[0]).await.unwrap(), b.footage.fragment(&row, &table[0]).await.unwrap());
}

#[tokio::test]
async fn garbage_is_refused_before_anything_of_it_is_kept() {
    let cell = Cell::start().await;
    let (a, b) = cell.pair().await;
    let row = cell.record(&a, 0, 0..5, 0).await;
    let table = table(&cell, &row).await;
    for manner in [Manner::Garbles, Manner::Halves] {
        b.meets(Manner::Honest);
        b.footage.stored_at(&row, &table[0], a.node).await.unwrap();
        b.meets(manner);
        let error = b.footage.stored_at(&row, &table[1], a.node).await.unwrap_err();
        assert!(matches!(from_elsewhere(&error), Some(ElsewhereError::Garbage(_))), "{manner:?}: {error:?}");
        b.footage.forget(row.segment);
        let error = b.footage.stored_at(&row, &table[1], a.node).await.unwrap_err();
        assert!(matches!(from_elsewhere(&error), Some(ElsewhereError::Garbage(_))), "{manner:?}: {error:?}");
    }
    assert!(!copy_of(&cell, "b", &row).exists());
    let whole = TimeRange { start: at(0, 0), end: at(10, 0) };
    assert_eq!(cell.store.damage(&TenantId::default_tenant(), cell.camera, whole).await.unwrap(), []);
}

#[tokio::test]
async fn a_copy_goes_with_its_segment_and_takes_no_room_that_is_to_stay_free() {
    let cell = Cell::start().await;
    let (a, b) = cell.pair().await;
    let row = cell.record(&a, 0, 0..5, 0).await;
    fetch(&cell, &b, &row, &a, 0..5).await;
    let stored = b.footage.stored_at(&row, &table(&cell, &row).await[0], a.node).await.unwrap();
    let refused = b.disk.keep_copy(&path(&row), stored.head, vec![(0, stored.bytes)], u64::MAX / 2).await;
    assert!(matches!(refused, Err(DiskError::NoRoom { .. })), "{refused:?}");
    cell.store.remove_segment(row.clone()).await.unwrap();
    assert_eq!(cell.store.second_copies_of(&row.placement, row.start, row.segment).await.unwrap(), []);
    assert!(b.disk.delete_copy(&path(&row)).await.unwrap());
    assert!(!b.disk.delete_copy(&path(&row)).await.unwrap());
    assert!(!copy_of(&cell, "b", &row).exists());
}
