use std::sync::Arc;

use eyrie_cluster::PlacementKey;
use eyrie_types::NodeId;

use crate::media_link::MediaLink;

/// Finds the nodes that hold a placement's camera.
type Holders = dyn Fn(&PlacementKey) -> Vec<NodeId> + Send + Sync;

/// The other nodes of the cell, as those who may feed a camera. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Feeders {
    /// What they are asked with.
    pub(crate) link: MediaLink,
    /// Which of them may have a session with the camera of a placement, as far as this node knows: they hold a placement of it,
    /// or held one and were cut off.
    pub(crate) holders: Arc<Holders>,
}
