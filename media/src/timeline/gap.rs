use std::collections::VecDeque;
use std::time::Duration;

use eyrie_types::{TimeRange, WallTime};

/// Shorter absences are no gaps, whatever the frame rate.
pub const GAP_MIN: Duration = Duration::from_millis(500);

/// The frame interval is the median of so many: a camera that turns to a slower rate is believed after half of them.
const INTERVALS: usize = 8;

/// Tells gaps from the ordinary pauses between pictures: the absence of access units for longer than two frame intervals and
/// [`GAP_MIN`]. Feed it the units of one track.
#[derive(Debug, Clone, Default)]
pub struct GapDetector {
    last: Option<WallTime>,
    intervals_us: VecDeque<u64>,
}

impl GapDetector {
    /// How long an absence must be to be a gap, at the present frame rate.
    pub fn threshold(&self) -> Duration {
        let mut sorted: Vec<u64> = self.intervals_us.iter().copied().collect();
        sorted.sort_unstable();
        let interval_us = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
        GAP_MIN.max(Duration::from_micros(interval_us.saturating_mul(2)))
    }

    /// Takes note of a unit at `wall`; answers the gap it ends. The first interval is taken for the frame rate.
    pub fn observe(&mut self, wall: WallTime) -> Option<TimeRange> {
        let last = self.last.replace(self.last.map_or(wall, |last| last.max(wall)))?;
        let absence = wall.since(last);
        if absence.is_zero() {
            return None;
        }
        let gap = absence > self.threshold() && !self.intervals_us.is_empty();
        if self.intervals_us.len() == INTERVALS {
            self.intervals_us.pop_front();
        }
        self.intervals_us.push_back(u64::try_from(absence.as_micros()).unwrap_or(u64::MAX));
        if gap { TimeRange::new(last, wall).ok() } else { None }
    }

    /// The gap that is open at `now`, if the absence is long enough to be one.
    pub fn open_gap(&self, now: WallTime) -> Option<TimeRange> {
        let last = self.last?;
        if now.since(last) > self.threshold() { TimeRange::new(last, now).ok() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> WallTime {
        WallTime::from_unix_us(1_700_000_000_000_000 + ms * 1_000)
    }

    #[test]
    fn a_pause_of_half_a_second_is_a_gap_at_25_frames_and_none_at_one() {
        let mut fast = GapDetector::default();
        assert!((0..50).all(|n| fast.observe(at(n * 40)).is_none()));
        assert_eq!(fast.observe(at(1960 + 501)), TimeRange::new(at(1960), at(2461)).ok());
        let mut slow = GapDetector::default();
        assert!((0..20).all(|n| slow.observe(at(n * 1_000)).is_none()));
        assert_eq!(slow.observe(at(19_000 + 1_900)), None);
        assert!(slow.open_gap(at(20_900 + 2_100)).is_some());
    }

    #[test]
    fn a_camera_that_slows_down_is_believed_after_a_few_frames() {
        let mut detector = GapDetector::default();
        (0..50).for_each(|n| assert!(detector.observe(at(n * 40)).is_none()));
        let gaps = (1..20).filter(|n| detector.observe(at(1960 + n * 1_000)).is_some()).count();
        assert!((1..=5).contains(&gaps), "{gaps}");
    }
}
