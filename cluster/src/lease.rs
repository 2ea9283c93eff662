use std::collections::BTreeMap;
use std::time::Duration;

use eyrie_types::{Monotonic, NodeId};

/// How long a confirmed heartbeat permits side effects, from its sending. Shorter than the detector's floor by an eighth, so that
/// clocks may run apart by as much.
pub const LEASE: Duration = Duration::from_millis(700);

/// A node's permission to act for others to see: to answer live as the owner, to upload, to delete, to do jobs. Recording needs
/// none.
///
/// It rests on heartbeats that most voters have confirmed, and counts from their sending on the node's own clock. Most voters
/// must call a node silent before it is held to be dead; one of them is among those who confirmed, heard nothing since for the
/// detector's floor, and confirms nothing after. So the lease is over before anybody may take over, without a word from the leader.
#[derive(Debug, Clone, Default)]
pub struct Lease {
    confirmed: BTreeMap<NodeId, Monotonic>,
    until: Option<Monotonic>,
}

impl Lease {
    /// A voter has heard what we sent at `sent`.
    pub fn confirmed(&mut self, voter: NodeId, sent: Monotonic) {
        let last = self.confirmed.entry(voter).or_insert(sent);
        *last = sent.max(*last);
    }

    /// Until when it holds, given the voters. `me`, if one of them, confirms itself at any time.
    pub fn until(&mut self, now: Monotonic, me: NodeId, voters: &[NodeId]) -> Option<Monotonic> {
        self.confirmed.retain(|voter, _| voters.contains(voter));
        let time_of = |voter: &NodeId| if *voter == me { Some(now) } else { self.confirmed.get(voter).copied() };
        let mut times: Vec<_> = voters.iter().filter_map(time_of).collect();
        times.sort_unstable_by(|a, b| b.cmp(a));
        let basis = times.get(voters.len() / 2).copied();
        self.until = self.until.max(basis.map(|basis| basis + LEASE));
        self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::testing::node;

    fn at(ms: u64) -> Monotonic {
        Monotonic::from_start(Duration::from_millis(ms))
    }

    #[test]
    fn it_rests_on_most_voters_and_counts_from_sending() {
        let voters = [node(1), node(2), node(3)];
        let mut lease = Lease::default();
        assert_eq!(lease.until(at(0), node(9), &voters), None);
        lease.confirmed(node(1), at(1_000));
        assert_eq!(lease.until(at(1_200), node(9), &voters), None, "one of three is not most");
        lease.confirmed(node(2), at(900));
        assert_eq!(lease.until(at(1_300), node(9), &voters), Some(at(1_600)));
        lease.confirmed(node(2), at(100));
        assert_eq!(lease.until(at(1_400), node(9), &voters), Some(at(1_600)), "a late confirmation takes nothing back");
        assert_eq!(Lease::default().until(at(50), node(1), &[node(1)]), Some(at(750)), "a cell of one");
        let mut cut_off = Lease::default();
        assert_eq!(cut_off.until(at(50), node(1), &voters), None, "its own confirmation is one of three");
        assert_eq!(cut_off.until(at(50), node(1), &[]), None);
    }
}
