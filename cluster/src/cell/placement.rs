use eyrie_types::{Epoch, NodeId};
use serde::{Deserialize, Serialize};

use super::EpochGrant;

/// How a placement changes its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MoveMode {
    /// Both pull the camera until the new one records.
    Overlap,
    /// The camera allows no further session: the new one is fed by the old one until it records.
    Feed,
    /// No further session and no feeding: the old one stops, then the new one starts.
    StopFirst,
}

/// The node a placement is moving to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PendingMove {
    /// Where to.
    pub node: NodeId,
    /// Its epochs there.
    pub grant: EpochGrant,
    /// How.
    pub mode: MoveMode,
}

/// Where a placement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CellPlacement {
    /// Whose it is.
    pub node: NodeId,
    /// The first epoch this node got for it; stays when the grant is renewed. What runs under an earlier one is of a former owner.
    pub since: Epoch,
    /// Its present epochs there; `grant.first` names this placing in commands that compare and set.
    pub grant: EpochGrant,
    /// The node it was taken from without being asked, for it was held to be dead: it may still be recording.
    pub taken_from: Option<NodeId>,
    /// Where it is moving to.
    pub next: Option<PendingMove>,
}

impl CellPlacement {
    /// A placing that follows a finished move, or an end of the old one's membership.
    pub(super) fn moved(next: PendingMove) -> Self {
        Self { node: next.node, since: next.grant.first, grant: next.grant, taken_from: None, next: None }
    }

    /// Every node that has to do with it now.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> {
        std::iter::once(self.node).chain(self.next.map(|next| next.node))
    }

    /// The grant that `node` has for it.
    pub fn grant_of(&self, node: NodeId) -> Option<EpochGrant> {
        let next = self.next.filter(|next| next.node == node).map(|next| next.grant);
        if self.node == node { Some(self.grant) } else { next }
    }
}
