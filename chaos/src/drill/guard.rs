use std::collections::VecDeque;
use std::time::Duration;

use eyrie_types::Monotonic;

use super::file::duration_text;
use super::{Guardrails, Percent};

/// Longest window of API calls kept, in seconds: one entry a second.
const API_SECONDS_MAX: usize = 600;

/// What is seen of a cell at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Nodes that are not up.
    pub nodes_down: u32,
    /// Enabled cameras.
    pub cameras: u64,
    /// Those of them that nobody records.
    pub cameras_silent: u64,
    /// API calls that ended since the last look, by the probe.
    pub api_calls: u64,
    /// Those of them that succeeded.
    pub api_succeeded: u64,
}

/// Watches a drill's guardrails. It remembers the first breach: a drill that was broken off stays so.
#[derive(Debug, Clone)]
pub struct Guard {
    guardrails: Guardrails,
    began: Monotonic,
    silent_since: Option<Monotonic>,
    /// Calls and successes of the last seconds, with the second each entry began in.
    calls: VecDeque<(Monotonic, u64, u64)>,
    breach: Option<String>,
}

impl Guard {
    /// Watches from `now` on, when the drill begins.
    pub fn new(guardrails: Guardrails, now: Monotonic) -> Self {
        Self { guardrails, began: now, silent_since: None, calls: VecDeque::new(), breach: None }
    }

    /// Takes a look; the answer is why the drill has to be broken off, once there is a reason. `None` of `seen` is a cell that does
    /// not answer: the time runs on, and cameras of which nothing is known stay as they were.
    pub fn look(&mut self, now: Monotonic, seen: Option<Seen>) -> Option<&str> {
        if self.breach.is_none() {
            self.breach = self.breached(now, seen);
        }
        self.breach.as_deref()
    }

    fn breached(&mut self, now: Monotonic, seen: Option<Seen>) -> Option<String> {
        if now.since(self.began) > self.guardrails.longest {
            return Some(format!("the drill took longer than {}", duration_text(self.guardrails.longest)));
        }
        if let (Some(most), Some(seen)) = (self.guardrails.nodes_down, seen)
            && seen.nodes_down > most
        {
            return Some(format!("{} nodes are down, {most} may be", seen.nodes_down));
        }
        self.silent(now, seen).or_else(|| self.failing(now, seen))
    }

    fn silent(&mut self, now: Monotonic, seen: Option<Seen>) -> Option<String> {
        let rule = self.guardrails.cameras_silent?;
        if let Some(seen) = seen {
            let too_many = seen.cameras_silent > rule.more_than.of(seen.cameras);
            self.silent_since = too_many.then(|| self.silent_since.unwrap_or(now));
        }
        let lasting = now.since(self.silent_since?);
        (lasting > rule.lasting).then(|| {
            let (lasting, more_than) = (duration_text(rule.lasting), rule.more_than);
            format!("more than {more_than} were not recorded for longer than {lasting}")
        })
    }

    fn failing(&mut self, now: Monotonic, seen: Option<Seen>) -> Option<String> {
        let rule = self.guardrails.failing_api?;
        let seen = seen.unwrap_or_default();
        match self.calls.back_mut() {
            Some((began, calls, succeeded)) if now.since(*began) < Duration::from_secs(1) => {
                *calls += seen.api_calls;
                *succeeded += seen.api_succeeded;
            }
            _ => self.calls.push_back((now, seen.api_calls, seen.api_succeeded)),
        }
        while self.calls.len() > API_SECONDS_MAX
            || self.calls.front().is_some_and(|(at, ..)| now.since(*at) > rule.window)
        {
            self.calls.pop_front();
        }
        // A window that is not full yet says nothing: one failure at the start would be all of it.
        if now.since(self.began) < rule.window {
            return None;
        }
        let (calls, succeeded) =
            self.calls.iter().fold((0, 0), |(calls, good), (_, more, more_good)| (calls + more, good + more_good));
        let share = Percent::of(succeeded, calls);
        (share < rule.below).then(|| {
            format!(
                "{share} of the API calls of the last {} succeeded, less than {}",
                duration_text(rule.window),
                rule.below
            )
        })
    }
}

