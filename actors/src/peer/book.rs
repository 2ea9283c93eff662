use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use eyrie_types::NodeId;
use tokio_util::sync::CancellationToken;

use super::{PeerError, PeerHello};

/// Node ids kept: a cell has at most 100 nodes; the rest is room for replaced ones.
const NODES_MAX: usize = 1000;

/// One process of a node, as long as no later one has come.
#[derive(Debug)]
pub(super) struct Incarnation {
    start: u64,
    instance: u64,
    /// Fires when a later start of the same node has greeted.
    pub(super) superseded: CancellationToken,
}

/// Which process of each node is the latest: of two with one id, the later start is heard and the other turned away.
#[derive(Debug)]
pub(super) struct PeerBook {
    own: (NodeId, u64),
    latest: Mutex<HashMap<NodeId, Arc<Incarnation>>>,
}

impl PeerBook {
    /// The book of a process of node `node` with the random number `instance`.
    pub(super) fn new(node: NodeId, instance: u64) -> Self {
        Self { own: (node, instance), latest: Mutex::default() }
    }

    /// Enters who has greeted, and ends connections with an earlier process of the same node.
    pub(super) fn admit(&self, hello: &PeerHello) -> Result<Arc<Incarnation>, PeerError> {
        let node = hello.node;
        if node == self.own.0 {
            let same = hello.instance == self.own.1;
            return Err(if same { PeerError::Myself } else { PeerError::TwoNodesOneId { node } });
        }
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = latest.get(&node) {
            if known.start == hello.start && known.instance == hello.instance {
                return Ok(known.clone());
            }
            if known.start == hello.start {
                return Err(PeerError::TwoNodesOneId { node });
            }
            if known.start > hello.start {
                return Err(PeerError::OldStart { node, start: hello.start, latest: known.start });
            }
            known.superseded.cancel();
        } else if latest.len() >= NODES_MAX {
            // Only the book itself still knows those without a connection.
            latest.retain(|_, known| Arc::strong_count(known) > 1);
            if latest.len() >= NODES_MAX {
                return Err(PeerError::TooManyNodes);
            }
        }
        let (start, instance) = (hello.start, hello.instance);
        let new = Arc::new(Incarnation { start, instance, superseded: CancellationToken::new() });
        latest.insert(node, new.clone());
        Ok(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::{PROTOCOL_MAX, PROTOCOL_MIN, Purpose};

    fn hello(node: NodeId, start: u64, instance: u64) -> PeerHello {
        let (protocol_min, protocol_max) = (PROTOCOL_MIN, PROTOCOL_MAX);
        let (cell, name, purpose) = (None, "n".to_owned(), Purpose::Raft);
        PeerHello { protocol_min, protocol_max, cell, node, start, instance, name, purpose }
    }

    #[test]
    fn the_later_start_wins_and_ends_the_earlier_one() {
        let book = PeerBook::new(NodeId::generate(), 1);
        let node = NodeId::generate();
        let first = book.admit(&hello(node, 4, 11)).unwrap();
        assert!(
            Arc::ptr_eq(&first, &book.admit(&hello(node, 4, 11)).unwrap()),
            "a second connection of the same process"
        );
        assert!(matches!(book.admit(&hello(node, 4, 12)), Err(PeerError::TwoNodesOneId { .. })));
        assert!(!first.superseded.is_cancelled());
        let second = book.admit(&hello(node, 5, 13)).unwrap();
        assert!(first.superseded.is_cancelled() && !second.superseded.is_cancelled());
        assert!(matches!(book.admit(&hello(node, 4, 11)), Err(PeerError::OldStart { latest: 5, .. })));
    }

    #[test]
    fn a_connection_with_oneself_is_told_from_a_copy_of_oneself() {
        let node = NodeId::generate();
        let book = PeerBook::new(node, 1);
        assert!(matches!(book.admit(&hello(node, 4, 1)), Err(PeerError::Myself)));
        assert!(matches!(book.admit(&hello(node, 4, 2)), Err(PeerError::TwoNodesOneId { .. })));
    }

    #[test]
    fn nodes_that_are_gone_make_room() {
        let book = PeerBook::new(NodeId::generate(), 1);
        let held: Vec<_> = (0..NODES_MAX - 1).map(|_| book.admit(&hello(NodeId::generate(), 1, 1)).unwrap()).collect();
        book.admit(&hello(NodeId::generate(), 1, 1)).unwrap();
        let last = book.admit(&hello(NodeId::generate(), 1, 1)).unwrap();
        assert!(matches!(book.admit(&hello(NodeId::generate(), 1, 1)), Err(PeerError::TooManyNodes)));
        drop((held, last));
        book.admit(&hello(NodeId::generate(), 1, 1)).unwrap();
    }
}
