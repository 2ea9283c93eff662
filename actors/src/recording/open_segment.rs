use std::collections::VecDeque;
use std::time::Duration;

use eyrie_media::{Fmp4Error, Fragment, Purpose, init_segment};
use eyrie_storage::disk::{Disk, DiskError, Durability, SegmentWriter};
use eyrie_storage::footage::OpenTail;
use eyrie_storage::segment::{NewFragment, NewSegment, SegmentPath};
use eyrie_storage::store::SegmentCopy;
use eyrie_types::{FragmentEntry, GapCause, Monotonic, SegmentId, SegmentRow, SegmentState, WallTime};
use tokio::sync::watch;

use super::cut::segment_cut;
use super::runs;
use crate::context::CameraContext;
use crate::index_writer::FragmentChunk;

/// How often the row of an open segment is refreshed in the index.
const ROW_REFRESH: Duration = Duration::from_secs(10);
/// How long to wait for a failed segment's last word. The ring buffers meanwhile; a disk that hangs says nothing.
const ABANDON_PATIENCE: Duration = Duration::from_secs(5);
/// How many entries of the fragment table are written at once: a minute of a camera.
const CHUNK_FRAGMENTS: usize = 64;

/// Why no segment could be opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    /// Its key cannot be made, or not be made durable.
    #[error("no segment key: {0}")]
    Key(String),
    /// The stream cannot be described in a file. Trying again does not help.
    #[error("the stream does not fit a segment file: {0}")]
    Stream(#[from] Fmp4Error),
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl OpenError {
    pub(super) fn cause(&self) -> GapCause {
        match self {
            Self::Key(_) => GapCause::KeyUnavailable,
            Self::Stream(_) => GapCause::StreamInvalid,
            Self::Disk(error) => error.cause(),
        }
    }
}

/// A segment being written, with its row as of the last durable fragment.
pub(super) struct OpenSegment {
    writer: Option<SegmentWriter>,
    durability: watch::Receiver<Durability>,
    row: SegmentRow,
    stream_sequence: u64,
    cut_at: WallTime,
    /// Entries of fragments that are written and not durable, oldest first.
    written: VecDeque<FragmentEntry>,
    /// Entries of durable fragments not yet handed to the index.
    chunk: Vec<FragmentEntry>,
    last_row: Monotonic,
    /// The disk it lies on, by its name.
    disk: String,
}

impl OpenSegment {
    /// Opens a segment for `first` and what follows. The key row is durable, in the store or in the key spool, before the file
    /// exists; nothing else here waits for the store.
    pub(super) async fn open(camera: &CameraContext, disk: &Disk, first: &Fragment) -> Result<Self, OpenError> {
        let node = &camera.node;
        let segment = SegmentId::generate();
        let init = init_segment(&first.stream, Purpose::Record)?;
        let key = if node.config.sealing {
            let unavailable = |error: &dyn std::fmt::Display| OpenError::Key(error.to_string());
            let tenant = &camera.placement.tenant;
            let (key, row) = node.keyring.new_segment_key(tenant, segment).map_err(|e| unavailable(&e))?;
            node.key_rows.put(&row).await.map_err(|e| unavailable(&e))?;
            Some(key)
        } else {
            None
        };
        let key_id = key.as_ref().map(|key| key.id());
        let new = NewSegment { placement: camera.placement.clone(), segment, start: first.start, key, init };
        let writer = disk.create(new).await?;
        let row = SegmentRow {
            placement: camera.placement.clone(),
            segment,
            node: node.config.node,
            state: SegmentState::Open,
            start: first.start,
            end: first.start,
            runs: Vec::new(),
            fragments: 0,
            bytes: 0,
            key: key_id,
            merkle_root: None,
        };
        node.index.put_segment(row.clone());
        camera.begin_segment(row.clone(), writer.durable());
        metrics::counter!("eyrie_recording_segments_opened_total").increment(1);
        Ok(Self {
            durability: writer.durable(),
            writer: Some(writer),
            stream_sequence: first.stream.sequence,
            cut_at: segment_cut(camera.placement.camera, first.start, node.config.segment_length),
            row,
            written: VecDeque::new(),
            chunk: Vec::new(),
            last_row: node.clock.monotonic(),
            disk: disk.config().name.clone(),
        })
    }

    /// Whether `next` belongs into another segment: its stream is another, the day is over, or the planned cut has come and
    /// `may_rotate` lets it.
    pub(super) fn ends_before(&self, next: &Fragment, may_rotate: impl FnOnce() -> bool) -> bool {
        if next.stream.sequence != self.stream_sequence {
            return true;
        }
        // Clocks that were set back, or a stream of sound alone, must not keep a segment open for ever; others are cut where
        // decoding can start.
        if !next.starts_gop && next.stream.video().is_some() {
            return false;
        }
        let midnight = next.start.utc_day() != self.row.start.utc_day();
        midnight || (next.start >= self.cut_at && may_rotate())
    }

    /// Appends a fragment: written, not yet durable.
    pub(super) async fn append(&mut self, fragment: &Fragment) -> Result<(), DiskError> {
        let Some(writer) = self.writer.as_mut() else { return Err(DiskError::ShutDown) };
        let entry = writer
            .append(NewFragment {
                chunks: fragment.chunks.clone(),
                start: fragment.start,
                duration_us: fragment.duration_us,
                starts_gop: fragment.starts_gop,
                discontinuity: fragment.discontinuity,
                keyframe_hash: fragment.keyframe_hash,
            })
            .await?;
        self.written.push_back(entry);
        Ok(())
    }

    /// Waits until more is durable, or the segment failed.
    pub(super) async fn durability_changed(&mut self) -> Durability {
        if self.durability.changed().await.is_err() {
            // The disk's thread is gone: nothing more will become durable.
            std::future::pending::<()>().await;
        }
        self.durability.borrow_and_update().clone()
    }

    /// Takes note that the first `fragments` of the segment are durable. Answers how many are so newly.
    pub(super) fn advance(&mut self, camera: &CameraContext, fragments: u32, bytes: u64) -> usize {
        let mut newly = 0;
        while self.row.fragments < fragments {
            let Some(entry) = self.written.pop_front() else { break };
            runs::extend(&mut self.row, &entry);
            self.chunk.push(entry);
            newly += 1;
        }
        self.row.bytes = self.row.bytes.max(bytes);
        if newly > 0 {
            camera.set_open_segment(Some(OpenTail { row: self.row.clone(), entries: self.chunk.clone() }));
            if self.chunk.len() >= CHUNK_FRAGMENTS {
                self.hand_chunk(camera);
            }
            let now = camera.node.clock.monotonic();
            if self.row.fragments == newly as u32 || now.since(self.last_row) >= ROW_REFRESH {
                self.last_row = now;
                self.hand_row(camera);
            }
        }
        newly
    }

    /// Ends the segment with a footer. On success all that was written is durable, and the segment is closed.
    pub(super) async fn close(&mut self, camera: &CameraContext) -> Result<usize, DiskError> {
        let Some(writer) = self.writer.take() else { return Ok(0) };
        let closed = writer.close().await?;
        let newly = self.advance(camera, closed.fragments, closed.bytes);
        self.row.state = SegmentState::Closed;
        self.row.merkle_root = Some(closed.merkle_root);
        self.row.bytes = closed.bytes;
        Ok(newly)
    }

    /// Gives a failed segment up. Answers how many more of its fragments turned out to be durable; what is not known in time
    /// counts as lost, and is written again.
    pub(super) async fn abandon(&mut self, camera: &CameraContext) -> usize {
        if let Some(writer) = self.writer.take() {
            let _ = tokio::time::timeout(ABANDON_PATIENCE, writer.abandon()).await;
        }
        let (fragments, bytes) = {
            let durability = self.durability.borrow();
            (durability.fragments, durability.bytes)
        };
        self.advance(camera, fragments, bytes)
    }

    /// Hands the last of the row and table to the index. Whatever is not closed by now stays unclosed.
    pub(super) fn finish(mut self, camera: &CameraContext) {
        if self.row.state == SegmentState::Open {
            self.row.state = SegmentState::Unclosed;
        }
        self.hand_chunk(camera);
        // Readers look here first and there next: it is always in one of them.
        self.hand_row(camera);
        camera.set_open_segment(None);
    }

    /// Hands the row, and where the file lies, to the index.
    fn hand_row(&self, camera: &CameraContext) {
        let placement = &self.row.placement;
        let path = SegmentPath::new(placement.clone(), self.row.segment, self.row.start).relative();
        camera.node.index.put_copy(SegmentCopy {
            tenant: placement.tenant.clone(),
            camera: placement.camera,
            segment: self.row.segment,
            start: self.row.start,
            node: self.row.node,
            disk: self.disk.clone(),
            path: path.display().to_string(),
            bytes: self.row.bytes,
            written_at: camera.node.clock.now(),
        });
        camera.node.index.put_segment(self.row.clone());
    }

    fn hand_chunk(&mut self, camera: &CameraContext) {
        if !self.chunk.is_empty() {
            let entries = std::mem::take(&mut self.chunk);
            let placement = camera.placement.clone();
            camera.node.index.put_fragments(FragmentChunk { placement, segment: self.row.segment, entries });
        }
    }
}
