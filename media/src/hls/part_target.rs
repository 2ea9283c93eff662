use std::sync::Arc;

use crate::RingUnit;
use crate::ticks::dts_us;

/// How long a part is, where the stream's frames allow: a third of a second.
pub const PART_DURATION: std::time::Duration = std::time::Duration::from_micros(333_334);

/// Cameras stamp frames with jitter: a part of as many frames as fit may be this much longer than they nominally are, in
/// percent. Parts must not exceed `PART-TARGET`, nor fall below 85 % of it (rfc8216bis section 4.4.4.9).
const JITTER_PERCENT: u64 = 5;

/// Segments of fewer parts do not shorten them.
const SHARED_BY_MIN: usize = 3;

/// How many frames make a part, and the `PART-TARGET` that follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PartTarget {
    pub(super) frames: usize,
    pub(super) target_us: u64,
    /// The frame interval it was made for.
    pub(super) interval_us: u64,
}

impl PartTarget {
    /// For a stream whose units last `interval_us`: as many whole frames as fit [`PART_DURATION`], at least one. A target
    /// that is no multiple of the frame interval would force parts below 85 % of it.
    pub(super) fn for_interval(interval_us: u64) -> Self {
        let interval_us = interval_us.max(1);
        let room_us = PART_DURATION.as_micros() as u64 * (100 + JITTER_PERCENT / 2) / 100;
        let frames = (room_us / interval_us).clamp(1, super::part_builder::PART_UNITS_MAX as u64);
        Self::of(usize::try_from(frames).unwrap_or(usize::MAX), interval_us)
    }

    fn of(frames: usize, interval_us: u64) -> Self {
        let nominal_us = interval_us.saturating_mul(frames as u64);
        let target_us = (nominal_us.saturating_mul(100 + JITTER_PERCENT) / 100).next_multiple_of(1000);
        Self { frames, target_us, interval_us }
    }

    /// From the first units of a stream: by the median interval of the track that leads, or `fallback_us` without two. When they
    /// hold the first segment whole, parts are as long as they can be and yet share a segment of that length evenly: a rest of a
    /// frame or two would come hard on the heels of the part before it, with all viewers asking for both.
    pub(super) fn measured(units: &[Arc<RingUnit>], leads: u8, fallback_us: u64) -> Self {
        let times: Vec<i64> =
            units.iter().filter(|unit| unit.unit.track == leads).map(|unit| dts_us(&unit.unit)).collect();
        let mut intervals: Vec<u64> = times
            .windows(2)
            .filter_map(|pair| u64::try_from(pair[1].saturating_sub(pair[0])).ok())
            .filter(|interval| *interval > 0)
            .collect();
        intervals.sort_unstable();
        let target = Self::for_interval(intervals.get(intervals.len() / 2).copied().unwrap_or(fallback_us));
        match (units.first(), units.last()) {
            (Some(first), Some(last)) if first.live_segment != last.live_segment => {
                let of_first =
                    |unit: &&Arc<RingUnit>| unit.unit.track == leads && unit.live_segment == first.live_segment;
                target.sharing(units.iter().filter(of_first).count())
            }
            _ => target,
        }
    }

    /// The same number of parts for a segment of so many frames, as equal as they can be.
    fn sharing(self, segment_frames: usize) -> Self {
        let parts = segment_frames.div_ceil(self.frames).max(1);
        let frames = segment_frames.div_ceil(parts);
        // A segment that is cut short once must not make the parts of all later ones short.
        if parts < SHARED_BY_MIN || frames >= self.frames { self } else { Self::of(frames, self.interval_us) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_frames_fill_at_least_85_percent_of_the_target_at_any_rate() {
        for fps in 1..=120u64 {
            let interval_us = 1_000_000 / fps;
            let target = PartTarget::for_interval(interval_us);
            let part_us = target.frames as u64 * interval_us;
            assert!(part_us <= target.target_us, "{fps}");
            assert!(part_us * 100 >= target.target_us * 85, "{fps}");
            assert!(fps < 3 || part_us <= 342_000, "{fps}");
        }
    }

    #[test]
    fn parts_share_a_segment_without_a_rest_of_a_frame() {
        let at_25 = PartTarget::for_interval(40_000);
        assert_eq!((at_25.frames, at_25.sharing(25).frames), (8, 7));
        for fps in 3..=120u64 {
            let target = PartTarget::for_interval(1_000_000 / fps);
            for segment_frames in 1..=4 * fps as usize {
                let shared = target.sharing(segment_frames);
                assert_eq!(
                    segment_frames.div_ceil(shared.frames),
                    segment_frames.div_ceil(target.frames),
                    "no more parts"
                );
                assert!(
                    shared.frames <= target.frames && shared.frames * 3 >= target.frames * 2 - 2,
                    "{fps} {segment_frames}"
                );
            }
        }
    }
}
