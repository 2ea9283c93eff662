use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use eyrie_types::Monotonic;

/// Somebody who has not asked for so long watches no more: longer than the longest wait for a part.
const WATCHES_FOR: Duration = Duration::from_secs(15);
/// Viewers told apart, of one camera: 32 kB. Those beyond are served and not counted.
const VIEWERS_MAX: usize = 2_000;

/// Who watches a camera, by a number that stands for a sign-in or a capability: those who asked lately.
#[derive(Debug, Default)]
pub(crate) struct Viewers(Mutex<HashMap<u64, Monotonic>>);

impl Viewers {
    /// `viewer` asks at `now`.
    pub(crate) fn seen(&self, viewer: u64, now: Monotonic) {
        // Nothing that holds the lock can leave the map half-changed.
        let mut viewers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if viewers.len() < VIEWERS_MAX || viewers.contains_key(&viewer) {
            viewers.insert(viewer, now);
        } else {
            metrics::counter!("eyrie_live_viewers_uncounted_total").increment(1);
        }
    }

    /// How many watch at `now`; those who left are forgotten.
    pub(crate) fn count(&self, now: Monotonic) -> u64 {
        let mut viewers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        viewers.retain(|_, seen| now.since(*seen) < WATCHES_FOR);
        viewers.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_viewer_counts_once_until_it_has_not_asked_for_a_while_and_no_more_than_the_limit_are_kept() {
        let (viewers, start) = (Viewers::default(), Monotonic::from_start(Duration::from_secs(100)));
        viewers.seen(1, start);
        viewers.seen(1, start + Duration::from_secs(1));
        viewers.seen(2, start + Duration::from_secs(9));
        assert_eq!(viewers.count(start + Duration::from_secs(10)), 2);
        assert_eq!(viewers.count(start + Duration::from_secs(1) + WATCHES_FOR), 1);
        (0..10_000).for_each(|viewer| viewers.seen(viewer, start));
        assert_eq!(viewers.0.lock().unwrap().len(), VIEWERS_MAX);
    }
}
