use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use eyrie_types::{
    CameraId, FragmentEntry, GapCause, Incident, NodeId, SegmentId, SegmentRow, SegmentState, TenantId, TimeRange,
    WallTime,
};
use tokio::sync::Semaphore;

use super::alignment::SEARCH;
use super::opened::{OpenedSegment, OpenedSegments};
use super::piece::within;
use super::tracks::{TrackRow, merged};
use super::{FootageError, FootagePiece, OpenTail, SegmentRef};
use crate::disk::Disk;
use crate::keys::{KeyRing, KeyRows, SegmentKey};
use crate::segment::{SegmentPath, SegmentReader};
use crate::store::{Store, StoreError};

/// Segments kept at hand: a file descriptor and up to 500 kB of table each. Players move on within a segment for an hour, so
/// this serves some hundred of them that watch different hours.
pub const OPENED_SEGMENTS_MAX: NonZeroUsize = NonZeroUsize::new(128).expect("not zero");
/// Reads from disks at one time, of one fragment each: enough to keep a disk busy, few enough that recorders, which share it,
/// are not kept waiting.
pub const READS_MAX: usize = 8;

/// What the file of a segment begins with, and how long it is.
#[derive(Debug, Clone)]
pub struct FootageHead {
    /// `ftyp` and `moov`.
    pub init: Bytes,
    /// Bytes of the file right now.
    pub bytes: u64,
}

/// Whose segments a reader wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Those on this node's disks.
    Here,
    /// Those of all nodes.
    Cell,
}

/// Whether `damage` was found in `entry` of `row`.
fn damages(damage: &Incident, row: &SegmentRow, entry: &FragmentEntry) -> bool {
    let same = (damage.slot, damage.epoch) == (row.placement.slot, row.placement.epoch);
    // Its middle decides: times of neighbours may overlap by a few microseconds, where the camera's clock was followed.
    let middle = entry.start.offset_us(entry.duration_us as i64 / 2);
    same && damage.start <= middle && damage.end.is_none_or(|end| middle < end)
}

/// The recordings of a node, for reading.
pub struct Footage {
    node: NodeId,
    store: Arc<Store>,
    keys: Arc<KeyRing>,
    key_rows: Arc<KeyRows>,
    /// The recordings directories by their names.
    roots: Vec<(String, PathBuf)>,
    opened: OpenedSegments,
    reads: Arc<Semaphore>,
}

impl Footage {
    /// Reads what lies on `disks` of `node`.
    pub fn new(node: NodeId, store: Arc<Store>, keys: Arc<KeyRing>, key_rows: Arc<KeyRows>, disks: &[Disk]) -> Self {
        let roots = disks.iter().map(|disk| (disk.config().name.clone(), disk.config().root.clone())).collect();
        let (opened, reads) = (OpenedSegments::new(OPENED_SEGMENTS_MAX), Arc::new(Semaphore::new(READS_MAX)));
        Self { node, store, keys, key_rows, roots, opened, reads }
    }

    /// What is durable of `range` on this node, in order of time: from the fragment on at which decoding can start. Several
    /// recordings of the camera (owner and twin, an old owner and the new one) are read as one: nothing twice, and what one lacks
    /// another fills, from a keyframe on. `tail` is what the index does not know yet. What was found damaged is left out.
    ///
    /// # Errors
    /// When the index does not answer, or the range holds more than it answers at once.
    pub async fn pieces(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        range: TimeRange,
        tail: &[OpenTail],
    ) -> Result<Vec<FootagePiece>, FootageError> {
        self.merged(tenant, camera, range, tail, Scope::Here).await
    }

    /// As [`Footage::pieces`], of all nodes: the rows tell which node holds a piece. Reading one that lies elsewhere answers
    /// [`FootageError::Elsewhere`].
    ///
    /// # Errors
    /// As [`Footage::pieces`].
    pub async fn cell_pieces(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        range: TimeRange,
        tail: &[OpenTail],
    ) -> Result<Vec<FootagePiece>, FootageError> {
        self.merged(tenant, camera, range, tail, Scope::Cell).await
    }

    async fn merged(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        range: TimeRange,
        tail: &[OpenTail],
        scope: Scope,
    ) -> Result<Vec<FootagePiece>, FootageError> {
        let mut rows = self.rows(tenant, camera, range, tail, scope).await?;
        // How clocks of two nodes differ is told by what both recorded, also right before the range and behind it.
        let several = rows.iter().any(|row| Some(row.node) != rows.first().map(|row| row.node));
        let wide = TimeRange { start: range.start - SEARCH, end: range.end + SEARCH };
        let asked = if several { wide } else { range };
        if several {
            rows = self.rows(tenant, camera, wide, tail, scope).await?;
        }
        let damage = self.store.damage(tenant, camera, asked).await?;
        let mut read = Vec::with_capacity(rows.len());
        for row in rows {
            let table = self.table(&row, tail).await?;
            let mut entries = within(&table, asked);
            entries.retain(|entry| !damage.iter().any(|damage| damages(damage, &row, entry)));
            read.push(TrackRow { row, entries });
        }
        Ok(merged(read, range))
    }

