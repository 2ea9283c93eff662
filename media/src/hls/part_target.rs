use std::sync::Arc;

use crate::RingUnit;
use crate::ticks::dts_us;

/// How long a part is, where the stream's frames allow: a third of a second.
pub const PART_DURATION: std::time::Duration = std::time::Duration::from_micros(333_334);

/// Cameras stamp frames with jitter: a part of as many frames as fit may be this much longer than they nominally are, in
/// percent. Parts must not exceed `PART-TARGET`, nor fall below 85 % of it (rfc8216bis section 4.4.4.9).
const JITTER_PERCENT: u64 = 5;

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
        let target_us = (frames * interval_us * (100 + JITTER_PERCENT) / 100).next_multiple_of(1000);
        Self { frames: usize::try_from(frames).unwrap_or(usize::MAX), target_us, interval_us }
    }

    /// From the first units of a stream: by the median interval of the track that leads, or `fallback_us` without two.
    pub(super) fn measured(units: &[Arc<RingUnit>], leads: u8, fallback_us: u64) -> Self {
        let times: Vec<i64> =
            units.iter().filter(|unit| unit.unit.track == leads).map(|unit| dts_us(&unit.unit)).collect();
        let mut intervals: Vec<u64> = times
            .windows(2)
            .filter_map(|pair| u64::try_from(pair[1].saturating_sub(pair[0])).ok())
            .filter(|interval| *interval > 0)
            .collect();
        intervals.sort_unstable();
        Self::for_interval(intervals.get(intervals.len() / 2).copied().unwrap_or(fallback_us))
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
}
