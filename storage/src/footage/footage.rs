use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use eyrie_types::{
    CameraId, Clock, FragmentEntry, GapCause, Incident, Monotonic, NodeId, SegmentId, SegmentRow, SegmentState,
    TenantId, TimeRange, WallTime,
};
use tokio::sync::Semaphore;

use super::alignment::SEARCH;
use super::holders::{Asking, COPIES_KNOWN_MAX, Holder};
use super::neighbours::Neighbours;
use super::opened::{LastRead, OpenedSegment, Source};
use super::piece::within;
use super::tracks::{TrackRow, merged};
use super::{Elsewhere, FootageError, FootagePiece, OpenTail, SegmentRef};
use crate::disk::Disk;
use crate::keys::{KeyRing, KeyRows};
use crate::ledger::{GAP_MIN, joined};
use crate::segment::{FRAGMENT_START_BYTES, SegmentOpener, SegmentReader};
use crate::store::{SecondCopy, Store};

/// Segments kept at hand: a file descriptor or an init segment, and up to 500 kB of table each. Players move on within a segment
/// for an hour, so this serves some hundred of them that watch different hours.
pub const OPENED_SEGMENTS_MAX: NonZeroUsize = NonZeroUsize::new(128).expect("not zero");
/// Init segments of other nodes' files that are kept beyond that: a few kB each.
const INITS_MAX: NonZeroUsize = NonZeroUsize::new(1024).expect("not zero");
/// Segments of which it is remembered that a node sent garbage: what a day of playback touches.
const GARBLED_MAX: NonZeroUsize = NonZeroUsize::new(1024).expect("not zero");
/// Tails of other nodes that are remembered: some 15 kB each.
const TAILS_HEARD_MAX: NonZeroUsize = NonZeroUsize::new(256).expect("not zero");
/// Reads from disks at one time, of one fragment each, for this node's clients and for other nodes: enough to keep a disk busy, few
/// enough that recorders, which share it, are not kept waiting.
pub const READS_MAX: usize = 8;

/// What one node alone has at the beginning or end of a recording, and two clocks may account for.
const EDGE_MAX: Duration = Duration::from_secs(5);

/// What the file of a segment begins with, and how long it is.
#[derive(Debug, Clone)]
pub struct FootageHead {
    /// `ftyp` and `moov`.
    pub init: Bytes,
    /// Bytes of the file right now; `None` for another node's, which sees to its files itself.
    pub bytes: Option<u64>,
}

/// What was recorded in a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FootageFound {
    /// What can be read, in order of time.
    pub pieces: Vec<FootagePiece>,
    /// Nodes that recorded more of the range and do not answer now.
    pub silent: BTreeSet<NodeId>,
}

/// Whether `damage` was found in `entry` of `row`.
fn damages(damage: &Incident, row: &SegmentRow, entry: &FragmentEntry) -> bool {
    let same = (damage.slot, damage.epoch) == (row.placement.slot, row.placement.epoch);
    // Its middle decides: times of neighbours may overlap by a few microseconds, where the camera's clock was followed.
    let middle = entry.start.offset_us(entry.duration_us as i64 / 2);
    same && damage.start <= middle && damage.end.is_none_or(|end| middle < end)
}

/// The recordings of the cell, for reading: what lies on this node's disks, and what other nodes hand over.
pub struct Footage {
    pub(super) node: NodeId,
    pub(super) store: Arc<Store>,
    pub(super) keys: Arc<KeyRing>,
    pub(super) key_rows: Arc<KeyRows>,
    pub(super) clock: Arc<dyn Clock>,
    /// The recordings directories by their names.
    pub(super) roots: Vec<(String, PathBuf)>,
    pub(super) opened: LastRead<(SegmentId, Holder), Arc<OpenedSegment>>,
    /// Files that other nodes read, opened without any key; of what was recorded here, or a second copy.
    pub(super) handed_over: LastRead<(SegmentId, bool), Arc<SegmentReader>>,
    /// Who keeps copies of a segment, and when that was looked up.
    pub(super) copies_known: LastRead<SegmentId, (Monotonic, Arc<[SecondCopy]>)>,
    /// Init segments of other nodes' files, for whoever was promised more of them.
    pub(super) inits: LastRead<SegmentId, Bytes>,
    /// What other nodes last said to be durable there and not in the index yet: when one dies, nobody else knows.
    tails_heard: LastRead<SegmentId, Arc<OpenTail>>,
    /// Of which segment a node last sent garbage when.
    pub(super) garbled: LastRead<(SegmentId, NodeId), Monotonic>,
    pub(super) reads: Arc<Semaphore>,
    pub(super) neighbours: Neighbours,
}

