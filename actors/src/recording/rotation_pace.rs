use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use eyrie_types::Monotonic;

/// Least time between two planned rotations on a node: a new file costs a key row, two syncs and a directory entry, and
/// staggered boundaries still bunch by chance.
const INTERVAL: Duration = Duration::from_secs(1);

/// Paces planned rotations: at most one new segment a second. First segments, changes of stream and cuts at 00:00 UTC are not
/// planned rotations: they cannot wait.
#[derive(Debug, Default)]
pub(crate) struct RotationPace {
    last: Mutex<Option<Monotonic>>,
}

impl RotationPace {
    /// Takes the turn if there is one; else the segment goes on and asks again at its next GOP.
    pub(crate) fn try_take(&self, now: Monotonic) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|last| now.since(last) < INTERVAL) {
            return false;
        }
        *last = Some(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_rotation_a_second() {
        let pace = RotationPace::default();
        let at = |ms| Monotonic::from_start(Duration::from_millis(ms));
        assert!(pace.try_take(at(0)));
        assert!(!pace.try_take(at(999)));
        assert!(pace.try_take(at(1_000)));
    }
}
