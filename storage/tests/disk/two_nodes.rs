//! Owner and twin of one camera on two nodes with one store: either node reads both as one, and what another node sends is believed
//! by its checksums alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use eyrie_storage::disk::Disk;
use eyrie_storage::footage::{
    Elsewhere, ElsewhereError, Footage, FootageError, OpenTail, REACH_WITHIN, SegmentName, StoredPlace,
};
use eyrie_storage::keys::{KeyRing, KeyRows, KeySpool, MasterKey, TenantKeyRow};
use eyrie_storage::ledger::Ledger;
use eyrie_storage::segment::{NewFragment, NewSegment};
use eyrie_storage::store::SegmentCopy;
use eyrie_storage::{Store, StoreConfig};
use eyrie_types::{
    CameraId, Epoch, FragmentEntry, GapCause, Incident, ManualClock, NodeId, SegmentId, SegmentRow, SegmentState, Slot,
    SystemClock, TenantId, TimeRange, WallTime,
};
use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::support::{durable, fragment, open, segment, start};

pub(crate) struct Cell {
    pub(crate) store: Arc<Store>,
    pub(crate) camera: CameraId,
    tenant_key: TenantKeyRow,
    pub(crate) directory: tempfile::TempDir,
}

pub(crate) struct Member {
    pub(crate) node: NodeId,
    pub(crate) disk: Disk,
    pub(crate) footage: Arc<Footage>,
    keys: Arc<KeyRing>,
    rows: Arc<KeyRows>,
    pub(crate) wire: Arc<Wire>,
    pub(crate) clock: ManualClock,
}

/// How a peer behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Honest,
    /// Takes questions and never answers.
    Stopped,
    /// Nobody is there.
    Gone,
    /// Answers with a bit changed.
    Garbles,
    /// Answers with half of it.
    Halves,
    /// Does not take so many questions, then answers: it is busy.
    Busy(usize),
}

/// What lies between the nodes of this test: it asks the other node's disks.
pub(crate) struct Wire {
    peers: Mutex<BTreeMap<NodeId, Arc<Footage>>>,
    manner: Mutex<Manner>,
    pub(crate) fragments: AtomicUsize,
    heads: AtomicUsize,
    asked: AtomicUsize,
    tails: Mutex<Vec<OpenTail>>,
}

impl Wire {
    /// `node` is gone.
    pub(crate) fn lose(&self, node: NodeId) -> Option<Arc<Footage>> {
        self.peers.lock().unwrap().remove(&node)
    }

    async fn answer(&self, node: NodeId) -> Result<Arc<Footage>, ElsewhereError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let peer = self.peers.lock().unwrap().get(&node).cloned();
        let manner = {
            let mut manner = self.manner.lock().unwrap();
            if let Manner::Busy(left) = &mut *manner {
                match left.checked_sub(1) {
                    Some(fewer) => *left = fewer,
                    None => *manner = Manner::Honest,
                }
            }
            *manner
        };
        match (manner, peer) {
            (Manner::Busy(_), _) => Err(ElsewhereError::TooSlow),
            (Manner::Stopped, _) => std::future::pending().await,
            (Manner::Gone, _) | (_, None) => Err(ElsewhereError::Silent(None)),
            (_, Some(peer)) => Ok(peer),
        }
    }

    fn spoil(&self, bytes: &Bytes) -> Bytes {
        let mut spoilt = bytes.to_vec();
        match *self.manner.lock().unwrap() {
            Manner::Garbles => *spoilt.last_mut().unwrap() ^= 1,
            Manner::Halves => spoilt.truncate(bytes.len() / 2),
            _ => {}
        }
        spoilt.into()
    }
}

fn told(error: FootageError) -> ElsewhereError {
    match error {
        FootageError::Lost(_) => ElsewhereError::Lost,
        error if error.is_damage() => ElsewhereError::Damaged,
        error => ElsewhereError::Refused(error.to_string()),
    }
}

impl Elsewhere for Wire {
    fn recorders(&self, _: &TenantId, _: CameraId) -> Vec<NodeId> {
        self.peers.lock().unwrap().keys().copied().collect()
    }

