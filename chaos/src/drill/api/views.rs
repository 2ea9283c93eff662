//! What is read of a cell's answers.

use eyrie_types::{CellId, NodeId, WallTime};
use serde::Deserialize;

/// `GET /api/v1/cluster`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Cell {
    pub(super) id: Option<CellId>,
    pub(super) leader: Option<NodeId>,
    pub(super) stale: bool,
    pub(super) nodes: Vec<Node>,
    pub(super) placements: u64,
    pub(super) moving: u64,
    pub(super) unplaced: u64,
    pub(super) without_twin: u64,
}

/// A node of it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Node {
    pub(super) id: NodeId,
    pub(super) name: String,
    pub(super) voter: bool,
    pub(super) health: String,
    pub(super) draining: bool,
    pub(super) start: u64,
    pub(super) recording: Option<u64>,
}

/// `GET /api/v1/cluster/placements`.
#[derive(Debug, Deserialize)]
pub(super) struct Placements {
    pub(super) items: Vec<Placed>,
    pub(super) next_cursor: Option<String>,
}

/// A placement.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Placed {
    pub(super) camera: String,
    pub(super) name: Option<String>,
    pub(super) slot: u64,
    pub(super) node: NodeId,
    pub(super) epoch: u64,
    pub(super) moving_to: Option<NodeId>,
}

/// `GET /api/v1/node`.
#[derive(Debug, Deserialize)]
pub(super) struct OneNode {
    pub(super) id: NodeId,
    pub(super) version: String,
    pub(super) now: WallTime,
}

/// `GET /api/v1/cameras/{id}/gaps`.
#[derive(Debug, Deserialize)]
pub(super) struct Gaps {
    pub(super) gaps: Vec<Gap>,
    pub(super) durable_s: f64,
}

/// A gap of the ledger.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Gap {
    pub(super) start: WallTime,
    pub(super) end: WallTime,
    pub(super) cause: String,
}

/// `POST /api/v1/drills/runs/{id}/beat`.
#[derive(Debug, Deserialize)]
pub(super) struct Beaten {
    pub(super) abort: Option<String>,
    pub(super) doing: Vec<Doing>,
}

/// What became of an order.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Doing {
    pub(super) number: u32,
    pub(super) state: eyrie_types::DrillDoingState,
    pub(super) at: WallTime,
    pub(super) why: String,
}
