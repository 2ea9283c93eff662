use eyrie_cluster::PlacementKey;
use eyrie_types::Epoch;

/// An incarnation that ended by itself: its placement needs another epoch to run again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallen {
    /// Which placement.
    pub key: PlacementKey,
    /// Which incarnation.
    pub epoch: Epoch,
}