    fn alive(&self, node: NodeId) -> bool {
        let manner = *self.manner.lock().unwrap();
        !matches!(manner, Manner::Stopped | Manner::Gone) && self.peers.lock().unwrap().contains_key(&node)
    }

    fn reach(&self, node: NodeId) -> BoxFuture<'_, Result<(), ElsewhereError>> {
        async move { self.answer(node).await.map(drop) }.boxed()
    }

    fn tails(&self, node: NodeId, _: &TenantId, _: CameraId) -> BoxFuture<'_, Result<Vec<OpenTail>, ElsewhereError>> {
        async move { self.answer(node).await.map(|_| self.tails.lock().unwrap().clone()) }.boxed()
    }

    fn head(&self, node: NodeId, segment: SegmentName) -> BoxFuture<'_, Result<Bytes, ElsewhereError>> {
        self.heads.fetch_add(1, Ordering::SeqCst);
        async move { Ok(self.spoil(&self.answer(node).await?.stored_head(&segment).await.map_err(told)?)) }.boxed()
    }

    fn fragment(
        &self,
        node: NodeId,
        segment: SegmentName,
        place: StoredPlace,
    ) -> BoxFuture<'_, Result<Bytes, ElsewhereError>> {
        self.fragments.fetch_add(1, Ordering::SeqCst);
        let read = async move {
            let peer = self.answer(node).await?;
            Ok(self.spoil(&peer.stored_fragment(&segment, place).await.map_err(told)?))
        };
        read.boxed()
    }
}

impl Member {
    pub(crate) fn knows(&self, other: &Self) {
        self.wire.peers.lock().unwrap().insert(other.node, Arc::clone(&other.footage));
    }

    pub(crate) fn meets(&self, manner: Manner) {
        *self.wire.manner.lock().unwrap() = manner;
    }
}

impl Cell {
    pub(crate) async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = StoreConfig::Sqlite { path: directory.path().join("eyrie.db") };
        let store = Arc::new(Store::open(config, Arc::new(SystemClock::new())).await.unwrap());
        let tenant_key = ring().new_tenant_key(&TenantId::default_tenant()).unwrap();
        Self { store, camera: CameraId::generate(), tenant_key, directory }
    }

    pub(crate) fn member(&self, name: &str) -> Member {
        let (node, disk) = (NodeId::generate(), open(&self.directory.path().join(name)));
        let keys = Arc::new(ring());
        keys.add(&self.tenant_key).unwrap();
        let spool = KeySpool::open(&self.directory.path().join(format!("{name}.keys"))).unwrap();
        let rows = Arc::new(KeyRows::new(Arc::clone(&self.store), spool));
        let wire = Arc::new(Wire {
            peers: Mutex::default(),
            manner: Mutex::new(Manner::Honest),
            fragments: AtomicUsize::new(0),
            heads: AtomicUsize::new(0),
            asked: AtomicUsize::new(0),
            tails: Mutex::default(),
        });
        let store = Arc::clone(&self.store);
        let disks = std::slice::from_ref(&disk);
        let clock = ManualClock::at(start());
        let (kept, told) = (Arc::clone(&keys), Arc::new(clock.clone()));
        let footage = Footage::new(node, store, kept, Arc::clone(&rows), disks, told);
        footage.reach_through(Arc::clone(&wire) as Arc<dyn Elsewhere>);
        Member { node, disk, footage: Arc::new(footage), keys, rows, wire, clock }
    }

    /// Two nodes, the first of which knows the other.
    pub(crate) async fn pair(&self) -> (Member, Member) {
        let (a, b) = (self.member("a"), self.member("b"));
        a.knows(&b);
        b.knows(&a);
        (a, b)
    }

    /// Records the moments `numbers` (one keyframe and second each) under `slot`, sealed, by a clock that is `ahead_us` ahead.
    pub(crate) async fn record(
        &self,
        member: &Member,
        slot: u8,
        numbers: std::ops::Range<u32>,
        ahead_us: i64,
    ) -> SegmentRow {
        let tenant = TenantId::default_tenant();
        let id = SegmentId::generate();
        let (key, key_row) = member.keys.new_segment_key(&tenant, id).unwrap();
        member.rows.put(&key_row).await.unwrap();
        let key_id = key.id();
        let mut new: NewSegment = segment(Some(key));
        (new.placement.camera, new.placement.slot) = (self.camera, Slot(slot));
        (new.placement.epoch, new.segment) = (Epoch::from_u64(7 + u64::from(slot)).unwrap(), id);
        new.start = at(numbers.start, ahead_us);
        let (placement, begins) = (new.placement.clone(), new.start);
        let mut writer = member.disk.create(new).await.unwrap();
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
            placement,
            segment: id,
            node: member.node,
            state: SegmentState::Closed,
            start: begins,
            end: at(numbers.end, ahead_us),
            runs: vec![TimeRange { start: begins, end: at(numbers.end, ahead_us) }],
            fragments: closed.fragments,
            bytes: closed.bytes,
            key: Some(key_id),
            merkle_root: Some(closed.merkle_root),
        };
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