impl Footage {
    /// Reads what lies on `disks` of `node`; of other nodes once [`Footage::reach_through`] says how.
    pub fn new(
        node: NodeId,
        store: Arc<Store>,
        keys: Arc<KeyRing>,
        key_rows: Arc<KeyRows>,
        disks: &[Disk],
        clock: Arc<dyn Clock>,
    ) -> Self {
        let roots = disks.iter().map(|disk| (disk.config().name.clone(), disk.config().root.clone())).collect();
        let opened = LastRead::new(OPENED_SEGMENTS_MAX, "eyrie_footage_opened_segments");
        let handed_over = LastRead::new(OPENED_SEGMENTS_MAX, "eyrie_footage_handed_over_segments");
        let copies_known = LastRead::new(COPIES_KNOWN_MAX, "eyrie_footage_copies_known");
        let inits = LastRead::new(INITS_MAX, "eyrie_footage_inits_kept");
        let garbled = LastRead::new(GARBLED_MAX, "eyrie_footage_garbled_segments");
        let tails_heard = LastRead::new(TAILS_HEARD_MAX, "eyrie_footage_tails_heard");
        let (reads, neighbours) = (Arc::new(Semaphore::new(READS_MAX)), Neighbours::new(Arc::clone(&clock)));
        Self {
            node,
            store,
            keys,
            key_rows,
            clock,
            roots,
            opened,
            handed_over,
            copies_known,
            inits,
            tails_heard,
            garbled,
            reads,
            neighbours,
        }
    }

    /// How other nodes are asked from now on. Until then, none answers.
    pub fn reach_through(&self, elsewhere: Arc<dyn Elsewhere>) {
        self.neighbours.reach_through(elsewhere);
    }

    /// What is durable of `range` in the cell: from the fragment on at which decoding can start. Several recordings of the camera
    /// (owner and twin, an old owner and the new one) are read as one: nothing twice, and what one lacks another fills, from a
    /// keyframe on. `tail` is what the index does not know yet. What was found damaged is left out, and so is what lies on nodes
    /// that do not answer.
    ///
    /// # Errors
    /// When the index does not answer, or the range holds more than it answers at once.
    pub async fn pieces(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        range: TimeRange,
        tail: &[OpenTail],
    ) -> Result<FootageFound, FootageError> {
        let mut rows = self.rows(tenant, camera, range, tail).await?;
        // How clocks of two nodes differ is told by what both recorded, also right before the range and behind it.
        let several = rows.iter().any(|row| Some(row.node) != rows.first().map(|row| row.node));
        let wide = TimeRange { start: range.start - SEARCH, end: range.end + SEARCH };
        let asked = if several { wide } else { range };
        if several {
            rows = self.rows(tenant, camera, wide, tail).await?;
        }
        let mut copies = self.store.second_copies(tenant, camera, asked).await?;
        let silent = self.silent(&rows, &copies, range).await;
        copies.retain(|copy| !silent.contains(&copy.node) && !self.is_garbled(copy.segment, copy.node));
        rows.retain(|row| !silent.contains(&row.node) || copies.iter().any(|copy| copy.segment == row.segment));
        let damage = self.store.damage(tenant, camera, asked).await?;
        let mut read = Vec::with_capacity(rows.len());
        for row in rows {
            let table = self.table(&row, tail).await?;
            let mut entries = within(&table, asked);
            let copies: Vec<_> = copies.iter().filter(|copy| copy.segment == row.segment).collect();
            let answers = !silent.contains(&row.node);
            entries.retain(|entry| {
                let sound = answers && !damage.iter().any(|damage| damages(damage, &row, entry));
                sound || copies.iter().any(|copy| copy.holds(entry.number))
            });
            read.push(TrackRow { row, entries });
        }
        self.prefer_sound(&mut read, &copies);
        Ok(FootageFound { pieces: merged(read, range), silent })
    }

