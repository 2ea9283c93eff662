use bytes::Bytes;
use eyrie_types::{CameraId, NodeId, Placement, SegmentId, SegmentRow, TenantId, WallTime};
use futures::future::BoxFuture;

use super::OpenTail;
use crate::segment::FormatError;

/// A segment by all that its file's place and header are made of, so that whoever holds it needs no index to find it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentName {
    /// Who recorded it.
    pub placement: Placement,
    /// Which file.
    pub segment: SegmentId,
    /// The wall time of its first fragment.
    pub start: WallTime,
}

impl From<&SegmentRow> for SegmentName {
    fn from(row: &SegmentRow) -> Self {
        Self { placement: row.placement.clone(), segment: row.segment, start: row.start }
    }
}

/// Where a fragment lies in its file, and how much of it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredPlace {
    /// Its number within the segment.
    pub number: u32,
    /// Where its header begins in the file.
    pub offset: u64,
    /// Bytes from there on.
    pub length: u32,
}

/// Reads what lies on other nodes of the cell. Bytes come as they are stored, sealed where they are sealed, and are checked and
/// opened by who asked. Every question has a deadline at the asker: an implementation that never answers costs that much.
pub trait Elsewhere: Send + Sync + 'static {
    /// The other nodes that record `camera` now, as far as this node knows.
    fn recorders(&self, tenant: &TenantId, camera: CameraId) -> Vec<NodeId>;

    /// Whether the cell holds `node` to be alive: one that does not answer is busy then, or has died just now.
    fn alive(&self, node: NodeId) -> bool;

    /// Answers when `node` does.
    fn reach(&self, node: NodeId) -> BoxFuture<'_, Result<(), ElsewhereError>>;

    /// What of a camera is durable at `node` and may not be in the index yet.
    fn tails(
        &self,
        node: NodeId,
        tenant: &TenantId,
        camera: CameraId,
    ) -> BoxFuture<'_, Result<Vec<OpenTail>, ElsewhereError>>;

    /// What a file of `node` begins with, up to its first fragment: `ftyp`, segment header, init segment.
    fn head(&self, node: NodeId, segment: SegmentName) -> BoxFuture<'_, Result<Bytes, ElsewhereError>>;

    /// A fragment of a file of `node`.
    fn fragment(
        &self,
        node: NodeId,
        segment: SegmentName,
        place: StoredPlace,
    ) -> BoxFuture<'_, Result<Bytes, ElsewhereError>>;
}

/// Why another node's footage cannot be read here.
#[derive(Debug, thiserror::Error)]
pub enum ElsewhereError {
    /// It cannot be reached: it is down, cut off, or no part of this cell any more.
    #[error("it does not answer")]
    Silent(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    /// It did not answer in time.
    #[error("it does not answer in time")]
    TooSlow,
    /// It has too much to do now.
    #[error("it is too busy")]
    Busy,
    /// The file is not there.
    #[error("it has no such file any more")]
    Lost,
    /// What lies on its disk is not what was written. It has seen to that itself.
    #[error("it found its file damaged")]
    Damaged,
    /// What it sent is not what it recorded. Its file may be as good as ever.
    #[error("it sent something else than was recorded")]
    Garbage(#[source] FormatError),
    /// It refused.
    #[error("it refused: {0}")]
    Refused(String),
}

impl ElsewhereError {
    /// Whether the node is to be taken for one that does not answer at all.
    pub(super) fn is_silence(&self) -> bool {
        matches!(self, Self::Silent(_) | Self::TooSlow)
    }
}
