use std::time::Duration;

use eyrie_types::{TimeRange, WallTime};

/// How long steps of a second are kept, in memory.
pub const SECONDS_KEPT: Duration = Duration::from_secs(3600);
/// How long steps of a minute are kept.
pub const MINUTES_KEPT: Duration = Duration::from_secs(7 * 86_400);
/// How long steps of an hour are kept: two years.
pub const HOURS_KEPT: Duration = Duration::from_secs(2 * 366 * 86_400);

/// How finely history is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Of the last hour, in memory.
    Second,
    /// Of a week, in the store.
    Minute,
    /// Of two years, in the store.
    Hour,
}

impl Step {
    /// Its length.
    pub const fn seconds(self) -> u32 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3600,
        }
    }

    /// How long points of it are kept.
    pub const fn kept(self) -> Duration {
        match self {
            Self::Second => SECONDS_KEPT,
            Self::Minute => MINUTES_KEPT,
            Self::Hour => HOURS_KEPT,
        }
    }

    /// Seconds of the points that are packed together: an hour of minutes, a UTC day of hours.
    pub const fn chunk_seconds(self) -> u32 {
        match self {
            Self::Second | Self::Minute => 3600,
            Self::Hour => 86_400,
        }
    }
}

/// How a range of history is answered: which step, and how many of them become one point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepPlan {
    /// The step that is read.
    pub step: Step,
    /// So many steps are one point: 1, unless even hours are too many.
    pub merge: u32,
}

impl StepPlan {
    /// The finest step that is kept for all of `range` (as of `now`) and gives at most `points` points.
    pub fn of(range: TimeRange, now: WallTime, points: u32) -> Self {
        let seconds = range.duration().as_secs().max(1);
        let points = u64::from(points.max(1));
        let fits = |step: &Step| range.start >= now - step.kept() && seconds.div_ceil(step.seconds().into()) <= points;
        match [Step::Second, Step::Minute].into_iter().find(fits) {
            Some(step) => Self { step, merge: 1 },
            None => {
                let hours = seconds.div_ceil(3600);
                Self { step: Step::Hour, merge: u32::try_from(hours.div_ceil(points)).unwrap_or(u32::MAX) }
            }
        }
    }

    /// Seconds from one point to the next.
    pub fn step_s(self) -> u32 {
        self.step.seconds().saturating_mul(self.merge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_grow_with_length_and_age_and_never_give_more_points_than_asked_for() {
        let now = WallTime::from_unix_us(2_000_000_000_000_000);
        let ago = |s: u64| now - Duration::from_secs(s);
        let plan = |from: u64, to: u64, points: u32| {
            let plan = StepPlan::of(TimeRange::new(ago(from), ago(to)).unwrap(), now, points);
            (plan.step, plan.merge)
        };
        assert_eq!(plan(900, 0, 1000), (Step::Second, 1));
        assert_eq!(plan(3600, 0, 3600), (Step::Second, 1));
        assert_eq!(plan(3600, 0, 1000), (Step::Minute, 1), "too many seconds");
        assert_eq!(plan(7200, 7100, 1000), (Step::Minute, 1), "too old for seconds");
        assert_eq!(plan(86_400, 0, 1440), (Step::Minute, 1));
        assert_eq!(plan(86_400, 0, 1000), (Step::Hour, 1));
        assert_eq!(plan(8 * 86_400, 8 * 86_400 - 60, 1000), (Step::Hour, 1), "too old for minutes");
        assert_eq!(plan(700 * 86_400, 0, 1000), (Step::Hour, 17), "16,800 hours in 1,000 points");
    }
}