fn ring() -> KeyRing {
    KeyRing::new(MasterKey::from_bytes(&[1; 32]), &[]).unwrap()
}

pub(crate) fn at(number: u32, ahead_us: i64) -> WallTime {
    start().offset_us(i64::from(number) * 1_000_000 + ahead_us)
}

fn hash(number: u32) -> [u8; 16] {
    u128::from(number + 1).to_be_bytes()
}

/// The moments of pieces, each with its slot.
pub(crate) fn shown(pieces: &[eyrie_storage::footage::FootagePiece]) -> Vec<(u8, u128)> {
    let moment = |entry: &FragmentEntry| u128::from_be_bytes(entry.keyframe_hash) - 1;
    pieces
        .iter()
        .flat_map(|piece| piece.entries.iter().map(|entry| (piece.row.placement.slot.0, moment(entry))))
        .collect()
}

pub(crate) fn seconds(numbers: std::ops::Range<u128>, slot: u8) -> impl Iterator<Item = (u8, u128)> {
    numbers.map(move |number| (slot, number))
}

pub(crate) fn from_elsewhere(error: &FootageError) -> Option<&ElsewhereError> {
    match error {
        FootageError::Elsewhere { source, .. } => Some(source),
        _ => None,
    }
}

#[tokio::test]
async fn owner_and_twin_are_one_recording_that_either_node_reads() {
    let cell = Cell::start().await;
    let (a, b) = cell.pair().await;
    // The owner died after 30 s; the twin, whose clock is 1.4 s ahead, began at 10 s and missed nothing since.
    let owner = cell.record(&a, 0, 0..30, 0).await;
    cell.record(&b, 1, 10..60, 1_400_000).await;
    let tenant = TenantId::default_tenant();
    let whole = TimeRange { start: at(0, 0), end: at(70, 0) };
    let expected: Vec<_> = seconds(0..30, 0).chain(seconds(30..60, 1)).collect();
    for member in [&a, &b] {
        let found = member.footage.pieces(&tenant, cell.camera, whole, &[]).await.unwrap();
        assert_eq!((shown(&found.pieces), found.silent), (expected.clone(), BTreeSet::new()));
        assert_eq!(found.pieces.iter().map(|piece| piece.row.node).collect::<Vec<_>>(), [a.node, b.node]);
        let piece = &found.pieces[1];
        // All that is read of a segment that lies elsewhere is what its own node reads.
        for entry in &piece.entries {
            let read = member.footage.fragment(&piece.row, entry).await.unwrap();
            assert_eq!(read, b.footage.fragment(&piece.row, entry).await.unwrap());
            let (begins, length) = member.footage.fragment_start(&piece.row, entry).await.unwrap();
            assert_eq!((begins, length as usize), (read.clone(), read.len()));
        }
        let head = member.footage.head(&piece.row).await.unwrap();
        assert_eq!(head.init, b.footage.init(&piece.row).await.unwrap());
        assert_eq!(head.bytes.is_some(), member.node == b.node);
    }
    assert_eq!(a.wire.fragments.load(Ordering::SeqCst), 60, "one question a read");
    assert_eq!(a.wire.heads.load(Ordering::SeqCst), 1, "a file is opened once");
    // A part of it: how the clocks differ is told by what lies beside the range.
    let part = TimeRange { start: at(29, 500_000), end: at(33, 0) };
    let found = b.footage.pieces(&tenant, cell.camera, part, &[]).await.unwrap();
    assert_eq!(shown(&found.pieces), [(0, 29), (1, 30), (1, 31)]);
    // What is damaged in the owner's is shown from the twin's, from its GOP on.
    let table = cell.store.fragments(&tenant, cell.camera, owner.segment).await.unwrap();
    cell.damage(&owner, &table[20]).await;
    let found = a.footage.pieces(&tenant, cell.camera, whole, &[]).await.unwrap();
    let expected: Vec<_> = seconds(0..20, 0).chain(seconds(20..60, 1)).collect();
    assert_eq!(shown(&found.pieces), expected);
    // And the ledger misses nothing of it: the twin has it.
    let rows = cell.store.ledger_rows(&tenant, cell.camera, a.node, whole).await.unwrap();
    let ledger = Ledger::of(&rows, whole, at(100, 0));
    let kept: Vec<_> = ledger.spans.iter().map(|span| (span.start, span.end)).collect();
    assert_eq!((kept.first().unwrap().0, kept.last().unwrap().1), (at(0, 0), at(60, 1_400_000)));
    assert!(kept.windows(2).all(|pair| pair[0].1 == pair[1].0), "{kept:?}");
}

