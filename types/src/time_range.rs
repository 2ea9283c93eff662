use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::WallTime;

/// Why two moments are not a range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeRangeError {
    /// `from` is not before `to`.
    #[error("'from' ({from}) must be before 'to' ({to})")]
    Reversed {
        /// The given start.
        from: WallTime,
        /// The given end.
        to: WallTime,
    },
    /// The range is longer than the caller may ask for.
    #[error("the range is {asked_s} s long; ask for at most {max_s} s at a time")]
    TooLong {
        /// Seconds asked for.
        asked_s: u64,
        /// Seconds allowed.
        max_s: u64,
    },
}

/// A half-open range of wall time: `start` is in it, `end` is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TimeRange {
    /// The first moment.
    pub start: WallTime,
    /// The first moment after it.
    pub end: WallTime,
}

impl TimeRange {
    /// The range from `start` to `end`.
    ///
    /// # Errors
    /// When `start` is not before `end`.
    pub fn new(start: WallTime, end: WallTime) -> Result<Self, TimeRangeError> {
        if start < end { Ok(Self { start, end }) } else { Err(TimeRangeError::Reversed { from: start, to: end }) }
    }

    /// Like [`TimeRange::new`], and no longer than `max`.
    ///
    /// # Errors
    /// When reversed, empty or too long.
    pub fn bounded(start: WallTime, end: WallTime, max: Duration) -> Result<Self, TimeRangeError> {
        let range = Self::new(start, end)?;
        if range.duration() > max {
            return Err(TimeRangeError::TooLong { asked_s: range.duration().as_secs(), max_s: max.as_secs() });
        }
        Ok(range)
    }

    /// How long it is.
    pub fn duration(&self) -> Duration {
        self.end.since(self.start)
    }

    /// What both ranges share, if anything.
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        Self::new(self.start.max(other.start), self.end.min(other.end)).ok()
    }

    /// What is left of `self` once all of `holes` are taken out. `holes` must be sorted by start; they may overlap.
    pub fn subtract(&self, holes: &[Self]) -> Vec<Self> {
        let mut left = Vec::new();
        let mut at = self.start;
        for hole in holes.iter().filter_map(|hole| self.intersect(hole)) {
            if let Ok(before) = Self::new(at, hole.start) {
                left.push(before);
            }
            at = at.max(hole.end);
        }
        left.extend(Self::new(at, self.end));
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start: i64, end: i64) -> TimeRange {
        TimeRange::new(WallTime::from_unix_us(start), WallTime::from_unix_us(end)).unwrap()
    }

    #[test]
    fn subtracting_overlapping_holes_leaves_what_none_covers() {
        let left = range(0, 100).subtract(&[range(0, 10), range(20, 40), range(30, 50), range(90, 200)]);
        assert_eq!(left, vec![range(10, 20), range(50, 90)]);
        assert_eq!(range(5, 6).subtract(&[range(0, 10)]), vec![]);
    }

    #[test]
    fn a_reversed_or_overlong_range_is_refused() {
        let (a, b) = (WallTime::from_unix_us(1), WallTime::from_unix_us(2_000_001));
        assert!(matches!(TimeRange::new(b, a), Err(TimeRangeError::Reversed { .. })));
        let long = TimeRange::bounded(a, b, Duration::from_secs(1));
        assert_eq!(long, Err(TimeRangeError::TooLong { asked_s: 2, max_s: 1 }));
    }
}