/// The dead man's switch of whoever does a fault: it ends the fault by itself when the drill is not heard.
#[derive(Debug, Clone, Copy)]
pub struct DeadMan {
    patience: Duration,
    heard: Monotonic,
}

impl DeadMan {
    /// Begins at `now` to listen.
    pub const fn new(patience: Duration, now: Monotonic) -> Self {
        Self { patience, heard: now }
    }

    /// The drill was heard.
    pub fn hear(&mut self, now: Monotonic) {
        self.heard = self.heard.max(now);
    }

    /// Its faults must end now.
    pub fn is_over(&self, now: Monotonic) -> bool {
        now.since(self.heard) >= self.patience
    }

    /// How long it still waits.
    pub fn left(&self, now: Monotonic) -> Duration {
        self.patience.saturating_sub(now.since(self.heard))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::{CameraLimit, CamerasSilent, FailingApi};

    fn at(secs: u64) -> Monotonic {
        Monotonic::from_start(Duration::from_secs(secs))
    }

    fn guard() -> Guard {
        let share = Percent::hundredths(5_000);
        let lasting = Duration::from_secs(10);
        let guardrails = Guardrails {
            nodes_down: Some(1),
            cameras_silent: Some(CamerasSilent { more_than: CameraLimit::Share(share), lasting }),
            failing_api: Some(FailingApi { below: share, window: lasting }),
            longest: Duration::from_secs(100),
        };
        Guard::new(guardrails, at(0))
    }

    fn seen(nodes_down: u32, cameras_silent: u64, api_succeeded: u64) -> Option<Seen> {
        Some(Seen { nodes_down, cameras: 6, cameras_silent, api_calls: 10, api_succeeded })
    }

    #[test]
    fn a_node_too_many_breaks_off_at_once_and_for_good() {
        let mut guard = guard();
        assert_eq!(guard.look(at(1), seen(1, 0, 10)), None);
        assert_eq!(guard.look(at(2), seen(2, 0, 10)), Some("2 nodes are down, 1 may be"));
        assert!(guard.look(at(3), seen(0, 0, 10)).is_some(), "what was broken off stays so");
    }

    #[test]
    fn cameras_may_be_silent_for_a_while_and_a_cell_that_does_not_answer_does_not_stop_the_clock() {
        let mut guard = guard();
        assert_eq!(guard.look(at(1), seen(0, 4, 10)), None);
        assert_eq!(guard.look(at(9), seen(0, 3, 10)), None, "half of six is not more than half");
        assert_eq!(guard.look(at(10), seen(0, 4, 10)), None);
        assert_eq!(guard.look(at(20), None), None);
        let why = guard.look(at(21), None).unwrap_or_default();
        assert_eq!(why, "more than 50% of the cameras were not recorded for longer than 10s");
    }

    #[test]
    fn an_api_that_fails_breaks_off_over_a_whole_window_only() {
        let mut guard = guard();
        for second in 1..10 {
            assert_eq!(guard.look(at(second), seen(0, 0, 0)), None, "{second}");
        }
        assert!(guard.look(at(10), seen(0, 0, 0)).is_some_and(|why| why.starts_with("0% of the API calls")));
        let mut guard = self::guard();
        for second in 1..60 {
            assert_eq!(guard.look(at(second), seen(0, 0, 5)), None, "{second}");
        }
        assert!(guard.calls.len() <= 11);
    }

    #[test]
    fn no_drill_is_endless() {
        let mut guard = guard();
        assert_eq!(guard.look(at(100), None), None);
        assert_eq!(guard.look(at(101), None), Some("the drill took longer than 1m40s"));
    }

    #[test]
    fn a_fault_ends_when_its_drill_is_not_heard() {
        let mut switch = DeadMan::new(Duration::from_secs(5), at(10));
        assert!(!switch.is_over(at(14)) && switch.is_over(at(15)));
        switch.hear(at(14));
        switch.hear(at(12));
        assert!(!switch.is_over(at(18)));
        assert_eq!(switch.left(at(18)), Duration::from_secs(1));
        assert!(switch.is_over(at(19)));
    }
}