#[tokio::test]
async fn what_a_silent_node_holds_comes_from_the_twin_or_is_out_of_reach_until_it_answers() {
    let cell = Cell::start().await;
    let (a, b) = cell.pair().await;
    cell.record(&a, 0, 0..30, 0).await;
    cell.record(&b, 1, 10..60, 0).await;
    let tenant = TenantId::default_tenant();
    let whole = TimeRange { start: at(0, 0), end: at(70, 0) };
    let expected: Vec<_> = seconds(0..30, 0).chain(seconds(30..60, 1)).collect();
    for manner in [Manner::Stopped, Manner::Gone] {
        b.meets(manner);
        let asked = tokio::time::Instant::now();
        let found = b.footage.pieces(&tenant, cell.camera, whole, &[]).await.unwrap();
        assert!(asked.elapsed() < REACH_WITHIN * 4, "{:?}", asked.elapsed());
        assert_eq!(shown(&found.pieces), seconds(10..60, 1).collect::<Vec<_>>(), "{manner:?}: what its twin has");
        assert_eq!(found.silent, BTreeSet::from([a.node]));
        let questions = b.wire.asked.load(Ordering::SeqCst);
        b.footage.pieces(&tenant, cell.camera, whole, &[]).await.unwrap();
        assert!(b.footage.tails_elsewhere(&tenant, cell.camera).await.is_empty());
        assert_eq!(b.wire.asked.load(Ordering::SeqCst), questions, "it is not asked again for a while");
        // Somebody who looks, does not see it missing for good.
        let rows = cell.store.ledger_rows(&tenant, cell.camera, b.node, whole).await.unwrap();
        assert_eq!(b.footage.silent(&rows.segments, &rows.copies, whole).await, found.silent);
        assert_eq!(cell.store.damage(&tenant, cell.camera, whole).await.unwrap(), []);
        b.meets(Manner::Honest);
        b.clock.advance(Duration::from_secs(4));
        let found = b.footage.pieces(&tenant, cell.camera, whole, &[]).await.unwrap();
        assert_eq!((shown(&found.pieces), found.silent), (expected.clone(), BTreeSet::new()));
        b.clock.advance(Duration::from_secs(4));
    }
}

