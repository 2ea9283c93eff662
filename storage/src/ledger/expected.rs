use eyrie_types::{TimeRange, WallTime};

use super::SpecChange;

/// The stretches of `range` for which specs asked for footage, up to `now`: sorted, none touching the next. `changes` must be
/// sorted by time and begin with the one in force at the start of `range`, if there is one; before the first nothing is asked.
pub fn expected(changes: &[SpecChange], range: TimeRange, now: WallTime) -> Vec<TimeRange> {
    let mut stretches: Vec<TimeRange> = Vec::new();
    for (index, change) in changes.iter().enumerate().filter(|(_, change)| change.expects_footage()) {
        let until = changes.get(index + 1).map_or(now, |next| next.at.min(now));
        let in_force = TimeRange::new(change.at, until).ok().and_then(|in_force| in_force.intersect(&range));
        let Some(stretch) = in_force else { continue };
        match stretches.last_mut() {
            Some(last) if last.end == stretch.start => last.end = stretch.end,
            _ => stretches.push(stretch),
        }
    }
    stretches
}
