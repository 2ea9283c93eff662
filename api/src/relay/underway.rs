use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use eyrie_types::NodeId;

/// Bytes of one node's answers that are on their way at a time: a second of 2 Gbit/s. A node that answers without end fills this,
/// and takes nothing of another's.
pub(super) const UNDERWAY_BYTES_MAX: usize = 256 << 20;

/// How much of each node's answers is here and not whole yet.
#[derive(Debug, Default)]
pub(super) struct Underway(Mutex<HashMap<NodeId, usize>>);

impl Underway {
    /// Counts an answer of `node`, until what this returns is dropped.
    pub(super) fn answer(&self, node: NodeId) -> Counted<'_> {
        Counted { of: self, node, bytes: 0 }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<NodeId, usize>> {
        // No method can leave it half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One answer that is coming.
#[derive(Debug)]
pub(super) struct Counted<'a> {
    of: &'a Underway,
    node: NodeId,
    bytes: usize,
}

impl Counted<'_> {
    /// So much more of it came. Whether there is room for it.
    pub(super) fn more(&mut self, bytes: usize) -> bool {
        let mut all = self.of.lock();
        let node = all.entry(self.node).or_default();
        let fits = node.saturating_add(bytes) <= UNDERWAY_BYTES_MAX;
        if fits {
            *node += bytes;
            self.bytes += bytes;
        } else if *node == 0 {
            all.remove(&self.node);
        }
        fits
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        let mut all = self.of.lock();
        if let Some(node) = all.get_mut(&self.node) {
            *node = node.saturating_sub(self.bytes);
            if *node == 0 {
                all.remove(&self.node);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_node_fills_its_own_room_and_gives_it_back() {
        let (underway, garbler, other) = (Underway::default(), NodeId::random(), NodeId::random());
        let (mut one, mut two) = (underway.answer(garbler), underway.answer(garbler));
        assert!(one.more(UNDERWAY_BYTES_MAX - 10) && two.more(10) && !two.more(1));
        assert!(underway.answer(other).more(UNDERWAY_BYTES_MAX), "another's room is its own");
        drop(one);
        assert!(two.more(UNDERWAY_BYTES_MAX - 10));
        drop(two);
        assert!(underway.lock().is_empty());
    }
}
