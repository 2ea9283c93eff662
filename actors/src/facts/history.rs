use std::collections::BTreeMap;

use eyrie_storage::facts::{Point, Step, StepPlan};
use eyrie_types::{TimeRange, WallTime};

/// The beginning of the step of `step_s` seconds that `second` lies in.
fn floor(second: i64, step_s: u32) -> i64 {
    second - second.rem_euclid(i64::from(step_s.max(1)))
}

/// `range` from the beginning of the step it begins in.
pub(crate) fn from_step(range: TimeRange, plan: StepPlan) -> TimeRange {
    let start = floor(range.start.as_unix_secs(), plan.step_s());
    TimeRange { start: WallTime::from_unix_us(start * 1_000_000), end: range.end }
}

/// The points of a range by `plan`: what is kept, and of steps that are not kept yet what the last hour's seconds give.
pub(crate) fn combine<P: Point>(
    plan: StepPlan,
    kept: BTreeMap<WallTime, P>,
    recent: &[(i64, P)],
) -> Vec<(WallTime, P)> {
    let kept = kept.into_iter().map(|(at, point)| (at.as_unix_secs(), point)).collect();
    let fresh = grouped(recent.iter().copied(), plan.step.seconds());
    let steps = if plan.step == Step::Second { fresh } else { with_fresh(kept, fresh) };
    let points = if plan.merge > 1 { grouped(steps, plan.step_s()) } else { steps };
    points.into_iter().map(|(second, point)| (WallTime::from_unix_us(second * 1_000_000), point)).collect()
}

fn with_fresh<P: Point>(mut kept: BTreeMap<i64, P>, fresh: BTreeMap<i64, P>) -> BTreeMap<i64, P> {
    for (at, point) in fresh {
        kept.entry(at).or_insert(point);
    }
    kept
}

fn grouped<P: Point>(points: impl IntoIterator<Item = (i64, P)>, step_s: u32) -> BTreeMap<i64, P> {
    let mut groups: BTreeMap<i64, Vec<P>> = BTreeMap::new();
    for (second, point) in points {
        groups.entry(floor(second, step_s)).or_default().push(point);
    }
    groups.into_iter().filter_map(|(at, group)| Some((at, P::merge(&group)?))).collect()
}

#[cfg(test)]
mod tests {
    use eyrie_storage::facts::StreamPoint;

    use super::*;

    fn lost(lost: u32) -> StreamPoint {
        StreamPoint { lost, ..StreamPoint::default() }
    }

    fn told(plan: StepPlan, kept: &[(i64, u32)], recent: &[(i64, u32)]) -> Vec<(i64, u32)> {
        let kept = kept.iter().map(|(s, n)| (WallTime::from_unix_us(s * 1_000_000), lost(*n))).collect();
        let recent: Vec<_> = recent.iter().map(|(second, n)| (*second, lost(*n))).collect();
        combine(plan, kept, &recent).into_iter().map(|(at, point)| (at.as_unix_secs(), point.lost)).collect()
    }

    #[test]
    fn minutes_that_are_not_kept_yet_come_from_the_seconds_and_kept_ones_stay_as_they_are() {
        let plan = StepPlan { step: Step::Minute, merge: 1 };
        assert_eq!(told(plan, &[(0, 5)], &[(59, 1), (60, 1), (61, 1), (120, 4)]), [(0, 5), (60, 2), (120, 4)]);
    }

    #[test]
    fn seconds_are_given_as_they_are_and_hours_merge_when_there_are_too_many() {
        let plan = StepPlan { step: Step::Second, merge: 1 };
        assert_eq!(told(plan, &[(0, 5)], &[(59, 1), (61, 2)]), [(59, 1), (61, 2)]);
        let plan = StepPlan { step: Step::Hour, merge: 2 };
        assert_eq!(told(plan, &[(0, 1), (3600, 2), (7200, 4)], &[]), [(0, 3), (7200, 4)]);
    }
}
