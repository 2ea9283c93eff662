use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use eyrie_types::{Monotonic, NodeId, SegmentId};

/// The first and the longest pause before a segment is asked of a node again that did not have it as the index says.
const PAUSE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(3600));
/// Segments and nodes that are remembered. Beyond it those go that would be asked first.
const MAX: usize = 4096;

/// A segment, and the node that it was asked of.
type Asked = (SegmentId, NodeId);

/// What was asked for in vain, and when it may be asked for again: later after each time, so that a node which serves garbage is
/// no reason to do nothing else.
#[derive(Debug, Default)]
pub(super) struct InVain {
    failed: BTreeMap<Asked, (u32, Monotonic)>,
}

impl InVain {
    /// What is not to be asked for at `at`.
    pub(super) fn avoided(&self, at: Monotonic) -> BTreeSet<Asked> {
        self.failed.iter().filter(|(_, (_, until))| *until > at).map(|(asked, _)| *asked).collect()
    }

    /// It was asked for in vain at `at`; answers for how long it is not asked for again.
    pub(super) fn failed(&mut self, asked: Asked, at: Monotonic) -> Duration {
        let times = self.failed.get(&asked).map_or(0, |(times, _)| *times);
        let pause = PAUSE.0.saturating_mul(1 << times.min(16)).min(PAUSE.1);
        self.failed.insert(asked, (times.saturating_add(1), at + pause));
        if self.failed.len() > MAX
            && let Some(first) = self.failed.iter().min_by_key(|(_, (_, until))| *until).map(|(asked, _)| *asked)
        {
            self.failed.remove(&first);
        }
        pause
    }

    /// It was had.
    pub(super) fn worked(&mut self, asked: Asked) {
        self.failed.remove(&asked);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(n: u128) -> Asked {
        (SegmentId::from_uuid(uuid::Uuid::from_u128(n)), NodeId::from_uuid(uuid::Uuid::from_u128(1)))
    }

    #[test]
    fn whoever_serves_garbage_is_asked_ever_more_seldom_and_at_once_again_when_it_is_mended() {
        let (mut in_vain, mut at) = (InVain::default(), Monotonic::from_start(Duration::from_secs(1)));
        let mut pauses = Vec::new();
        for _ in 0..9 {
            let pause = in_vain.failed(asked(1), at);
            assert_eq!(in_vain.avoided(at), [asked(1)].into());
            at = at + pause;
            assert_eq!(in_vain.avoided(at), [].into());
            pauses.push(pause.as_secs());
        }
        assert_eq!(pauses, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
        in_vain.worked(asked(1));
        assert_eq!(in_vain.failed(asked(1), at), PAUSE.0);
    }

    #[test]
    fn no_more_are_remembered_than_may_be() {
        let mut in_vain = InVain::default();
        for n in 0..MAX as u128 + 10 {
            in_vain.failed(asked(n), Monotonic::from_start(Duration::from_millis(n as u64)));
        }
        assert_eq!(in_vain.failed.len(), MAX);
        assert!(!in_vain.failed.contains_key(&asked(0)));
    }
}
