//! Ranges of wall time in queries. Every route that takes `from` and `to` reads them here, so that all refuse the same ranges
//! with the same answer: 400 `invalid_query`, naming the parameter.

use std::time::Duration;

use eyrie_types::{TimeRange, TimeRangeError, WallTime};

use crate::Problem;

/// The range asked for: until now and `default` long where it does not say, and no longer than `max`.
///
/// # Errors
/// `from` where the range is empty or reversed, `to` where it is longer than `max`.
pub(crate) fn range_or(
    from: Option<WallTime>,
    to: Option<WallTime>,
    now: WallTime,
    default: Duration,
    max: Duration,
) -> Result<TimeRange, Problem> {
    let to = to.unwrap_or(now);
    range_of(from.unwrap_or_else(|| to - default), to, max)
}

/// The range from `from` to `to`, no longer than `max`.
///
/// # Errors
/// As [`range_or`].
pub(crate) fn range_of(from: WallTime, to: WallTime, max: Duration) -> Result<TimeRange, Problem> {
    TimeRange::bounded(from, to, max).map_err(|error| {
        let field = match error {
            TimeRangeError::Reversed { .. } => "from",
            TimeRangeError::TooLong { .. } => "to",
        };
        Problem::query(field, error.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn refused(from: WallTime, to: WallTime) -> (u16, String) {
        let problem = range_of(from, to, HOUR).unwrap_err();
        (problem.status, problem.errors[0].field.clone())
    }

    #[test]
    fn reversed_empty_and_too_long_ranges_are_refused_by_name_and_the_longest_is_taken() {
        let noon = WallTime::EPOCH + 12 * HOUR;
        assert_eq!(refused(noon, noon - HOUR), (400, "from".to_owned()));
        assert_eq!(refused(noon, noon), (400, "from".to_owned()));
        assert_eq!(refused(noon, (noon + HOUR).offset_us(1)), (400, "to".to_owned()));
        assert!(range_of(noon, noon + HOUR, HOUR).is_ok());
    }

    #[test]
    fn a_range_that_does_not_say_ends_now_and_is_as_long_as_by_default() {
        let noon = WallTime::EPOCH + 12 * HOUR;
        let range = range_or(None, None, noon, HOUR / 2, HOUR).unwrap();
        assert_eq!((range.start, range.end), (noon - HOUR / 2, noon));
    }
}
