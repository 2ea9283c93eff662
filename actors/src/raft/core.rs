use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use eyrie_types::{Clock, Monotonic};

use super::contact::LeaderContact;
use super::log_store::LogStore;
use super::network::RaftLinks;
use super::timing::LEADER_LEASE;
use super::types::{Raft, RaftMetrics, RaftPeer, Vote};
use crate::peer::Peers;

/// What the parts of one member share.
pub(super) struct Core {
    pub(super) me: u64,
    pub(super) myself: RaftPeer,
    pub(super) raft: Raft,
    pub(super) log: LogStore,
    pub(super) links: RaftLinks,
    pub(super) peers: Peers,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) contact: LeaderContact,
    pub(super) quorum: QuorumContact,
    /// A voter has answered.
    pub(super) heard: tokio::sync::Notify,
    /// Held while the membership changes: one change at a time.
    pub(super) changing: tokio::sync::Mutex<()>,
}

impl Core {
    pub(super) fn metrics(&self) -> RaftMetrics {
        self.raft.metrics().borrow().clone()
    }

    /// This node leads, as far as it knows.
    pub(super) fn leads(&self) -> bool {
        self.raft.metrics().borrow().state.is_leader()
    }

    /// Somebody leads, as far as this node can tell: it heard the leader within the lease, or leads and is heard itself.
    pub(super) fn leader_lives(&self) -> bool {
        let now = self.clock.monotonic();
        if self.leads() { self.quorum.is_fresh(now) } else { !self.contact.is_lost(now) }
    }

    /// `vote` is that of a leader whom this node has not seen replaced.
    pub(super) fn acknowledges(&self, vote: &Vote) -> bool {
        vote.committed && *vote >= self.raft.metrics().borrow().vote
    }
}

/// When a leader last heard most of the voters.
#[derive(Debug)]
pub(super) struct QuorumContact(Mutex<Answered>);

#[derive(Debug)]
struct Answered {
    /// When this node began to lead.
    since: Monotonic,
    term: u64,
    /// When each voter's last answered question was asked.
    by: BTreeMap<u64, Monotonic>,
    /// When most of them had answered last.
    most: Option<Monotonic>,
}

impl QuorumContact {
    pub(super) fn new(now: Monotonic) -> Self {
        Self(Mutex::new(Answered { since: now, term: 0, by: BTreeMap::new(), most: None }))
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Answered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This node leads in `term`; in a new one, answers of earlier ones do not count.
    pub(super) fn leads(&self, term: u64, now: Monotonic) {
        let mut inner = self.inner();
        if inner.term != term {
            *inner = Answered { since: now, term, by: BTreeMap::new(), most: None };
        }
    }

    /// What `voter` was asked at `asked` in `term`, it has answered.
    pub(super) fn answered(&self, term: u64, voter: u64, asked: Monotonic) {
        let mut inner = self.inner();
        if inner.term == term {
            let last = inner.by.entry(voter).or_insert(asked);
            *last = asked.max(*last);
        }
    }

    /// Works out when most voters of each of `configs` had answered last; this node itself, `me`, always answers.
    pub(super) fn settle(&self, me: u64, configs: &[BTreeSet<u64>], now: Monotonic) {
        let mut inner = self.inner();
        let last = |voter: &u64| if *voter == me { Some(now) } else { inner.by.get(voter).copied() };
        let majority = |config: &BTreeSet<u64>| {
            let mut times: Vec<_> = config.iter().map(last).collect();
            times.sort_unstable_by(|a, b| b.cmp(a));
            times.get(config.len() / 2).copied().flatten()
        };
        inner.most = configs.iter().map(majority).min().flatten();
    }

    /// When most voters had answered last; `None` when they have not, in this term.
    pub(super) fn last(&self) -> Option<Monotonic> {
        self.inner().most
    }

    /// Most voters have answered within the lease; a new leader is given that time.
    pub(super) fn is_fresh(&self, now: Monotonic) -> bool {
        let inner = self.inner();
        now.since(inner.most.unwrap_or(inner.since).max(inner.since)) <= LEADER_LEASE
    }
}

/// Whether `granted` holds a majority of each of `configs`.
pub(super) fn is_quorum(configs: &[BTreeSet<u64>], granted: &BTreeSet<u64>) -> bool {
    configs.iter().all(|config| config.intersection(granted).count() > config.len() / 2)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(ms: u64) -> Monotonic {
        Monotonic::from_start(Duration::from_millis(ms))
    }

    #[test]
    fn a_leader_is_heard_by_most_of_each_configuration() {
        let quorum = QuorumContact::new(at(0));
        quorum.leads(4, at(1000));
        assert!(quorum.is_fresh(at(1500)) && !quorum.is_fresh(at(1501)), "its first chance");
        let (three, two): (BTreeSet<_>, BTreeSet<_>) = ([1, 2, 3].into(), [1, 4].into());
        quorum.answered(4, 2, at(2000));
        quorum.answered(3, 3, at(9000));
        quorum.settle(1, std::slice::from_ref(&three), at(2100));
        assert_eq!(quorum.last(), Some(at(2000)));
        quorum.settle(1, &[three.clone(), two.clone()], at(2100));
        assert_eq!(quorum.last(), None, "a joint configuration needs both");
        quorum.answered(4, 4, at(1900));
        quorum.settle(1, &[three, two], at(2100));
        assert_eq!(quorum.last(), Some(at(1900)));
        quorum.settle(1, &[[1].into()], at(5000));
        assert_eq!(quorum.last(), Some(at(5000)), "alone it hears itself");
    }

    #[test]
    fn a_quorum_is_a_majority_of_each() {
        let configs = [[1, 2, 3].into(), [3, 4, 5].into()];
        assert!(is_quorum(&configs[..1], &[1, 2].into()));
        assert!(!is_quorum(&configs, &[1, 2].into()));
        assert!(is_quorum(&configs, &[2, 3, 4].into()));
        assert!(!is_quorum(&[[1, 2].into()], &[1].into()));
    }
}
