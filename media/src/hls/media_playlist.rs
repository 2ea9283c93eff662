use std::collections::VecDeque;
use std::fmt::Write;
use std::time::Duration;

use super::segment::{Segment, SegmentState};
use super::{LiveRequest, Rendition};
use crate::LIVE_SEGMENT_MAX;

/// `CAN-SKIP-UNTIL`: segments farther than this from the end may be left out of delta updates; at least six target
/// durations (rfc8216bis section 4.4.3.8).
pub const CAN_SKIP_UNTIL: Duration = Duration::from_secs(24);

/// `HOLD-BACK`: how far from the end players without low latency stay; at least three target durations (same section).
pub const HOLD_BACK: Duration = Duration::from_secs(12);

/// Parts are listed in segments no farther than this from the end: three target durations (rfc8216bis section 4.4.4.9).
const PARTS_LISTED_US: u64 = 3 * LIVE_SEGMENT_MAX.as_micros() as u64;

/// What a media playlist is rendered from.
pub(super) struct MediaPlaylist<'a> {
    /// The directory of what it names: the playlist's own address stays when another placement takes over.
    pub(super) rendition: Rendition,
    pub(super) segments: &'a VecDeque<Segment>,
    /// What media sequence numbers count from.
    pub(super) base: u64,
    /// What discontinuity sequence numbers count from.
    pub(super) discontinuity_base: u64,
    pub(super) part_target_us: u64,
    /// Leave out what may be left out.
    pub(super) skip: bool,
}

impl MediaPlaylist<'_> {
    /// The text of the playlist (rfc8216bis sections 4.4.3 to 4.4.5).
    pub(super) fn render(&self) -> String {
        let mut text = String::with_capacity(64 * (16 + 6 * self.segments.len()));
        self.head(&mut text);
        let skipped = if self.skip { self.skippable() } else { 0 };
        if skipped > 0 {
            let _ = writeln!(text, "#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}");
        }
        let mut before = skipped.checked_sub(1).and_then(|last| self.segments.get(last));
        // From each segment to the playlist's end.
        let mut remaining_us: u64 = self.segments.iter().skip(skipped).map(|segment| segment.duration_us).sum();
        for segment in self.segments.iter().skip(skipped) {
            remaining_us -= segment.duration_us;
            self.segment(&mut text, segment, before, remaining_us < PARTS_LISTED_US);
            before = Some(segment);
        }
        if let Some(open) = self.segments.back().filter(|segment| segment.state == SegmentState::Open) {
            let part = u32::try_from(open.parts.len()).unwrap_or(u32::MAX);
            let next = LiveRequest::Part { msn: open.msn, part };
            let _ = writeln!(text, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{}/{next}\"", self.rendition);
        }
        text
    }

    fn head(&self, text: &mut String) {
        let target = self.part_target_us as f64 / 1e6;
        let first = self.segments.front();
        let _ = writeln!(
            text,
            "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:{}\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,\
             PART-HOLD-BACK={:.3},HOLD-BACK={:.3},CAN-SKIP-UNTIL={:.3}\n#EXT-X-PART-INF:PART-TARGET={target:.3}\n\
             #EXT-X-MEDIA-SEQUENCE:{}\n#EXT-X-DISCONTINUITY-SEQUENCE:{}",
            LIVE_SEGMENT_MAX.as_secs(),
            3.0 * target,
            HOLD_BACK.as_secs_f64(),
            CAN_SKIP_UNTIL.as_secs_f64(),
            first.map_or(self.base, |segment| segment.msn),
            self.discontinuity_base + first.map_or(0, |segment| segment.stream.sequence),
        );
    }

    /// How many segments, from the oldest, lie wholly before the skip boundary.
    fn skippable(&self) -> usize {
        let mut from_end_us = 0;
        let kept = self
            .segments
            .iter()
            .rev()
            .take_while(|segment| {
                let inside = from_end_us < CAN_SKIP_UNTIL.as_micros() as u64;
                from_end_us += segment.duration_us;
                inside
            })
            .count();
        self.segments.len() - kept
    }

    fn segment(&self, text: &mut String, segment: &Segment, before: Option<&Segment>, list_parts: bool) {
        let sequence = segment.stream.sequence;
        let known = before.map(|before| before.stream.sequence);
        // One tag for each: streams that ended before a segment of theirs began count as well.
        for _ in known.unwrap_or(sequence)..sequence {
            text.push_str("#EXT-X-DISCONTINUITY\n");
        }
        if known != Some(sequence) {
            let init = LiveRequest::Init { stream_sequence: sequence };
            let _ = writeln!(text, "#EXT-X-MAP:URI=\"{}/{init}\"", self.rendition);
        }
        let _ = writeln!(text, "#EXT-X-PROGRAM-DATE-TIME:{}", segment.start);
        if list_parts && segment.part_target_us == self.part_target_us {
            for (part, number) in segment.parts.iter().zip(0..) {
                let uri = LiveRequest::Part { msn: segment.msn, part: number };
                let independent = if part.independent { ",INDEPENDENT=YES" } else { "" };
                let duration = part.duration_us as f64 / 1e6;
                let directory = self.rendition;
                let _ = writeln!(text, "#EXT-X-PART:DURATION={duration:.6},URI=\"{directory}/{uri}\"{independent}");
            }
        }
        if segment.state == SegmentState::Open {
            return;
        }
        let _ = writeln!(text, "#EXTINF:{:.6},", segment.duration_us as f64 / 1e6);
        if segment.state == SegmentState::Missing {
            text.push_str("#EXT-X-GAP\n");
        }
        let _ = writeln!(text, "{}/{}", self.rendition, LiveRequest::Segment { msn: segment.msn });
    }
}