#[tokio::test]
async fn a_busy_node_is_not_given_up_where_nobody_else_has_what_it_holds_and_nobody_waits_for_it_otherwise() {
    let cell = Cell::start().await;
    let (a, b) = cell.pair().await;
    let c = cell.member("c");
    c.knows(&a);
    cell.record(&a, 0, 0..30, 0).await;
    let tenant = TenantId::default_tenant();
    let whole = TimeRange { start: at(0, 0), end: at(30, 0) };
    // Its twin has died, and it is too slow for the first questions.
    cell.record(&b, 1, 0..30, 0).await;
    c.meets(Manner::Busy(5));
    assert!(c.footage.tails_elsewhere(&tenant, cell.camera).await.is_empty(), "it was too slow");
    let found = c.footage.pieces(&tenant, cell.camera, whole, &[]).await.unwrap();
    assert_eq!((shown(&found.pieces), found.silent), (seconds(0..30, 0).collect(), BTreeSet::from([b.node])));
    // One that has what others have, too, is not waited for.
    c.knows(&b);
    c.meets(Manner::Honest);
    c.clock.advance(Duration::from_secs(10));
    b.wire.lose(a.node);
    let questions = b.wire.asked.load(Ordering::SeqCst);
    let found = b.footage.pieces(&tenant, cell.camera, whole, &[]).await.unwrap();
    assert_eq!((shown(&found.pieces), found.silent), (seconds(0..30, 1).collect(), BTreeSet::from([a.node])));
    assert_eq!(b.wire.asked.load(Ordering::SeqCst), questions + 1);
}

