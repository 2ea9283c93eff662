use serde::{Deserialize, Serialize};

use crate::{Epoch, KeyId, NodeId, Placement, SegmentId, Slot, TimeRange, WallTime};

/// One fragment of a segment: where it lies, what time it covers, and what its bytes must hash to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FragmentEntry {
    /// Its number within the segment, from 0.
    pub number: u32,
    /// Where its header box begins in the file.
    pub offset: u64,
    /// Bytes from its header box to the next.
    pub length: u32,
    /// The wall time of its first access unit.
    pub start: WallTime,
    /// The media time it covers, by the source's clock.
    pub duration_us: u32,
    /// It begins with a keyframe.
    pub starts_gop: bool,
    /// The source's clock jumped, wrapped or changed parameters right before it: never to be joined to the one before.
    pub discontinuity: bool,
    /// SHA-256 of its plaintext: the leaf of the segment's Merkle tree.
    pub leaf: [u8; 32],
    /// BLAKE3 of its stored bytes after the header box, so that scrubbing needs no key.
    pub stored_hash: [u8; 32],
    /// SHA-256 of the VCL NAL units of its first keyframe, shortened to 16 bytes; zero without one. Merging two recordings
    /// of a camera compares it.
    pub keyframe_hash: [u8; 16],
}

impl FragmentEntry {
    /// The first moment after it.
    pub fn end(&self) -> WallTime {
        self.start.offset_us(i64::from(self.duration_us))
    }
}

/// A stretch of a segment without a hole in it.
pub type Run = TimeRange;

/// Whether a segment still grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SegmentState {
    /// Being written.
    Open,
    /// Closed with a footer.
    Closed,
    /// Not closed by its writer, which died or met a disk fault; indexed by scanning.
    Unclosed,
}

/// An index row: one segment as the index knows it. Partition (tenant, camera, UTC day of `start`), clustering (start, slot,
/// epoch, segment).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentRow {
    /// Who recorded it.
    pub placement: Placement,
    /// Which file.
    pub segment: SegmentId,
    /// The node whose disk holds the first copy.
    pub node: NodeId,
    /// Whether it still grows.
    pub state: SegmentState,
    /// The wall time of its first fragment.
    pub start: WallTime,
    /// The first moment after its last durable fragment.
    pub end: WallTime,
    /// What of it is there: sorted, none touching the next. A hole within a segment lies between two runs.
    pub runs: Vec<Run>,
    /// Durable fragments.
    pub fragments: u32,
    /// Durable bytes of the file.
    pub bytes: u64,
    /// The key its fragments are sealed with; `None` when sealing is off.
    pub key: Option<KeyId>,
    /// The Merkle root over its fragments' leaves; `None` until it is closed.
    pub merkle_root: Option<[u8; 32]>,
}

/// A stretch of footage in an answer, with who recorded it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Span {
    /// Its first moment.
    pub start: WallTime,
    /// The first moment after it.
    pub end: WallTime,
    /// It can be read now.
    pub available: bool,
    /// The recordings that hold it, whether their nodes answer now or not.
    pub sources: Vec<SpanSource>,
}

/// A recording that holds a span, as one node has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SpanSource {
    /// Owner or twin.
    pub slot: Slot,
    /// Which incarnation.
    pub epoch: Epoch,
    /// The node that holds it: the one that recorded it, or one that fetched a copy of it after a loss.
    pub node: NodeId,
}
