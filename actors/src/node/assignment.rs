use eyrie_cluster::PlacementKey;
use eyrie_types::{Camera, Epoch, NodeId, Slot, WallTime};

/// An incarnation that this node is to run.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The camera, its password unsealed.
    pub camera: Camera,
    /// Owner or twin.
    pub slot: Slot,
    /// Its epoch, which no incarnation of the placement has had before: one that runs under another is to stop, and this one to
    /// start.
    pub epoch: Epoch,
    /// Whoever had the placement before was last heard of at this time and is dead: from then until this node records, the
    /// ledger says that a node was down.
    pub dead_since: Option<WallTime>,
    /// The node that has the camera's session and is to feed this one; `None`: this one has a session of its own.
    pub feed_from: Option<NodeId>,
}

impl Assignment {
    /// Which placement.
    pub fn key(&self) -> PlacementKey {
        PlacementKey { tenant: self.camera.tenant.clone(), camera: self.camera.id, slot: self.slot }
    }
}
