//! Owner and twin of one camera on two nodes with one store: read as one, and what lies on the other node is nobody's damage.

use std::sync::Arc;

use eyrie_storage::disk::Disk;
use eyrie_storage::footage::{Footage, FootageError};
use eyrie_storage::keys::{KeyRing, KeyRows, KeySpool, MasterKey};
use eyrie_storage::ledger::Ledger;
use eyrie_storage::segment::{NewFragment, NewSegment};
use eyrie_storage::store::SegmentCopy;
use eyrie_storage::{Store, StoreConfig};
use eyrie_types::{
    CameraId, Epoch, FragmentEntry, GapCause, Incident, NodeId, SegmentId, SegmentRow, SegmentState, Slot, SystemClock,
    TenantId, TimeRange, WallTime,
};

use crate::support::{durable, fragment, open, segment, start};

struct Cell {
    store: Arc<Store>,
    camera: CameraId,
    directory: tempfile::TempDir,
}

struct Member {
    node: NodeId,
    disk: Disk,
    footage: Footage,
}

impl Cell {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = StoreConfig::Sqlite { path: directory.path().join("eyrie.db") };
        let store = Arc::new(Store::open(config, Arc::new(SystemClock::new())).await.unwrap());
        Self { store, camera: CameraId::generate(), directory }
    }

    fn member(&self, name: &str) -> Member {
        let (node, disk) = (NodeId::generate(), open(&self.directory.path().join(name)));
        let keys = Arc::new(KeyRing::new(MasterKey::from_bytes(&[1; 32]), &[]).unwrap());
        let spool = KeySpool::open(&self.directory.path().join(format!("{name}.keys"))).unwrap();
        let rows = Arc::new(KeyRows::new(Arc::clone(&self.store), spool));
        let footage = Footage::new(node, Arc::clone(&self.store), keys, rows, std::slice::from_ref(&disk));
        Member { node, disk, footage }
    }

    /// Records the moments `numbers` (one keyframe and second each) under `slot`, by a clock that is `ahead_us` ahead.
    async fn record(&self, member: &Member, slot: u8, numbers: std::ops::Range<u32>, ahead_us: i64) -> SegmentRow {
        let mut new: NewSegment = segment(None);
        (new.placement.camera, new.placement.slot) = (self.camera, Slot(slot));
        (new.placement.epoch, new.segment) = (Epoch::from_u64(7 + u64::from(slot)).unwrap(), SegmentId::generate());
        new.start = at(numbers.start, ahead_us);
        let mut writer = member.disk.create(new.clone()).await.unwrap();
        let mut entries = Vec::new();
        for number in numbers.clone() {
            let fragment =
                NewFragment { start: at(number, ahead_us), keyframe_hash: hash(number), ..fragment(number, 1_000) };
            entries.push(writer.append(fragment).await.unwrap());
        }
        durable(&writer, entries.len() as u32).await;
        let path = writer.path().strip_prefix(&member.disk.config().root).unwrap().display().to_string();
        let closed = writer.close().await.unwrap();
        let row = SegmentRow {
            placement: new.placement.clone(),
            segment: new.segment,
            node: member.node,
            state: SegmentState::Closed,
            start: new.start,
            end: at(numbers.end, ahead_us),
            runs: vec![TimeRange { start: new.start, end: at(numbers.end, ahead_us) }],
            fragments: closed.fragments,
            bytes: closed.bytes,
            key: None,
            merkle_root: Some(closed.merkle_root),
        };
        let tenant = TenantId::default_tenant();
        self.store.append_fragments(&tenant, self.camera, row.segment, &entries).await.unwrap();
        let copy = SegmentCopy {
            tenant,
            camera: self.camera,
            segment: row.segment,
            start: row.start,
            node: member.node,
            disk: member.disk.config().name.clone(),
            path,
            bytes: row.bytes,
            written_at: row.end,
        };
        self.store.put_copy(copy).await.unwrap();
        self.store.put_segments(vec![row.clone()]).await.unwrap();
        row
    }

    async fn damage(&self, row: &SegmentRow, entry: &FragmentEntry) {
        let (slot, epoch) = (row.placement.slot, row.placement.epoch);
        let incident = Incident { slot, epoch, cause: GapCause::Damaged, start: entry.start, end: Some(entry.end()) };
        self.store.put_incident(&TenantId::default_tenant(), self.camera, incident).await.unwrap();
    }
}

fn at(number: u32, ahead_us: i64) -> WallTime {
    start().offset_us(i64::from(number) * 1_000_000 + ahead_us)
}

fn hash(number: u32) -> [u8; 16] {
    u128::from(number + 1).to_be_bytes()
}