    /// Takes out of `read` what its node sent garbage of, wherever another recording has the same time. Where none has, whoever
    /// asks for it hears what is wrong.
    fn prefer_sound(&self, read: &mut [TrackRow], copies: &[SecondCopy]) {
        let (bad, sound): (Vec<_>, Vec<_>) = read.iter_mut().partition(|track| self.recorder_garbles(&track.row));
        let mut runs: Vec<TimeRange> = Vec::new();
        for entry in sound.iter().flat_map(|track| &track.entries) {
            match runs.last_mut() {
                Some(last) if last.start <= entry.start && entry.start <= last.end => {
                    last.end = last.end.max(entry.end())
                }
                _ => runs.push(TimeRange { start: entry.start, end: entry.end() }),
            }
        }
        for track in bad {
            let copies: Vec<_> = copies.iter().filter(|copy| copy.segment == track.row.segment).collect();
            track.entries.retain(|entry| {
                let middle = entry.start.offset_us(i64::from(entry.duration_us / 2));
                let copied = copies.iter().any(|copy| copy.holds(entry.number));
                copied || !runs.iter().any(|run| run.start <= middle && middle < run.end)
            });
        }
    }

    /// The nodes that hold any of `rows` or `copies` and do not answer now: what lies on them is out of reach. Where nobody who
    /// answers has the same of `range`, a node is not given up for one question that it was too slow for.
    pub async fn silent(&self, rows: &[SegmentRow], copies: &[SecondCopy], range: TimeRange) -> BTreeSet<NodeId> {
        let runs = || {
            let recorded = rows.iter().map(|row| (row.node, &row.runs));
            recorded.chain(copies.iter().map(|copy| (copy.node, &copy.runs)))
        };
        let silent = self.silent_of(runs().map(|(node, _)| node).collect()).await;
        if silent.is_empty() {
            return silent;
        }
        let of = |away: bool| {
            let runs = runs().filter(|(node, _)| silent.contains(node) == away);
            let runs = runs.flat_map(|(_, runs)| runs.iter().filter_map(|run| run.intersect(&range)));
            joined(runs.collect(), GAP_MIN)
        };
        let there = of(false);
        // Clocks of nodes differ: edges say nothing.
        let lacks = |run: &TimeRange| run.subtract(&there).iter().any(|left| left.duration() > EDGE_MAX);
        if !of(true).iter().any(lacks) {
            return silent;
        }
        self.neighbours.silent_after_all(silent).await
    }

    /// Those of `nodes` that do not answer now.
    pub async fn silent_of(&self, mut nodes: BTreeSet<NodeId>) -> BTreeSet<NodeId> {
        nodes.remove(&self.node);
        self.neighbours.silent(nodes).await
    }

    /// What of a camera is durable at the other nodes that record it and may not be in the index yet: rows that replace those of
    /// the same segment. Ask before the index, or what passes from there to here meanwhile is missed. What does not answer in
    /// time says nothing.
    pub async fn tails_elsewhere(&self, tenant: &TenantId, camera: CameraId) -> Vec<OpenTail> {
        let tails = self.neighbours.tails(tenant, camera).await;
        for tail in &tails {
            self.tails_heard.put(tail.row.segment, Arc::new(tail.clone()));
        }
        tails
    }

    /// The segments that overlap `range`, in order of time, with those that the index does not know yet.
    async fn rows(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        range: TimeRange,
        tail: &[OpenTail],
    ) -> Result<Vec<SegmentRow>, FootageError> {
        let mut rows = self.store.segments(tenant, camera, range).await?;
        for open in tail.iter().filter(|open| open.row.start < range.end && open.row.end > range.start) {
            rows.retain(|row| row.segment != open.row.segment);
            rows.push(open.row.clone());
        }
        rows.sort_by_key(|row| (row.start, row.placement.slot, row.placement.epoch));
        Ok(rows)
    }

    /// A segment by name, with its whole table.
    ///
    /// # Errors
    /// [`FootageError::UnknownSegment`], or when the index does not answer.
    pub async fn segment(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        name: SegmentRef,
        tail: &[OpenTail],
    ) -> Result<FootagePiece, FootageError> {
        let open = tail.iter().find(|open| open.row.segment == name.segment).map(|open| open.row.clone());
        // What its node said of it before it died; a deleted segment is not brought back by it.
        let of_camera = |heard: &Arc<OpenTail>| {
            let placement = &heard.row.placement;
            (&placement.tenant, placement.camera, heard.row.start) == (tenant, camera, name.start)
        };
        let heard = self.tails_heard.get(&name.segment).filter(of_camera);
        let row = match open {
            Some(row) => row,
            None => {
                let moment = TimeRange { start: name.start, end: name.start.offset_us(1) };
                let rows = self.store.segments(tenant, camera, moment).await?;
                let row = rows.into_iter().find(|row| row.segment == name.segment);
                row.ok_or(FootageError::UnknownSegment)?
            }
        };
        let mut entries = self.table(&row, tail).await?.to_vec();
        if let Some(heard) = heard {
            heard.complete(&mut entries);
        }
        Ok(FootagePiece { row, entries })
    }

