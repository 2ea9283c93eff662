use std::collections::VecDeque;
use std::time::Duration;

use super::segment::{Segment, SegmentState};

/// How much a playlist offers: past the skip boundary of delta updates, so that they save something, and time enough to
/// look back at what just happened.
pub const WINDOW_DURATION: Duration = Duration::from_secs(30);

/// A playlist never gets shorter than three target durations (RFC 8216 section 6.2.2) ...
pub const WINDOW_DURATION_MIN: Duration = Duration::from_secs(12);

/// ... nor than this many segments: what players that start three segments from the end, and lag as many, may ask for.
pub const WINDOW_SEGMENTS_MIN: usize = 6;

/// Bytes beyond which the oldest segments go although [`WINDOW_DURATION`] is not reached: 30 s at 2 Mbit/s, half of the
/// ring's limit for a camera.
pub const WINDOW_BYTES_MAX: u64 = 8 << 20;

/// Bytes beyond which the oldest segments go whatever the RFC says: memory is bounded first. 12 s at 20 Mbit/s.
pub const WINDOW_BYTES_CEILING: u64 = 32 << 20;

/// Segments that left the playlist and are still served to players that read it before (RFC 8216 section 6.2.2 asks for
/// longer; bytes decide), as long as [`WINDOW_BYTES_MAX`] holds.
pub const RETIRED_SEGMENTS_MAX: usize = 3;

/// Live segments that may be missing in a row before the playlist starts anew instead of naming them as gaps; also the
/// discontinuities between two segments.
pub const GAP_SEGMENTS_MAX: u64 = 8;

/// The segments of a playlist, oldest first, and those that just left it.
#[derive(Debug, Default)]
pub(super) struct Window {
    listed: VecDeque<Segment>,
    retired: VecDeque<Segment>,
}

impl Window {
    pub(super) fn listed(&self) -> &VecDeque<Segment> {
        &self.listed
    }

    /// The segment that parts are added to.
    pub(super) fn open_mut(&mut self) -> Option<&mut Segment> {
        self.listed.back_mut().filter(|segment| segment.state == SegmentState::Open)
    }

    pub(super) fn open(&self) -> Option<&Segment> {
        self.listed.back().filter(|segment| segment.state == SegmentState::Open)
    }

    pub(super) fn push(&mut self, segment: Segment) {
        self.listed.push_back(segment);
    }

    /// Forgets everything: what comes next cannot be counted on from what was.
    pub(super) fn clear(&mut self) {
        self.listed.clear();
        self.retired.clear();
    }

    pub(super) fn find(&self, msn: u64) -> Option<&Segment> {
        self.listed.iter().chain(&self.retired).find(|segment| segment.msn == msn)
    }

    /// Whether any segment still served needs the init segment of this stream.
    pub(super) fn needs_stream(&self, sequence: u64) -> bool {
        self.listed.iter().chain(&self.retired).any(|segment| segment.stream.sequence == sequence)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.listed.iter().chain(&self.retired).map(Segment::bytes).sum()
    }

    /// Lets the oldest go until all limits hold.
    pub(super) fn trim(&mut self) {
        while let Some(oldest) = self.listed.front() {
            let duration_us: u64 = self.listed.iter().map(|segment| segment.duration_us).sum();
            let left_us = duration_us - oldest.duration_us;
            let listed_bytes: u64 = self.listed.iter().map(Segment::bytes).sum();
            let may = self.listed.len() > WINDOW_SEGMENTS_MIN && left_us >= WINDOW_DURATION_MIN.as_micros() as u64;
            let wants = left_us >= WINDOW_DURATION.as_micros() as u64 || listed_bytes > WINDOW_BYTES_MAX;
            let must = listed_bytes > WINDOW_BYTES_CEILING && self.listed.len() > 1;
            if !(may && wants || must) {
                break;
            }
            self.retired.extend(self.listed.pop_front());
        }
        while self.retired.len() > RETIRED_SEGMENTS_MAX || (!self.retired.is_empty() && self.bytes() > WINDOW_BYTES_MAX)
        {
            self.retired.pop_front();
        }
    }
}
