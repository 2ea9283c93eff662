use std::time::Duration;

/// A rising pause between attempts, jittered so that many cameras that failed together do not come back together.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    first: Duration,
    max: Duration,
    free: u32,
    failures: u32,
}

/// How long something must have worked before a failure counts as the first again: a camera that accepts a connection and
/// drops it at once must not be hammered.
const STABLE: Duration = Duration::from_secs(10);

impl Backoff {
    /// A lost camera: at once after the first loss, then 0.5 s doubling to 10 s.
    pub(crate) const fn reconnect() -> Self {
        Self::new(Duration::from_millis(500), Duration::from_secs(10), 1)
    }

    /// A camera that says no: 5 s doubling to 60 s, for only a person can change its mind, and some cameras lock an account
    /// after a few wrong passwords.
    pub(crate) const fn refused() -> Self {
        Self::new(Duration::from_secs(5), Duration::from_secs(60), 0)
    }

    /// A part of the tree that crashed: 0.2 s doubling to 30 s.
    pub(crate) const fn restart() -> Self {
        Self::new(Duration::from_millis(200), Duration::from_secs(30), 0)
    }

    /// A disk or key store that fails: 0.5 s doubling to 8 s, less than the ring can hold of a usual camera.
    pub(crate) const fn storage() -> Self {
        Self::new(Duration::from_millis(500), Duration::from_secs(8), 0)
    }

    /// The disk of the Raft log: 0.1 s doubling to 2 s, for the cell may wait for this node.
    pub(crate) const fn raft_disk() -> Self {
        Self::new(Duration::from_millis(100), Duration::from_secs(2), 0)
    }

    /// Another node of the cell: at once after a loss, then 0.1 s doubling to 3 s.
    pub(crate) const fn peer() -> Self {
        Self::new(Duration::from_millis(100), Duration::from_secs(3), 1)
    }

    const fn new(first: Duration, max: Duration, free: u32) -> Self {
        Self { first, max, free, failures: 0 }
    }

    /// The pause before the next attempt; `random` spreads it over 50 % to 100 % of the full pause.
    pub(crate) fn pause(&mut self, random: u64) -> Duration {
        let failures = self.failures;
        self.failures = failures.saturating_add(1);
        let Some(doublings) = failures.checked_sub(self.free) else { return Duration::ZERO };
        let full = self.first.saturating_mul(1_u32.checked_shl(doublings.min(16)).unwrap_or(u32::MAX)).min(self.max);
        let half_us = (full / 2).as_micros() as u64;
        Duration::from_micros(half_us + random % (half_us + 1))
    }

    /// It worked for `duration` before it failed: long enough, and the count starts again.
    pub(crate) fn worked_for(&mut self, duration: Duration) {
        if duration >= STABLE {
            self.failures = 0;
        }
    }

    /// The count starts again.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

/// Spreads pauses: the one place where the supervision tree draws random numbers.
#[expect(clippy::disallowed_methods, reason = "the tree is the shell that hands randomness to what decides")]
pub(crate) fn jitter() -> u64 {
    rand::random()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_camera_is_tried_at_once_then_after_jittered_rising_pauses() {
        let mut longest = Backoff::reconnect();
        let pauses: Vec<_> = (0..8).map(|_| longest.pause(u64::MAX - 1).as_millis()).collect();
        let mut shortest = Backoff::reconnect();
        let least: Vec<_> = (0..8).map(|_| shortest.pause(0).as_millis()).collect();
        assert_eq!(least, [0, 250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
        assert_eq!(pauses[0], 0);
        assert!(pauses.iter().zip(&least).skip(1).all(|(p, l)| p >= l && *p <= 10_000), "{pauses:?}");
    }

    #[test]
    fn only_success_that_lasts_starts_the_count_again() {
        let mut backoff = Backoff::reconnect();
        backoff.pause(0);
        backoff.worked_for(Duration::from_millis(50));
        assert!(backoff.pause(0) > Duration::ZERO);
        backoff.worked_for(Duration::from_secs(60));
        assert_eq!(backoff.pause(0), Duration::ZERO);
    }
}