    /// The init segment: `ftyp` and `moov`, from whoever holds it.
    ///
    /// # Errors
    /// See [`FootageError`].
    pub async fn init(&self, row: &SegmentRow) -> Result<Bytes, FootageError> {
        let mut asking = Asking::default();
        while let Some(holder) = self.next_holder(row, None, &mut asking).await? {
            match self.init_at(row, holder).await {
                Ok(init) => return Ok(init),
                Err(error) => asking.failed(error)?,
            }
        }
        Err(asking.end(row.segment))
    }

    async fn init_at(&self, row: &SegmentRow, holder: Holder) -> Result<Bytes, FootageError> {
        match &self.opened(row, holder).await?.source {
            Source::Here(reader) => self.read(row, holder, reader, |reader| reader.init()).await,
            Source::There(file) => Ok(file.init.clone()),
        }
    }

    /// The plaintext of a fragment, `moof` and `mdat`, verified, from whoever holds it.
    ///
    /// # Errors
    /// See [`FootageError`]. A damaged fragment says nothing about those beside it.
    pub async fn fragment(&self, row: &SegmentRow, entry: &FragmentEntry) -> Result<Bytes, FootageError> {
        let mut asking = Asking::default();
        while let Some(holder) = self.next_holder(row, Some(entry.number), &mut asking).await? {
            match self.fragment_at(row, entry, holder).await {
                Ok(fragment) => return Ok(fragment),
                Err(error) => asking.failed(error)?,
            }
        }
        Err(asking.end(row.segment))
    }

    async fn fragment_at(
        &self,
        row: &SegmentRow,
        entry: &FragmentEntry,
        holder: Holder,
    ) -> Result<Bytes, FootageError> {
        let asked = *entry;
        match &self.opened(row, holder).await?.source {
            Source::Here(reader) => {
                let read = self.read(row, holder, reader, move |reader| reader.fragment(&asked)).await;
                if holder.copy { read } else { self.booked(row, entry, read).await }
            }
            Source::There(file) => {
                self.fetch((row, holder.node), file, entry, entry.length, SegmentOpener::fragment).await
            }
        }
    }

    /// `read`, with damage booked.
    async fn booked<T>(
        &self,
        row: &SegmentRow,
        entry: &FragmentEntry,
        read: Result<T, FootageError>,
    ) -> Result<T, FootageError> {
        if let Err(error) = &read
            && error.is_damage()
        {
            self.note_damage(row, entry.start, entry.end(), error).await;
        }
        read
    }

    /// Init segment and length of a segment's file, before anything is promised of it. A file that was deleted while it was at
    /// hand counts as lost.
    ///
    /// # Errors
    /// See [`FootageError`].
    pub async fn head(&self, row: &SegmentRow) -> Result<FootageHead, FootageError> {
        let mut asking = Asking::default();
        while let Some(holder) = self.next_holder(row, None, &mut asking).await? {
            match self.head_at(row, holder).await {
                Ok(head) => return Ok(head),
                Err(error) => asking.failed(error)?,
            }
        }
        Err(asking.end(row.segment))
    }

    async fn head_at(&self, row: &SegmentRow, holder: Holder) -> Result<FootageHead, FootageError> {
        let reader = match &self.opened(row, holder).await?.source {
            Source::Here(reader) => Arc::clone(reader),
            Source::There(file) => return Ok(FootageHead { init: file.init.clone(), bytes: None }),
        };
        let head = self.read(row, holder, &reader, move |reader| {
            // A copy has holes; how long it is says nothing.
            let (init, bytes) = (reader.init()?, (!holder.copy).then(|| reader.bytes()).transpose()?);
            Ok(if reader.is_deleted()? { None } else { Some(FootageHead { init, bytes }) })
        });
        match head.await? {
            Some(head) => Ok(head),
            None => {
                self.opened.forget(&(row.segment, holder));
                Err(FootageError::Lost(row.segment))
            }
        }
    }

