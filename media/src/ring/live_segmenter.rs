use std::time::Duration;

use super::unit::decode_time_us;
use crate::AccessUnit;

/// A live segment may end at a keyframe once it is this long: one second, less a tenth, because the one-second GOPs of
/// cameras jitter by a frame or so.
pub const LIVE_SEGMENT_MIN: Duration = Duration::from_millis(900);

/// No live segment is longer, keyframe or not: it is the fixed `EXT-X-TARGETDURATION` (RFC 8216 section 4.3.3.1).
pub const LIVE_SEGMENT_MAX: Duration = Duration::from_secs(4);

/// How long the live segments of a stream without video are.
pub const LIVE_SEGMENT_AUDIO: Duration = Duration::from_secs(2);

/// Decides which live segment a unit belongs to, from the units alone: whoever packages them arrives at the same numbers,
/// whenever he starts.
#[derive(Debug, Default)]
pub(super) struct LiveSegmenter {
    open: Option<OpenSegment>,
    next_number: u64,
}

#[derive(Debug)]
struct OpenSegment {
    number: u64,
    stream_sequence: u64,
    start_us: i64,
    /// The latest unit of the track that decides: video where there is any.
    last_us: i64,
}

/// The decision for one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LivePlace {
    pub(super) number: u64,
    pub(super) starts: bool,
}

impl LiveSegmenter {
    /// Places the next unit. The caller sees to it that the first unit of a stream with video is a keyframe.
    pub(super) fn place(&mut self, unit: &AccessUnit) -> LivePlace {
        let has_video = unit.stream.video().is_some();
        let decides = !has_video || unit.is_video();
        let now_us = decode_time_us(unit);
        let starts = match &self.open {
            None => true,
            Some(open) if open.stream_sequence != unit.stream.sequence => true,
            Some(_) if !decides => false,
            Some(open) => {
                let length_us = now_us.saturating_sub(open.start_us);
                // The interval before it stands for the unit's own duration, which only the next unit will tell.
                let with_unit_us = length_us.saturating_add(now_us.saturating_sub(open.last_us).max(0));
                let wanted = if has_video {
                    unit.keyframe && length_us >= LIVE_SEGMENT_MIN.as_micros() as i64
                } else {
                    length_us >= LIVE_SEGMENT_AUDIO.as_micros() as i64
                };
                wanted || with_unit_us > LIVE_SEGMENT_MAX.as_micros() as i64
            }
        };
        if starts {
            let number = self.next_number;
            self.next_number += 1;
            let stream_sequence = unit.stream.sequence;
            self.open = Some(OpenSegment { number, stream_sequence, start_us: now_us, last_us: now_us });
            return LivePlace { number, starts };
        }
        let number = self.open.as_mut().map_or(0, |open| {
            if decides {
                open.last_us = now_us;
            }
            open.number
        });
        LivePlace { number, starts }
    }
}
