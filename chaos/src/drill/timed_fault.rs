use std::time::Duration;

use super::Fault;

/// A fault and when it is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedFault {
    /// How long after the start of the round, which begins when the steady state has held.
    pub at: Duration,
    /// How long it lasts; zero for those that happen at one moment.
    pub lasts: Duration,
    /// Whether it comes again.
    pub again: Option<Again>,
    /// What; one of several, by the drill's seed, each time. Never empty.
    pub one_of: Vec<Fault>,
    /// The line of the file that says so.
    pub line: u64,
}

/// A fault that comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Again {
    /// From one beginning to the next.
    pub every: Duration,
    /// How often in all, the first time counted.
    pub times: u32,
}

impl TimedFault {
    /// How often it is done.
    pub fn times(&self) -> u32 {
        self.again.map_or(1, |again| again.times)
    }

    /// When the `n`th of them begins, counted from 0.
    pub fn begins(&self, n: u32) -> Duration {
        self.at + self.again.map_or(Duration::ZERO, |again| again.every.saturating_mul(n))
    }

    /// When the last of them is over.
    pub fn ends(&self) -> Duration {
        self.begins(self.times().saturating_sub(1)) + self.lasts
    }
}
