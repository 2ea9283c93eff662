use eyrie_cluster::{EpochGrant, PlacementKey};
use eyrie_types::{Camera, Epoch, Slot, WallTime};

/// A placement that this node is to run.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The camera, its password unsealed.
    pub camera: Camera,
    /// Owner or twin.
    pub slot: Slot,
    /// The epochs of its incarnations here: the next one that is not spent for each start.
    pub grant: EpochGrant,
    /// The first epoch that this node was given for it without a break: an incarnation of an earlier one is to end. Below
    /// `grant.first` when the grant was renewed.
    pub since: Epoch,
    /// Whoever had the placement before was last heard of at this time and is dead: from then until this node records, the
    /// ledger says that a node was down.
    pub dead_since: Option<WallTime>,
}

impl Assignment {
    /// Which placement.
    pub fn key(&self) -> PlacementKey {
        PlacementKey { tenant: self.camera.tenant.clone(), camera: self.camera.id, slot: self.slot }
    }
}
