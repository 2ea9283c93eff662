use std::collections::BTreeMap;
use std::time::Duration;

use eyrie_types::{Monotonic, NodeId};

use super::{Awake, Phi};

/// When silence counts as death.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DetectorLimits {
    /// The usual interval of heartbeats.
    pub usual: Duration,
    /// Nobody is suspected earlier. Must be longer than a node lease, which ends before.
    pub floor: Duration,
    /// Everybody is suspected later, however irregular before.
    pub ceiling: Duration,
    /// The φ at which a peer is suspected in between.
    pub phi: f64,
}

impl Default for DetectorLimits {
    /// Four missed heartbeats at the least, for two are lost now and then; 2.5 s at the most, for the gap of a dead node's cameras
    /// is to stay below 4 s.
    fn default() -> Self {
        let ms = Duration::from_millis;
        Self { usual: ms(200), floor: ms(800), ceiling: ms(2_500), phi: 8.0 }
    }
}

/// What one observer hears of the others.
#[derive(Debug, Clone)]
pub struct Detector {
    limits: DetectorLimits,
    awake: Awake,
    peers: BTreeMap<NodeId, Peer>,
}

#[derive(Debug, Clone)]
struct Peer {
    /// Its latest start, heard of or heard.
    start: u64,
    /// That start has been heard.
    spoke: bool,
    /// Awake time of the last heartbeat, or of when we began to listen.
    heard: Duration,
    phi: Phi,
    /// Awake time of the last time we called it silent.
    called_silent: Option<Duration>,
}

impl Detector {
    /// An observer that has heard nobody yet.
    pub fn new(limits: DetectorLimits) -> Self {
        Self { limits, awake: Awake::default(), peers: BTreeMap::new() }
    }

    /// Time goes on; to be called before anything that is heard.
    pub fn advance(&mut self, now: Monotonic) {
        let awake = self.awake.advance(now);
        let limits = self.limits;
        for peer in self.peers.values_mut().filter(|peer| peer.is_silent(awake, &limits)) {
            peer.called_silent = Some(awake);
        }
    }

    /// Whom to listen for, with the start the cell knows of each. One that is new, or has started anew, counts as heard just now.
    pub fn watch(&mut self, nodes: impl Iterator<Item = (NodeId, u64)>) {
        let heard = self.awake.time();
        let fresh = |start| Peer { start, spoke: false, heard, phi: Phi::default(), called_silent: None };
        let mut old = std::mem::take(&mut self.peers);
        let mut peer = |node, start| match old.remove(&node) {
            Some(peer) if peer.start >= start => peer,
            _ => fresh(start),
        };
        self.peers = nodes.map(|(node, start)| (node, peer(node, start))).collect();
    }

    /// A heartbeat came. One of an earlier start than was heard of already is a straggler.
    pub fn heard(&mut self, node: NodeId, start: u64) {
        let now = self.awake.time();
        let Some(peer) = self.peers.get_mut(&node).filter(|peer| peer.start <= start) else { return };
        // A restart takes as long as it takes; it is no interval.
        if peer.spoke && peer.start == start {
            peer.phi.push(now.saturating_sub(peer.heard));
        }
        (peer.start, peer.spoke, peer.heard) = (start, true, now);
    }

    /// Whether a peer has been silent for too long. A stranger is not.
    pub fn is_silent(&self, node: NodeId) -> bool {
        self.peers.get(&node).is_some_and(|peer| peer.is_silent(self.awake.time(), &self.limits))
    }

    /// Whether this start of a peer has been heard, and lately.
    pub fn hears(&self, node: NodeId, start: u64) -> bool {
        self.peers.get(&node).is_some_and(|peer| peer.spoke && peer.start == start) && !self.is_silent(node)
    }

    /// Those who have been silent for too long, with their start.
    pub fn silent(&self) -> impl Iterator<Item = (NodeId, u64)> {
        let now = self.awake.time();
        self.peers
            .iter()
            .filter(move |(_, peer)| peer.is_silent(now, &self.limits))
            .map(|(node, peer)| (*node, peer.start))
    }

    /// Whether we called a peer silent within `period`. Until that is over, we confirm nothing to it: somebody may act on what we
    /// said.
    pub fn called_silent_within(&self, node: NodeId, period: Duration) -> bool {
        let said = self.peers.get(&node).and_then(|peer| peer.called_silent);
        said.is_some_and(|said| self.awake.time() < said + period)
    }

    /// Whether our own opinion is worth nothing now.
    pub fn doubtful(&self) -> bool {
        self.awake.doubtful()
    }
}

impl Peer {
    fn is_silent(&self, awake: Duration, limits: &DetectorLimits) -> bool {
        let silence = awake.saturating_sub(self.heard);
        silence >= limits.floor && (silence >= limits.ceiling || self.phi.value(silence, limits.usual) >= limits.phi)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::testing::node;

    fn at(ms: u64) -> Monotonic {
        Monotonic::from_start(Duration::from_millis(ms))
    }

    /// Ticks from `from` to `to` every 50 ms.
    fn run(detector: &mut Detector, from: u64, to: u64, hear: bool) {
        for ms in (from..to).step_by(50) {
            detector.advance(at(ms));
            if hear && ms % 200 == 0 {
                detector.heard(node(2), 1);
            }
        }
    }

    fn listening() -> Detector {
        let mut detector = Detector::new(DetectorLimits::default());
        detector.watch([(node(2), 1)].into_iter());
        run(&mut detector, 0, 5_050, true);
        detector
    }

    #[test]
    fn a_dead_peer_is_silent_after_the_floor() {
        let mut detector = listening();
        run(&mut detector, 5_050, 5_800, false);
        assert!(!detector.is_silent(node(2)));
        run(&mut detector, 5_800, 5_900, false);
        assert!(detector.is_silent(node(2)));
    }

    #[test]
    fn an_observer_that_was_stopped_doubts_itself_and_not_its_peers() {
        let mut detector = listening();
        detector.advance(at(15_000));
        assert!(!detector.is_silent(node(2)));
        assert!(detector.doubtful());
        run(&mut detector, 15_050, 15_700, false);
        assert!(!detector.doubtful());
        run(&mut detector, 15_700, 15_900, false);
        assert!(detector.is_silent(node(2)), "in the end it is believed");
    }

    #[test]
    fn a_starved_observer_measures_in_its_own_time() {
        let mut detector = listening();
        // It runs once every 390 ms, and its peer does no better.
        for n in 0..100 {
            detector.advance(at(5_100 + n * 390));
            if n % 3 == 0 {
                detector.heard(node(2), 1);
            }
            assert!(!detector.is_silent(node(2)));
        }
    }

    #[test]
    fn a_straggler_of_an_earlier_start_proves_nothing() {
        let mut detector = listening();
        detector.heard(node(2), 2);
        run(&mut detector, 5_050, 5_700, false);
        detector.heard(node(2), 1);
        run(&mut detector, 5_700, 6_000, false);
        assert!(detector.is_silent(node(2)));
    }
}