/// The moments of pieces, each with its slot.
fn shown(pieces: &[eyrie_storage::footage::FootagePiece]) -> Vec<(u8, u128)> {
    let moment = |entry: &FragmentEntry| u128::from_be_bytes(entry.keyframe_hash) - 1;
    pieces
        .iter()
        .flat_map(|piece| piece.entries.iter().map(|entry| (piece.row.placement.slot.0, moment(entry))))
        .collect()
}

#[tokio::test]
async fn owner_and_twin_are_one_recording_and_each_node_reads_its_own() {
    let cell = Cell::start().await;
    let (a, b) = (cell.member("a"), cell.member("b"));
    // The owner died after 30 s; the twin, whose clock is 1.4 s ahead, began at 10 s and missed nothing since.
    let owner = cell.record(&a, 0, 0..30, 0).await;
    let twin = cell.record(&b, 1, 10..60, 1_400_000).await;
    let tenant = TenantId::default_tenant();
    let whole = TimeRange { start: at(0, 0), end: at(70, 0) };
    let pieces = a.footage.cell_pieces(&tenant, cell.camera, whole, &[]).await.unwrap();
    let expected: Vec<_> = (0..30).map(|number| (0, number)).chain((30..60).map(|number| (1, number))).collect();
    assert_eq!(shown(&pieces), expected);
    assert_eq!(pieces.iter().map(|piece| piece.row.node).collect::<Vec<_>>(), [a.node, b.node]);
    // A part of it: how the clocks differ is told by what lies beside the range.
    let part = TimeRange { start: at(29, 500_000), end: at(33, 0) };
    let pieces = b.footage.cell_pieces(&tenant, cell.camera, part, &[]).await.unwrap();
    assert_eq!(shown(&pieces), [(0, 29), (1, 30), (1, 31)]);
    // Each node offers what it can read.
    let here = a.footage.pieces(&tenant, cell.camera, whole, &[]).await.unwrap();
    assert_eq!(shown(&here), (0..30).map(|number| (0, number)).collect::<Vec<_>>());
    let here = b.footage.pieces(&tenant, cell.camera, whole, &[]).await.unwrap();
    assert_eq!(shown(&here), (10..60).map(|number| (1, number)).collect::<Vec<_>>());
    assert!(b.footage.fragment(&twin, &here[0].entries[5]).await.is_ok());
    // What is damaged in the owner's is shown from the twin's, from its GOP on.
    let table = cell.store.fragments(&tenant, cell.camera, owner.segment).await.unwrap();
    cell.damage(&owner, &table[20]).await;
    let pieces = a.footage.cell_pieces(&tenant, cell.camera, whole, &[]).await.unwrap();
    let expected: Vec<_> = (0..20).map(|number| (0, number)).chain((20..60).map(|number| (1, number))).collect();
    assert_eq!(shown(&pieces), expected);
    // And the ledger misses nothing of it: the twin has it.
    let rows = cell.store.ledger_rows(&tenant, cell.camera, a.node, whole).await.unwrap();
    let ledger = Ledger::of(&rows, whole, at(100, 0));
    let kept: Vec<_> = ledger.spans.iter().map(|span| (span.start, span.end)).collect();
    assert_eq!((kept.first().unwrap().0, kept.last().unwrap().1), (at(0, 0), at(60, 1_400_000)));
    assert!(kept.windows(2).all(|pair| pair[0].1 == pair[1].0), "{kept:?}");
}

#[tokio::test]
async fn what_lies_on_another_node_is_elsewhere_and_not_damaged() {
    let cell = Cell::start().await;
    let (a, b) = (cell.member("a"), cell.member("b"));
    let (own, other) = (cell.record(&a, 0, 0..5, 0).await, cell.record(&b, 1, 0..5, 0).await);
    let tenant = TenantId::default_tenant();
    let table = cell.store.fragments(&tenant, cell.camera, other.segment).await.unwrap();
    let elsewhere = |error: &FootageError| matches!(error, FootageError::Elsewhere(node) if *node == b.node);
    assert!(elsewhere(&a.footage.fragment(&other, &table[0]).await.unwrap_err()));
    assert!(elsewhere(&a.footage.fragment_start(&other, &table[0]).await.unwrap_err()));
    assert!(elsewhere(&a.footage.init(&other).await.unwrap_err()));
    assert!(elsewhere(&a.footage.head(&other).await.unwrap_err()));
    let whole = TimeRange { start: at(0, 0), end: at(10, 0) };
    assert_eq!(cell.store.damage(&tenant, cell.camera, whole).await.unwrap(), []);
    // A file of its own that is gone is lost, as ever.
    std::fs::remove_dir_all(cell.directory.path().join("a").join(tenant.as_str())).unwrap();
    assert!(matches!(a.footage.init(&own).await, Err(FootageError::Lost(segment)) if segment == own.segment));
}