#[tokio::test]
async fn a_node_that_dies_in_the_middle_costs_its_own_pieces_and_a_second_look_finds_the_twins() {
    let cell = Cell::start().await;
    let (a, b) = cell.pair().await;
    let owner = cell.record(&a, 0, 0..30, 0).await;
    cell.record(&b, 1, 0..30, 0).await;
    let tenant = TenantId::default_tenant();
    let whole = TimeRange { start: at(0, 0), end: at(30, 0) };
    let table = cell.store.fragments(&tenant, cell.camera, owner.segment).await.unwrap();
    let found = b.footage.pieces(&tenant, cell.camera, whole, &[]).await.unwrap();
    assert_eq!(shown(&found.pieces), seconds(0..30, 0).collect::<Vec<_>>());
    b.footage.fragment(&owner, &table[0]).await.unwrap();
    b.meets(Manner::Gone);
    let error = b.footage.fragment(&owner, &table[1]).await.unwrap_err();
    assert!(error.is_silence() && !error.is_damage(), "{error}");
    let found = b.footage.pieces(&tenant, cell.camera, whole, &[]).await.unwrap();
    assert_eq!(shown(&found.pieces), seconds(0..30, 1).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_a_peer_garbles_or_halves_is_refused_and_nobodys_damage() {
    let cell = Cell::start().await;
    let (a, b) = cell.pair().await;
    let (own, other) = (cell.record(&a, 0, 0..5, 0).await, cell.record(&b, 1, 0..5, 0).await);
    let tenant = TenantId::default_tenant();
    let table = cell.store.fragments(&tenant, cell.camera, other.segment).await.unwrap();
    let garbage = |error: &FootageError| matches!(from_elsewhere(error), Some(ElsewhereError::Garbage(_)));
    for manner in [Manner::Garbles, Manner::Halves] {
        a.meets(manner);
        let error = a.footage.init(&other).await.unwrap_err();
        assert!(garbage(&error), "{manner:?}: {error:?}");
        a.meets(Manner::Honest);
        a.footage.init(&other).await.unwrap();
        a.meets(manner);
        for error in [
            a.footage.fragment(&other, &table[0]).await.unwrap_err(),
            a.footage.fragment_start(&other, &table[0]).await.unwrap_err(),
        ] {
            assert!(garbage(&error) && !error.is_damage() && !error.is_silence(), "{manner:?}: {error:?}");
        }
        // The node answers; what it answers is all that is wrong.
        a.meets(Manner::Honest);
        assert!(a.footage.fragment(&other, &table[0]).await.is_ok());
        a.footage.forget(other.segment);
    }
    let whole = TimeRange { start: at(0, 0), end: at(10, 0) };
    assert_eq!(cell.store.damage(&tenant, cell.camera, whole).await.unwrap(), []);
    // A file of its own that is gone is lost, as ever; and it has nothing to hand over.
    std::fs::remove_dir_all(cell.directory.path().join("a").join(tenant.as_str())).unwrap();
    assert!(matches!(a.footage.init(&own).await, Err(FootageError::Lost(segment)) if segment == own.segment));
    let error = b.footage.init(&own).await.unwrap_err();
    assert!(matches!(from_elsewhere(&error), Some(ElsewhereError::Lost)), "{error:?}");
}

#[tokio::test]
async fn damage_of_a_file_is_booked_by_the_node_that_has_it() {
    let cell = Cell::start().await;
    let (a, b) = cell.pair().await;
    let owner = cell.record(&a, 0, 0..5, 0).await;
    let tenant = TenantId::default_tenant();
    let whole = TimeRange { start: at(0, 0), end: at(10, 0) };
    let table = cell.store.fragments(&tenant, cell.camera, owner.segment).await.unwrap();
    let file = eyrie_storage::segment::walk(cell.directory.path().join("a")).next().unwrap().unwrap().path;
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[(table[2].offset + u64::from(table[2].length)) as usize - 1] ^= 1;
    std::fs::write(&file, &bytes).unwrap();
    let error = b.footage.fragment(&owner, &table[2]).await.unwrap_err();
    assert!(matches!(from_elsewhere(&error), Some(ElsewhereError::Damaged)), "{error:?}");
    let damage = cell.store.damage(&tenant, cell.camera, whole).await.unwrap();
    assert_eq!(
        damage.iter().map(|damage| (damage.start, damage.end)).collect::<Vec<_>>(),
        [(at(2, 0), Some(at(3, 0)))]
    );
    let found = b.footage.pieces(&tenant, cell.camera, whole, &[]).await.unwrap();
    assert_eq!(shown(&found.pieces), [(0, 0), (0, 1), (0, 3), (0, 4)]);
    // A question for what is not there books nothing, whatever it says.
    let wrong = StoredPlace { number: 3, offset: table[3].offset + 1, length: table[3].length };
    assert!(a.footage.stored_fragment(&SegmentName::from(&owner), wrong).await.is_err());
    assert_eq!(cell.store.damage(&tenant, cell.camera, whole).await.unwrap(), damage);
    // Nor is another tenant's, camera's or epoch's file found under a name of one's own.
    let mut foreign = SegmentName::from(&owner);
    foreign.placement.tenant = "acme".parse().unwrap();
    assert!(matches!(a.footage.stored_head(&foreign).await, Err(FootageError::Lost(_))));
    let mut foreign = SegmentName::from(&owner);
    foreign.placement.camera = CameraId::generate();
    assert!(matches!(a.footage.stored_head(&foreign).await, Err(FootageError::Lost(_))));
}

#[tokio::test]
async fn a_file_elsewhere_whose_key_was_shredded_is_not_opened_any_more_within_seconds() {
    let cell = Cell::start().await;
    let (a, b) = cell.pair().await;
    let owner = cell.record(&a, 0, 0..5, 0).await;
    let tenant = TenantId::default_tenant();
    let table = cell.store.fragments(&tenant, cell.camera, owner.segment).await.unwrap();
    b.footage.fragment(&owner, &table[0]).await.unwrap();
    assert!(cell.store.shred_key(&tenant, owner.key.unwrap()).await.unwrap());
    b.clock.advance(Duration::from_secs(5));
    let error = b.footage.fragment(&owner, &table[0]).await.unwrap_err();
    assert!(matches!(error, FootageError::KeyGone(_)), "{error:?}");
}

#[tokio::test]
async fn what_another_node_has_not_told_the_index_yet_is_asked_of_it() {
    let cell = Cell::start().await;
    let (a, b) = cell.pair().await;
    let row = cell.record(&a, 0, 0..5, 0).await;
    let tenant = TenantId::default_tenant();
    let tail = OpenTail { row: row.clone(), entries: Vec::new() };
    let foreign = SegmentRow { node: NodeId::generate(), ..row.clone() };
    let mut other = row.clone();
    other.placement.tenant = "acme".parse().unwrap();
    let lies = [foreign, other].map(|row| OpenTail { row, entries: Vec::new() });
    *b.wire.tails.lock().unwrap() = [vec![tail.clone()], lies.to_vec()].concat();
    assert_eq!(b.footage.tails_elsewhere(&tenant, cell.camera).await, [tail], "what is not its own is not believed");
}
