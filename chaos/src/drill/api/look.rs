use std::collections::BTreeMap;

use eyrie_types::NodeId;

use super::views::{Cell, Placed, Placements};
use super::{ApiClient, ApiFailure};
use crate::drill::{CameraFacts, CellFacts, NodeFacts};

/// Placements on a page, and pages of one look: those of 100,000 cameras.
const PAGE: usize = 1_000;
const PAGES_MAX: usize = 200;

/// The cell at one moment.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub(super) facts: CellFacts,
    /// Cameras' ids, in the order of `facts`.
    pub(super) cameras: Vec<String>,
    /// Nodes' ids by name.
    pub(super) nodes: BTreeMap<String, NodeId>,
    /// Which start of its process each node that is up is at.
    pub(super) starts: BTreeMap<NodeId, u64>,
    pub(super) placements: Vec<Placed>,
    /// How many placements are to be recorded.
    pub(super) wanted: u64,
}

/// Looks at the cell, as whichever node answers sees it.
pub(super) async fn look(client: &ApiClient) -> Result<Look, ApiFailure> {
    let cell: Cell = client.get("/api/v1/cluster").await?;
    let mut placements = Vec::new();
    let mut cursor = String::new();
    for _ in 0..PAGES_MAX {
        let page: Placements = client.get(&format!("/api/v1/cluster/placements?limit={PAGE}&cursor={cursor}")).await?;
        placements.extend(page.items);
        match page.next_cursor {
            Some(next) => cursor = next,
            None => break,
        }
    }
    Ok(of(cell, placements))
}

/// A camera, as its placements tell of it.
#[derive(Default)]
struct Found<'a> {
    name: Option<&'a str>,
    /// Slots, and the names of their nodes.
    on: Vec<(u64, String)>,
}

fn of(cell: Cell, placements: Vec<Placed>) -> Look {
    let nodes: BTreeMap<_, _> = cell.nodes.iter().map(|node| (node.name.clone(), node.id)).collect();
    let name_of = |id: NodeId| cell.nodes.iter().find(|node| node.id == id).map(|node| node.name.clone());
    let recorded: u64 = cell.nodes.iter().filter_map(|node| node.recording).sum();
    let mut cameras: BTreeMap<&str, Found<'_>> = BTreeMap::new();
    for placed in &placements {
        let found = cameras.entry(&placed.camera).or_default();
        found.name = placed.name.as_deref();
        found.on.extend(name_of(placed.node).map(|node| (placed.slot, node)));
    }
    let ids = cameras.keys().map(|id| (*id).to_owned()).collect();
    let camera = |(id, Found { name, mut on }): (&str, Found<'_>)| {
        on.sort();
        let nodes = on.into_iter().map(|(_, node)| node).collect();
        CameraFacts { name: name.unwrap_or(id).to_owned(), nodes, recording: true }
    };
    let facts = CellFacts {
        cell: cell.id,
        stale: cell.stale,
        nodes: cell
            .nodes
            .iter()
            .map(|node| NodeFacts {
                name: node.name.clone(),
                up: node.health == "up",
                draining: node.draining,
                leader: cell.leader == Some(node.id),
                voter: node.voter,
            })
            .collect(),
        cameras: cameras.into_iter().map(camera).collect(),
        moving: cell.moving,
        unplaced: cell.unplaced,
        not_recorded: cell.placements.saturating_sub(recorded),
        without_twin: cell.without_twin,
        running: None,
    };
    let up = cell.nodes.iter().filter(|node| node.health == "up");
    let starts = up.map(|node| (node.id, node.start)).collect();
    Look { facts, cameras: ids, nodes, starts, wanted: cell.placements, placements }
}
