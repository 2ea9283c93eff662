use serde::Deserialize;

/// `GET /api/v1/cluster`: what a drill reads of it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ClusterView {
    pub(crate) leader: Option<String>,
    pub(crate) stale: bool,
    pub(crate) nodes: Vec<NodeView>,
    pub(crate) placements: u64,
    pub(crate) moving: u64,
    pub(crate) unplaced: u64,
}

/// A node of it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct NodeView {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) voter: bool,
    pub(crate) health: String,
    pub(crate) draining: bool,
    pub(crate) recording: Option<u64>,
}

/// `GET /api/v1/cluster/placements`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PlacementPage {
    pub(crate) items: Vec<PlacementView>,
}

/// A placement.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PlacementView {
    pub(crate) camera: String,
    pub(crate) slot: u64,
    pub(crate) node: String,
    pub(crate) epoch: u64,
    pub(crate) moving_to: Option<String>,
}

impl ClusterView {
    /// The number of the node called `n3`; `None` where it is not one of a local cell.
    pub(crate) fn number(&self, id: &str) -> Option<usize> {
        self.nodes.iter().find(|node| node.id == id)?.number()
    }

    /// The number of the node that leads.
    pub(crate) fn leader(&self) -> Option<usize> {
        self.number(self.leader.as_deref()?)
    }

    /// What is not as it should be in the steady state of a cell of `nodes` nodes; `None` where all is.
    pub(crate) fn unsteady(&self, nodes: usize, placements: u64) -> Option<String> {
        let up = self.nodes.iter().filter(|node| node.health == "up" && !node.draining).count();
        let voters = self.nodes.iter().filter(|node| node.voter).count();
        let recording: u64 = self.nodes.iter().filter_map(|node| node.recording).sum();
        let steady = up == nodes
            && !self.stale
            && self.leader.is_some()
            && voters == voters_of(nodes)
            && (self.moving, self.unplaced) == (0, 0)
            && self.placements == placements
            && recording >= placements;
        (!steady).then(|| {
            format!(
                "{up} of {nodes} nodes up, leader {:?}, {voters} voters, {} placements of {placements}, {} moving, {} without a \
                 node, {recording} recording{}",
                self.leader,
                self.placements,
                self.moving,
                self.unplaced,
                if self.stale { ", stale" } else { "" }
            )
        })
    }
}

/// How many vote in a cell of `nodes`.
fn voters_of(nodes: usize) -> usize {
    match nodes {
        0..=2 => 1,
        3 | 4 => 3,
        _ => 5,
    }
}

impl NodeView {
    /// Its number, by its name.
    pub(crate) fn number(&self) -> Option<usize> {
        self.name.strip_prefix('n')?.parse().ok()
    }
}