    /// The segments that overlap `range`, in order of time, with those that the index does not know yet.
    async fn rows(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        range: TimeRange,
        tail: &[OpenTail],
        scope: Scope,
    ) -> Result<Vec<SegmentRow>, FootageError> {
        let mut rows = self.store.segments(tenant, camera, range).await?;
        for open in tail.iter().filter(|open| open.row.start < range.end && open.row.end > range.start) {
            rows.retain(|row| row.segment != open.row.segment);
            rows.push(open.row.clone());
        }
        rows.retain(|row| scope == Scope::Cell || row.node == self.node);
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
        let row = match open {
            Some(row) => row,
            None => {
                let moment = TimeRange { start: name.start, end: name.start.offset_us(1) };
                let rows = self.store.segments(tenant, camera, moment).await?;
                rows.into_iter().find(|row| row.segment == name.segment).ok_or(FootageError::UnknownSegment)?
            }
        };
        let entries = self.table(&row, tail).await?.to_vec();
        Ok(FootagePiece { row, entries })
    }

    /// The init segment: `ftyp` and `moov`.
    ///
    /// # Errors
    /// See [`FootageError`].
    pub async fn init(&self, row: &SegmentRow) -> Result<Bytes, FootageError> {
        self.read(row, |reader| reader.init()).await
    }

    /// The plaintext of a fragment, `moof` and `mdat`, verified.
    ///
    /// # Errors
    /// See [`FootageError`]. A damaged fragment says nothing about those beside it.
    pub async fn fragment(&self, row: &SegmentRow, entry: &FragmentEntry) -> Result<Bytes, FootageError> {
        let asked = *entry;
        let read = self.read(row, move |reader| reader.fragment(&asked)).await;
        self.booked(row, entry, read).await
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
        let head = self.read(row, |reader| {
            let (init, bytes) = (reader.init()?, reader.bytes()?);
            Ok(if reader.is_deleted()? { None } else { Some(FootageHead { init, bytes }) })
        });
        match head.await? {
            Some(head) => Ok(head),
            None => {
                self.opened.forget(row.segment);
                Err(FootageError::Lost(row.segment))
            }
        }
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
        let asked = *entry;
        let read = self.read(row, move |reader| reader.fragment_start(&asked)).await;
        self.booked(row, entry, read).await
    }

    /// Forgets an opened segment, before its file is deleted or after its key was shredded.
    pub fn forget(&self, segment: SegmentId) {
        self.opened.forget(segment);
    }

    /// The table of a segment, from memory once it cannot change any more.
    async fn table(&self, row: &SegmentRow, tail: &[OpenTail]) -> Result<Arc<[FragmentEntry]>, FootageError> {
        if let Some(table) = self.opened.get(row.segment).and_then(|opened| opened.table.clone()) {
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
            && let Some(opened) = self.opened.get(row.segment)
        {
            let kept = OpenedSegment { reader: Arc::clone(&opened.reader), table: Some(Arc::clone(&table)) };
            self.opened.put(row.segment, Arc::new(kept));
        }
        Ok(table)
    }

    async fn read<T: Send + 'static>(
        &self,
        row: &SegmentRow,
        work: impl FnOnce(&SegmentReader) -> Result<T, crate::segment::SegmentError> + Send + 'static,
    ) -> Result<T, FootageError> {
        let opened = match self.opened.get(row.segment) {
            Some(opened) => opened,
            None => self.open(row).await?,
        };
        let read = self.blocking(move || work(&opened.reader)).await?;
        if read.is_err() {
            self.opened.forget(row.segment);
        }
        Ok(read?)
    }

    async fn open(&self, row: &SegmentRow) -> Result<Arc<OpenedSegment>, FootageError> {
        let (tenant, camera, segment) = (&row.placement.tenant, row.placement.camera, row.segment);
        let key = self.key(row).await?;
        let copies = self.store.copies_of_segment(tenant, camera, row.start, segment).await?;
        let mut paths: Vec<PathBuf> = Vec::new();
        for copy in copies.iter().filter(|copy| copy.node == self.node) {
            let named = self.roots.iter().filter(|(name, _)| *name == copy.disk);
            // A directory that was moved has another name than the one the copy was written under.
            let others = self.roots.iter().filter(|(name, _)| *name != copy.disk);
            paths.extend(named.chain(others).map(|(_, root)| root.join(&copy.path)));
        }
        // The row of the copy may still wait for the index; where a segment lies follows from its own row.
        let own = SegmentPath::new(row.placement.clone(), segment, row.start).relative();
        paths.extend(self.roots.iter().map(|(_, root)| root.join(&own)));
        let opened = self
            .blocking(move || {
                let path = paths.into_iter().find(|path| path.exists())?;
                Some(SegmentReader::open(path, key.as_ref()))
            })
            .await?;
        let absent = || match row.node == self.node {
            true => FootageError::Lost(segment),
            false => FootageError::Elsewhere(row.node),
        };
        let reader = opened.ok_or_else(absent)??;
        let opened = Arc::new(OpenedSegment { reader: Arc::new(reader), table: None });
        self.opened.put(segment, Arc::clone(&opened));
        Ok(opened)
    }

    async fn key(&self, row: &SegmentRow) -> Result<Option<SegmentKey>, FootageError> {
        let Some(id) = row.key else { return Ok(None) };
        let key_row = match self.key_rows.get(&row.placement.tenant, id).await {
            Err(StoreError::Damaged { .. }) => None,
            found => found?,
        };
        let key_row = key_row.ok_or(FootageError::KeyGone(id))?;
        self.keys.open(&key_row).map(Some).map_err(|_| FootageError::KeyGone(id))
    }

    /// Runs `work` on a thread that may block, as one of [`READS_MAX`].
    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, FootageError> {
        // The semaphore is never closed.
        let permit = Arc::clone(&self.reads).acquire_owned().await.map_err(|_| FootageError::Panicked)?;
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        task.await.map_err(|_| FootageError::Panicked)
    }
}
