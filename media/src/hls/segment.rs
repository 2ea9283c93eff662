use std::sync::Arc;

use bytes::Bytes;
use eyrie_types::WallTime;

use crate::Stream;

/// A partial segment (rfc8216bis section 4.4.4.9).
#[derive(Debug)]
pub(super) struct Part {
    pub(super) chunks: Vec<Bytes>,
    pub(super) bytes: u64,
    pub(super) duration_us: u64,
    /// It contains a frame that decoding can start at.
    pub(super) independent: bool,
}

/// Where a segment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SegmentState {
    /// Parts are still added.
    Open,
    /// All of it is there.
    Complete,
    /// Nothing of it was read from the ring in time: named only for the sake of counting (`EXT-X-GAP`).
    Missing,
}

/// A live segment: its number, what decodes it and its parts.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) msn: u64,
    pub(super) stream: Arc<Stream>,
    pub(super) start: WallTime,
    /// The decode time of its first unit, since its stream began.
    pub(super) start_us: i64,
    pub(super) state: SegmentState,
    pub(super) parts: Vec<Part>,
    /// From its first decode time to that of the segment after it; of an open one, of its parts.
    pub(super) duration_us: u64,
    /// The part target its parts were cut by.
    pub(super) part_target_us: u64,
}

impl Segment {
    pub(super) fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes).sum()
    }

    pub(super) fn chunks(&self) -> Vec<Bytes> {
        self.parts.iter().flat_map(|part| part.chunks.iter().cloned()).collect()
    }
}
