use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eyrie_types::{Clock, Monotonic};

use super::{PeerError, RefusalReason};

/// At most one line of the log per reason in this time: who knocks all day must not fill the disk.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// Counts who was turned away (`eyrie_peer_refused_total{reason}`), and logs it at a limited rate.
pub(super) struct Refusals {
    clock: Arc<dyn Clock>,
    logged: Mutex<HashMap<RefusalReason, Logged>>,
}

struct Logged {
    at: Monotonic,
    unlogged: u64,
}

impl Refusals {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, logged: Mutex::default() }
    }

    /// `from` was turned away because of `error`.
    pub(super) fn count(&self, from: SocketAddr, error: &PeerError) {
        let reason = error.reason();
        metrics::counter!("eyrie_peer_refused_total", "reason" => reason.as_str()).increment(1);
        if let Some(unlogged) = self.may_log(reason) {
            tracing::warn!(%from, %reason, unlogged, "a peer was turned away: {error}");
        }
    }

    /// Whether a line may be written now, and how many were not since the last one.
    fn may_log(&self, reason: RefusalReason) -> Option<u64> {
        let now = self.clock.monotonic();
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        match logged.get_mut(&reason) {
            Some(last) if now.since(last.at) < LOG_EVERY => {
                last.unlogged += 1;
                None
            }
            last => {
                let unlogged = last.map_or(0, |last| last.unlogged);
                logged.insert(reason, Logged { at: now, unlogged: 0 });
                Some(unlogged)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eyrie_types::ManualClock;

    #[test]
    fn a_flood_is_logged_once_in_a_while_with_its_number() {
        let clock = ManualClock::default();
        let refusals = Refusals::new(Arc::new(clock.clone()));
        assert_eq!(refusals.may_log(RefusalReason::WrongSecret), Some(0));
        for _ in 0..500 {
            assert_eq!(refusals.may_log(RefusalReason::WrongSecret), None);
        }
        assert_eq!(refusals.may_log(RefusalReason::TooSlow), Some(0), "each reason for itself");
        clock.advance(LOG_EVERY);
        assert_eq!(refusals.may_log(RefusalReason::WrongSecret), Some(500));
    }
}
