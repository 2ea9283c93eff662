use std::time::Duration;

use eyrie_types::Monotonic;

/// The most that one step counts as time awake: twice the tick. A longer step means that we did not run meanwhile.
const STEP_MAX: Duration = Duration::from_millis(100);
/// A step longer than this is a stall, after which we doubt ourselves: what peers sent may still lie in our sockets.
const STALL: Duration = Duration::from_millis(400);
/// How long the doubt lasts, awake: three heartbeats.
const DOUBT: Duration = Duration::from_millis(600);

/// The time an observer was awake. A process that was stopped, or starved of CPU, did not hear anybody meanwhile, which says
/// nothing about them; so silence is measured on this clock.
#[derive(Debug, Clone, Default)]
pub struct Awake {
    last: Option<Monotonic>,
    awake: Duration,
    doubt_until: Duration,
}

impl Awake {
    /// Now it is `now`. Answers the time awake.
    pub fn advance(&mut self, now: Monotonic) -> Duration {
        let step = self.last.map_or(Duration::ZERO, |last| now.since(last));
        self.last = Some(self.last.map_or(now, |last| last.max(now)));
        self.awake += step.min(STEP_MAX);
        if step > STALL {
            self.doubt_until = self.awake + DOUBT;
        }
        self.awake
    }

    /// The time awake as of the last step.
    pub fn time(&self) -> Duration {
        self.awake
    }

    /// Whether a stall is so recent that own opinions are worth nothing.
    pub fn doubtful(&self) -> bool {
        self.awake < self.doubt_until
    }
}
