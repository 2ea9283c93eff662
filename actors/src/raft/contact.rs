use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eyrie_types::Monotonic;

use super::timing::LEADER_LEASE;

/// When the leader was last heard. What elections and votes are decided by.
#[derive(Debug)]
pub(super) struct LeaderContact(Mutex<Heard>);

#[derive(Debug)]
struct Heard {
    /// Raft id of whom; `None` before the first.
    leader: Option<u64>,
    at: Monotonic,
    /// Its process is known to be gone since.
    gone: bool,
}

impl LeaderContact {
    /// At the start the leader gets its chance to be heard.
    pub(super) fn new(now: Monotonic) -> Self {
        Self(Mutex::new(Heard { leader: None, at: now, gone: false }))
    }

    fn inner(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `leader` was heard.
    pub(super) fn heard(&self, leader: u64, now: Monotonic) {
        *self.inner() = Heard { leader: Some(leader), at: now, gone: false };
    }

    /// The connection that `peer` had opened has ended: killed, a process is missed at once. When it was only the connection,
    /// the leader is heard again before others agree that it is gone.
    pub(super) fn connection_lost(&self, peer: u64) {
        let mut heard = self.inner();
        if heard.leader == Some(peer) {
            heard.gone = true;
        }
    }

    /// This node stood still for `stalled`: the leader could not be heard in that time.
    pub(super) fn forgive(&self, stalled: Duration, now: Monotonic) {
        let mut heard = self.inner();
        heard.at = (heard.at + stalled).min(now);
    }

    /// When the leader was heard last; `None` when it never was, or is known to be gone.
    pub(super) fn last(&self) -> Option<Monotonic> {
        let heard = self.inner();
        heard.leader.filter(|_| !heard.gone).map(|_| heard.at)
    }

    /// How long ago the leader was heard, or this node started.
    pub(super) fn silent_for(&self, now: Monotonic) -> Duration {
        now.since(self.inner().at)
    }

    /// The leader's process is gone.
    pub(super) fn is_gone(&self) -> bool {
        self.inner().gone
    }

    /// Nobody leads, as far as can be heard: the lease has run out, or the leader's process is gone.
    pub(super) fn is_lost(&self, now: Monotonic) -> bool {
        self.is_gone() || self.silent_for(now) > LEADER_LEASE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Monotonic {
        Monotonic::from_start(Duration::from_millis(ms))
    }

    #[test]
    fn a_leader_is_lost_after_its_lease_or_with_its_connection() {
        let contact = LeaderContact::new(at(0));
        assert!(!contact.is_lost(at(500)) && contact.is_lost(at(501)));
        contact.heard(7, at(1000));
        assert!(!contact.is_lost(at(1500)));
        contact.connection_lost(8);
        assert!(!contact.is_lost(at(1500)), "somebody else's connection");
        contact.connection_lost(7);
        assert!(contact.is_lost(at(1001)));
        contact.heard(7, at(1002));
        assert!(!contact.is_lost(at(1100)), "it was only the connection");
    }

    #[test]
    fn a_node_that_stood_still_doubts_itself() {
        let contact = LeaderContact::new(at(0));
        contact.heard(7, at(100));
        contact.forgive(Duration::from_secs(5), at(5100));
        assert!(!contact.is_lost(at(5100)));
        assert!(contact.is_lost(at(5601)));
    }
}
