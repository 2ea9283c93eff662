use std::time::Duration;

use eyrie_types::WallTime;

const DAY_S: f64 = 86_400.0;
/// Slower than this nothing is foreseen: what is left of it are rests of a stream that ended.
const RATE_MIN: f64 = 1.0;

/// What recordings take and how far there is room for more, as retention last found it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetentionOutlook {
    /// Bytes of all recordings.
    pub bytes: u64,
    /// When the oldest of them began.
    pub oldest: Option<WallTime>,
    /// Bytes recorded a second, since yesterday began (UTC).
    pub bytes_per_s: f64,
    /// Days until the room, or the node's limit by bytes, is used up at this rate; `None` while nothing is recorded.
    pub days_left: Option<f64>,
    /// How many days back recordings will reach then, or by the node's age; `None` where neither can be told.
    pub days_kept: Option<f64>,
}

impl RetentionOutlook {
    /// Of `bytes` of recordings whose rate is `bytes_per_s`: `room` is free on the disks, `max_bytes` and `max_age` are the node's
    /// rules.
    pub(super) fn new(
        (bytes, oldest): (u64, Option<WallTime>),
        bytes_per_s: f64,
        room: u64,
        max_bytes: Option<u64>,
        max_age: Option<Duration>,
    ) -> Self {
        let room = max_bytes.map_or(room, |max| room.min(max.saturating_sub(bytes)));
        let days = |bytes: u64| (bytes_per_s > RATE_MIN).then(|| bytes as f64 / bytes_per_s / DAY_S);
        let by_age = max_age.map(|age| age.as_secs_f64() / DAY_S);
        let by_room = days(bytes.saturating_add(room));
        let days_kept = by_room.into_iter().chain(by_age).reduce(f64::min);
        Self { bytes, oldest, bytes_per_s, days_left: days(room), days_kept }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A gigabyte a day.
    const RATE: f64 = 1e9 / DAY_S;
    const GB: u64 = 1_000_000_000;

    fn days(room: u64, max_bytes: Option<u64>, max_age_days: Option<u64>) -> (Option<f64>, Option<f64>) {
        let max_age = max_age_days.map(|days| Duration::from_secs(days * 86_400));
        let outlook = RetentionOutlook::new((10 * GB, None), RATE, room, max_bytes, max_age);
        let rounded = |days: Option<f64>| days.map(|days| (days * 100.0).round() / 100.0);
        (rounded(outlook.days_left), rounded(outlook.days_kept))
    }

    #[test]
    fn room_bytes_and_age_each_end_how_far_back_recordings_reach() {
        assert_eq!(days(20 * GB, None, None), (Some(20.0), Some(30.0)));
        assert_eq!(days(20 * GB, Some(15 * GB), None), (Some(5.0), Some(15.0)), "a limit below the room counts");
        assert_eq!(days(20 * GB, Some(5 * GB), None), (Some(0.0), Some(10.0)), "it is passed already");
        assert_eq!(days(20 * GB, None, Some(7)), (Some(20.0), Some(7.0)));
        assert_eq!(days(0, None, None), (Some(0.0), Some(10.0)));
    }

    #[test]
    fn nothing_is_foreseen_of_room_while_nothing_is_recorded() {
        let age = Some(Duration::from_secs(86_400));
        let outlook = RetentionOutlook::new((0, None), 0.0, GB, None, age);
        assert_eq!((outlook.days_left, outlook.days_kept), (None, Some(1.0)));
        assert_eq!(RetentionOutlook::new((0, None), 0.0, GB, None, None).days_kept, None);
    }
}
