use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use eyrie_types::Monotonic;

/// Least time between two lines: a Redis that is down for a day, or comes and goes, says so once a minute.
const EVERY: Duration = Duration::from_secs(60);

/// Lets one line through in each [`EVERY`], and counts those between.
#[derive(Debug, Default)]
pub(super) struct CountedLog(Mutex<(Option<Monotonic>, u64)>);

impl CountedLog {
    /// Whether to write now: then how many lines were left out since the last one.
    pub(super) fn may_write(&self, now: Monotonic) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.0.is_some_and(|last| now.since(last) < EVERY) {
            state.1 += 1;
            return None;
        }
        state.0 = Some(now);
        Some(std::mem::take(&mut state.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_lines_becomes_a_few_that_say_how_many_were_left_out() {
        let (log, at) = (CountedLog::default(), |ms| Monotonic::from_start(Duration::from_millis(ms)));
        let written: Vec<_> = (0..250).filter_map(|i| log.may_write(at(i * 600))).collect();
        assert_eq!(written, [0, 99, 99]);
    }
}
