use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::JobName;

/// What the cell's administrator has chosen. Replaced as a whole, compared by revision.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Settings {
    /// Rises by one with each change.
    pub revision: u64,
    /// Move cameras to even out the load, not only when they must.
    pub rebalance: bool,
    /// How far the fullest and the emptiest node may be apart before a rebalance, in percent of capacity.
    pub rebalance_apart_percent: u8,
    /// Planned moves under way at once, drains included.
    pub moves_in_flight_max: u16,
    /// The nodes can feed a second recorder of a camera from the first (the media link between nodes).
    pub feed: bool,
    /// Work that one node at a time does for all.
    pub jobs: BTreeSet<JobName>,
}

impl Default for Settings {
    /// 20 points apart: a node that lost one camera of five does not start a wave. 8 moves at once: each doubles a camera's
    /// load on the network for as long as it takes to its next keyframe.
    fn default() -> Self {
        Self {
            revision: 0,
            rebalance: true,
            rebalance_apart_percent: 20,
            moves_in_flight_max: 8,
            feed: false,
            jobs: BTreeSet::new(),
        }
    }
}