    /// Books that the file of `row` ends before `cut`, which the index says are in it. Answers those of them that a copy holds.
    ///
    /// # Errors
    /// When the index does not answer.
    pub async fn cut_short(
        &self,
        row: &SegmentRow,
        cut: Vec<FragmentEntry>,
    ) -> Result<Vec<FragmentEntry>, FootageError> {
        if cut.is_empty() {
            return Ok(cut);
        }
        let copies = self.copies(row).await?;
        let (held, gone): (Vec<_>, Vec<_>) =
            cut.into_iter().partition(|entry| copies.iter().any(|copy| copy.holds(entry.number)));
        if let (Some(first), Some(last)) = (gone.first(), gone.last()) {
            self.note_damage(row, first.start, last.end(), &FootageError::Lost(row.segment)).await;
        }
        Ok(held)
    }

    /// Books that what a segment holds from `start` to `end` is damaged: it is offered to nobody any more, and the ledger says
    /// why it is missing. Where the index does not take it now, the next who reads it comes here again.
    pub async fn note_damage(&self, row: &SegmentRow, start: WallTime, end: WallTime, reason: &FootageError) {
        let (placement, cause) = (&row.placement, GapCause::Damaged);
        tracing::error!(camera = %placement.camera, segment = %row.segment, %start, %end, error = %reason,
            "recorded footage is damaged");
        metrics::counter!("eyrie_footage_damage_total").increment(1);
        let incident = Incident { slot: placement.slot, epoch: placement.epoch, cause, start, end: Some(end) };
        if let Err(error) = self.store.put_incident(&placement.tenant, placement.camera, incident).await {
            tracing::warn!(%error, "damage could not be booked");
        }
    }

    /// The first bytes of a fragment's plaintext, its `moof` among them, and how many it has in all; see
    /// [`SegmentReader::fragment_start`] for what was verified.
    ///
    /// # Errors
    /// See [`FootageError`].
    pub async fn fragment_start(&self, row: &SegmentRow, entry: &FragmentEntry) -> Result<(Bytes, u32), FootageError> {
        let mut asking = Asking::default();
        while let Some(holder) = self.next_holder(row, Some(entry.number), &mut asking).await? {
            match self.fragment_start_at(row, entry, holder).await {
                Ok(start) => return Ok(start),
                Err(error) => asking.failed(error)?,
            }
        }
        Err(asking.end(row.segment))
    }

    async fn fragment_start_at(
        &self,
        row: &SegmentRow,
        entry: &FragmentEntry,
        holder: Holder,
    ) -> Result<(Bytes, u32), FootageError> {
        let asked = *entry;
        match &self.opened(row, holder).await?.source {
            Source::Here(reader) => {
                let read = self.read(row, holder, reader, move |reader| reader.fragment_start(&asked)).await;
                if holder.copy { read } else { self.booked(row, entry, read).await }
            }
            Source::There(file) => {
                let length = entry.length.min(FRAGMENT_START_BYTES);
                self.fetch((row, holder.node), file, entry, length, SegmentOpener::fragment_start).await
            }
        }
    }

    /// Forgets an opened segment, before its file is deleted or after its key was shredded.
    pub fn forget(&self, segment: SegmentId) {
        self.opened.forget_all(|(opened, _)| *opened == segment);
        self.handed_over.forget_all(|(opened, _)| *opened == segment);
        self.copies_known.forget(&segment);
        self.inits.forget(&segment);
        self.tails_heard.forget(&segment);
    }

    /// The table of a segment, from memory once it cannot change any more.
    pub(super) async fn table(
        &self,
        row: &SegmentRow,
        tail: &[OpenTail],
    ) -> Result<Arc<[FragmentEntry]>, FootageError> {
        let key = (row.segment, Holder::recorder(row));
        if let Some(table) = self.opened.get(&key).and_then(|opened| opened.table.clone()) {
            return Ok(table);
        }
        let placement = &row.placement;
        let mut table = self.store.fragments(&placement.tenant, placement.camera, row.segment).await?;
        if let Some(open) = tail.iter().find(|open| open.row.segment == row.segment) {
            open.complete(&mut table);
        }
        let table: Arc<[FragmentEntry]> = table.into();
        // The row of a closed segment may be in the index before the last of its table is.
        if row.state != SegmentState::Open
            && table.len() == row.fragments as usize
            && let Some(opened) = self.opened.get(&key)
        {
            let kept = OpenedSegment { source: opened.source.clone(), table: Some(Arc::clone(&table)) };
            self.opened.put(key, Arc::new(kept));
        }
        Ok(table)
    }
}
