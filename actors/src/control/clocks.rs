use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use eyrie_types::{NodeId, WallTime};

/// Clocks further apart than this are told of: recordings are placed by them, and a second's difference shows between cameras of
/// two nodes. Machines that keep time by NTP are some milliseconds apart.
const APART_MAX: Duration = Duration::from_secs(2);
/// Readings of one node's clock that are compared, 15 s apart.
const READINGS: usize = 3;

/// How far the wall clocks of other nodes are from this one's. Nothing is decided by it: leases, failures and pauses go by
/// monotonic clocks. It is for people.
#[derive(Debug, Default)]
pub(super) struct Clocks(BTreeMap<NodeId, Readings>);

#[derive(Debug, Default)]
struct Readings {
    /// Theirs less ours, in microseconds.
    ahead_us: VecDeque<i64>,
    told: bool,
}

impl Clocks {
    /// Takes what `node` said its time was when it sent it, at `now`. Answers how far it is ahead, when that has just become too
    /// much; behind, when that is negative.
    pub(super) fn heard(&mut self, node: NodeId, theirs: WallTime, now: WallTime) -> Option<i64> {
        let readings = self.0.entry(node).or_default();
        readings.ahead_us.push_back(theirs.as_unix_us().saturating_sub(now.as_unix_us()));
        while readings.ahead_us.len() > READINGS {
            readings.ahead_us.pop_front();
        }
        let ahead = readings.ahead_us()?;
        let apart = ahead.unsigned_abs() > APART_MAX.as_micros() as u64;
        let new = apart && !readings.told;
        readings.told = apart;
        new.then_some(ahead)
    }

    /// How far a node's clock is ahead of this one's, in microseconds; `None` while it is not known.
    pub(super) fn ahead_us(&self, node: NodeId) -> Option<i64> {
        self.0.get(&node)?.ahead_us()
    }

    /// Forgets nodes that are none of the cell's.
    pub(super) fn retain(&mut self, member: impl Fn(NodeId) -> bool) {
        self.0.retain(|node, _| member(*node));
    }
}

impl Readings {
    /// What was long on its way makes a clock seem to be behind, never ahead: so the most of some readings counts, and one alone
    /// proves nothing of a clock that seems to be behind.
    fn ahead_us(&self) -> Option<i64> {
        self.ahead_us.iter().copied().max().filter(|ahead| *ahead >= 0 || self.ahead_us.len() > 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> WallTime {
        WallTime::from_unix_us(s * 1_000_000)
    }

    #[test]
    fn a_clock_that_is_ahead_is_told_once_and_again_after_it_was_right() {
        let (mut clocks, node) = (Clocks::default(), NodeId::random());
        assert_eq!(clocks.heard(node, at(3_600), at(0)), Some(3_600_000_000));
        assert_eq!(clocks.heard(node, at(3_615), at(15)), None);
        assert_eq!(clocks.ahead_us(node), Some(3_600_000_000));
        (2..5).for_each(|n| assert_eq!(clocks.heard(node, at(n * 15), at(n * 15)), None));
        assert_eq!(clocks.ahead_us(node), Some(0));
        assert_eq!(clocks.heard(node, at(3_600), at(75)), Some(3_525_000_000));
        clocks.retain(|_| false);
        assert_eq!(clocks.ahead_us(node), None);
    }

    #[test]
    fn what_was_merely_long_on_its_way_is_no_clock_that_is_behind() {
        let (mut clocks, node) = (Clocks::default(), NodeId::random());
        assert_eq!(clocks.heard(node, at(0), at(30)), None, "this process may have stood still");
        assert_eq!(clocks.ahead_us(node), None);
        assert_eq!(clocks.heard(node, at(45), at(45)), None);
        assert_eq!(clocks.ahead_us(node), Some(0));
        let behind = NodeId::random();
        assert_eq!(clocks.heard(behind, at(0), at(3_600)), None);
        assert_eq!(clocks.heard(behind, at(15), at(3_615)), Some(-3_600_000_000));
    }
}
