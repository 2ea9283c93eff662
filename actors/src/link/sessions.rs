use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use eyrie_types::NodeId;
use ractor::ActorRef;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::gateway::GatewayMessage;
use super::liveness::keep_watch;
use super::session::{LinkPeer, LinkSession};

/// Connections on which a session is being agreed upon: more than a cell has nodes.
const OPENING_MAX: usize = 256;

/// The sessions of a process.
pub(super) struct Sessions {
    own: NodeId,
    state: Mutex<State>,
    connected: watch::Sender<Arc<BTreeMap<NodeId, LinkPeer>>>,
}

#[derive(Default)]
struct State {
    numbers: u64,
    opening: HashMap<u64, (LinkPeer, CancellationToken)>,
    live: BTreeMap<NodeId, Arc<LinkSession>>,
    stopped: bool,
}

impl Sessions {
    pub(super) fn new(own: NodeId) -> Self {
        Self { own, state: Mutex::default(), connected: watch::Sender::default() }
    }

    /// This node.
    pub(super) fn own(&self) -> NodeId {
        self.own
    }

    /// The peers with which there is a session, as it changes.
    pub(super) fn connected(&self) -> watch::Receiver<Arc<BTreeMap<NodeId, LinkPeer>>> {
        self.connected.subscribe()
    }

    /// The session with `node`.
    pub(super) fn of(&self, node: NodeId) -> Option<Arc<LinkSession>> {
        self.lock().live.get(&node).cloned()
    }

    /// A session is to be opened with `peer`: its number, and what cuts its connection. `None` when no more may.
    pub(super) fn open(&self, mut peer: LinkPeer) -> Option<(u64, CancellationToken)> {
        let mut state = self.lock();
        if state.stopped || state.opening.len() >= OPENING_MAX {
            metrics::counter!("eyrie_link_closed_total", "reason" => "too_many").increment(1);
            return None;
        }
        state.numbers += 1;
        let (number, cut) = (state.numbers, CancellationToken::new());
        peer.session = number;
        state.opening.insert(number, (peer, cut.clone()));
        Some((number, cut))
    }

    /// The session `number` is ready; of two with one peer, one stays.
    pub(super) fn ready(self: &Arc<Self>, number: u64, gateway: ActorRef<GatewayMessage>) {
        let mut state = self.lock();
        let Some((peer, cut)) = state.opening.remove(&number) else { return };
        if let Some(other) = state.live.get(&peer.node) {
            metrics::counter!("eyrie_link_closed_total", "reason" => "duplicate").increment(1);
            if !supersedes(self.own, &peer, other.peer()) {
                tracing::debug!(node = %peer.node, "a second session with a peer is closed");
                return cut.cancel();
            }
            other.close();
        }
        tracing::info!(node = %peer.node, name = %peer.name, dialed = peer.dialed, "session with a peer");
        let session = Arc::new(LinkSession::new(peer, gateway, cut));
        state.live.insert(session.node(), session.clone());
        self.publish(&state);
        drop(state);
        tokio::spawn(keep_watch(Arc::clone(self), session));
    }

    /// Closes the session `number`, whatever state it is in.
    pub(super) fn cut(&self, number: u64, reason: &'static str) {
        let mut state = self.lock();
        if let Some((_, cut)) = state.opening.remove(&number) {
            metrics::counter!("eyrie_link_closed_total", "reason" => reason).increment(1);
            cut.cancel();
        }
        let node = state.live.values().find(|session| session.peer().session == number).map(|session| session.node());
        if let Some(session) = node.and_then(|node| state.live.remove(&node)) {
            tracing::info!(node = %session.node(), reason, "session with a peer closed");
            metrics::counter!("eyrie_link_closed_total", "reason" => reason).increment(1);
            session.close();
            self.publish(&state);
        }
    }

    /// The session `number` has ended.
    pub(super) fn ended(&self, number: u64) {
        self.cut(number, "ended");
    }

    /// Closes the session with `node`, if there is one.
    pub(super) fn forget(&self, node: NodeId) {
        if let Some(session) = self.of(node) {
            self.cut(session.peer().session, "not_a_peer");
        }
    }

    /// Whether the session `number` is being agreed upon still.
    pub(super) fn is_opening(&self, number: u64) -> bool {
        self.lock().opening.contains_key(&number)
    }

    /// Closes all; none is opened any more.
    pub(super) fn stop(&self) {
        let mut state = self.lock();
        state.stopped = true;
        state.opening.drain().for_each(|(_, (_, cut))| cut.cancel());
        std::mem::take(&mut state.live).into_values().for_each(|session| session.close());
        self.publish(&state);
    }

    fn publish(&self, state: &State) {
        metrics::gauge!("eyrie_link_sessions").set(state.live.len() as f64);
        let peers = state.live.iter().map(|(node, session)| (*node, session.peer().clone())).collect();
        self.connected.send_replace(Arc::new(peers));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every critical section leaves the value whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether, of two sessions with one peer, the `new` one stays. Both sides come to the same answer: a later process of the peer
/// has left its earlier sessions behind; who dials anew has lost the session it had dialed before; and where both dialed, the
/// smaller node's session stays.
fn supersedes(own: NodeId, new: &LinkPeer, old: &LinkPeer) -> bool {
    if (new.start, new.instance) != (old.start, old.instance) {
        return new.start >= old.start;
    }
    if new.dialed == old.dialed {
        return true;
    }
    new.dialed == (own < new.node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_keep_the_same_of_two_sessions() {
        let (small, great) = (NodeId::from_uuid(uuid::Uuid::from_u128(1)), NodeId::from_uuid(uuid::Uuid::from_u128(2)));
        let peer =
            |node, dialed, start| LinkPeer { node, start, instance: start, name: String::new(), dialed, session: 0 };
        // Which of two sessions stays, seen from either side, in either order: the one that the smaller node dialed.
        for (own, other) in [(small, great), (great, small)] {
            let from_small = peer(other, own == small, 1);
            let from_great = peer(other, own == great, 1);
            assert!(supersedes(own, &from_small, &from_great));
            assert!(!supersedes(own, &from_great, &from_small));
            assert!(supersedes(own, &from_small, &from_small), "who dials anew has lost the one before");
            assert!(supersedes(own, &peer(other, own == great, 2), &from_small), "the peer has started again");
            assert!(!supersedes(own, &from_small, &peer(other, own == great, 2)), "an earlier start comes too late");
        }
    }
}
