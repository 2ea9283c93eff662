use std::time::Duration;

/// How often one subject (an address, a user) may try something, and what failures cost it: a token bucket, and pauses that
/// double. The same sums are made by `redis/limit.lua`.
#[derive(Debug, Clone, Copy)]
pub struct RateLimit {
    /// What is limited, such as `sign_in`: a part of key names, so a word.
    pub kind: &'static str,
    /// Attempts that may be made at once, at least 1.
    pub burst: u32,
    /// And each second from then on, at least 1.
    pub per_second: u32,
    /// Failures that cost no pause. From the next one on each costs one, of 1 s, 2 s, 4 s and so on,
    pub free_failures: u32,
    /// up to this.
    pub pause_max: Duration,
    /// Failures are forgotten when the subject was not seen for so long.
    pub kept: Duration,
    /// Subjects remembered; beyond them the one seen longest ago is forgotten.
    pub subjects_max: u32,
}

/// What is done to a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// An attempt is to be made.
    Take,
    /// An attempt failed.
    Failed,
    /// An attempt succeeded.
    Succeeded,
}

impl Step {
    /// As the script knows it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Take => "take",
            Self::Failed => "failed",
            Self::Succeeded => "succeeded",
        }
    }
}

/// What one subject did lately. Thousandths of tokens and milliseconds, so that a double holds every number exactly.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    tokens_milli: u64,
    touched_ms: u64,
    failures: u32,
    locked_until_ms: u64,
}

impl Bucket {
    /// Nothing was done.
    pub(super) fn full(limit: &RateLimit, now_ms: u64) -> Self {
        Self { tokens_milli: u64::from(limit.burst) * 1000, touched_ms: now_ms, failures: 0, locked_until_ms: 0 }
    }

    /// Does `step` at `now_ms`; answers how many milliseconds to wait before the next attempt, 0 when it may be made.
    pub(super) fn step(&mut self, limit: &RateLimit, step: Step, now_ms: u64) -> u64 {
        let elapsed = now_ms.saturating_sub(self.touched_ms);
        if elapsed >= millis(limit.kept) {
            self.failures = 0;
        }
        let refilled = self.tokens_milli.saturating_add(elapsed.saturating_mul(limit.per_second.into()));
        self.tokens_milli = refilled.min(u64::from(limit.burst) * 1000);
        self.touched_ms = now_ms;
        match step {
            Step::Take if self.locked_until_ms > now_ms => return self.locked_until_ms - now_ms,
            Step::Take if self.tokens_milli < 1000 => {
                return (1000 - self.tokens_milli).div_ceil(limit.per_second.into());
            }
            Step::Take => self.tokens_milli -= 1000,
            Step::Failed => {
                self.failures = self.failures.saturating_add(1);
                if let Some(doublings) = self.failures.checked_sub(limit.free_failures + 1) {
                    let pause = 1000_u64.saturating_mul(1_u64.checked_shl(doublings.min(40)).unwrap_or(u64::MAX));
                    self.locked_until_ms = now_ms + pause.min(millis(limit.pause_max));
                }
            }
            Step::Succeeded => self.failures = 0,
        }
        0
    }
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
