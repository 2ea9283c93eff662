use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use eyrie_types::Monotonic;

use crate::PlacementKey;

/// How fast placements may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacerLimits {
    /// Most connection set-ups under way at once.
    pub in_flight_max: usize,
    /// Least time between two starts.
    pub interval: Duration,
}

impl Default for PacerLimits {
    /// 16 set-ups at once: measured, 50 at once made some of them pass 10 s, while one takes 50 ms on a LAN. A start every
    /// 10 ms spreads 200 cameras over 2 s and their keyframe wake-ups with them.
    fn default() -> Self {
        Self { in_flight_max: 16, interval: Duration::from_millis(10) }
    }
}

/// A queue of placements that want to set up a connection, let through a few at a time. Each placement is in it at most once,
/// so it is never longer than the node's list of cameras.
#[derive(Debug, Clone)]
pub struct StartPacer {
    limits: PacerLimits,
    waiting: VecDeque<PlacementKey>,
    in_flight: BTreeSet<PlacementKey>,
    last_start: Option<Monotonic>,
}

impl StartPacer {
    /// An empty queue.
    pub fn new(limits: PacerLimits) -> Self {
        Self { limits, waiting: VecDeque::new(), in_flight: BTreeSet::new(), last_start: None }
    }

    /// Queues a placement; does nothing when it waits or sets up already.
    pub fn request(&mut self, key: PlacementKey) {
        if !self.in_flight.contains(&key) && !self.waiting.contains(&key) {
            self.waiting.push_back(key);
        }
    }

    /// A placement is set up, has failed or went away: its turn is over, wherever it stood.
    pub fn done(&mut self, key: &PlacementKey) {
        self.in_flight.remove(key);
        self.waiting.retain(|waiting| waiting != key);
    }

    /// The next placement to start now, if the limits allow one.
    pub fn next(&mut self, now: Monotonic) -> Option<PlacementKey> {
        if self.next_in(now)? > Duration::ZERO {
            return None;
        }
        let key = self.waiting.pop_front()?;
        self.in_flight.insert(key.clone());
        self.last_start = Some(now);
        Some(key)
    }

    /// How long until [`StartPacer::next`] can answer; `None` while nothing waits or all turns are taken.
    pub fn next_in(&self, now: Monotonic) -> Option<Duration> {
        if self.waiting.is_empty() || self.in_flight.len() >= self.limits.in_flight_max {
            return None;
        }
        let since = self.last_start.map_or(Duration::MAX, |last| now.since(last));
        Some(self.limits.interval.saturating_sub(since))
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// How many set up.
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }
}

#[cfg(test)]
mod tests {
    use eyrie_types::{CameraId, Slot, TenantId};

    use super::*;

    fn key() -> PlacementKey {
        PlacementKey { tenant: TenantId::default_tenant(), camera: CameraId::random(), slot: Slot::OWNER }
    }

    fn at(ms: u64) -> Monotonic {
        Monotonic::from_start(Duration::from_millis(ms))
    }

    #[test]
    fn two_hundred_cameras_never_exceed_the_limits() {
        let limits = PacerLimits { in_flight_max: 4, interval: Duration::from_millis(10) };
        let mut pacer = StartPacer::new(limits);
        (0..200).for_each(|_| pacer.request(key()));
        let (mut started, mut setting_up, mut last) = (0, VecDeque::new(), None);
        for ms in 0..100_000 {
            while let Some(key) = pacer.next(at(ms)) {
                assert!(last.is_none_or(|last| ms - last >= 10), "starts are at least 10 ms apart");
                last = Some(ms);
                started += 1;
                setting_up.push_back((ms + 50, key));
            }
            assert!(pacer.in_flight() <= 4);
            while setting_up.front().is_some_and(|(end, _)| *end <= ms) {
                pacer.done(&setting_up.pop_front().unwrap().1);
            }
        }
        assert_eq!((started, pacer.waiting(), pacer.in_flight()), (200, 0, 0));
    }

    #[test]
    fn a_placement_waits_only_once_and_leaves_when_removed() {
        let mut pacer = StartPacer::new(PacerLimits::default());
        let (a, b) = (key(), key());
        pacer.request(a.clone());
        pacer.request(a.clone());
        pacer.request(b.clone());
        assert_eq!(pacer.waiting(), 2);
        pacer.done(&a);
        assert_eq!(pacer.next(at(0)), Some(b));
        assert_eq!(pacer.next(at(1_000)), None);
    }
}
