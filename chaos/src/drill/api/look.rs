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

/// Looks at the cell, as whichever node answers sees it: one that knows of a leader, if there is any. Who is cut off knows the cell
/// as it was.
pub(super) async fn look(client: &ApiClient) -> Result<Look, ApiFailure> {
    let first = look_through(client, client.good()).await;
    if first.as_ref().is_ok_and(|seen| !seen.facts.stale) {
        return first;
    }
    let mut best = first;
    let asked = client.good();
    for at in (0..client.addresses()).filter(|at| *at != asked) {
        let Ok(seen) = look_through(client, at).await else { continue };
        if !seen.facts.stale {
            client.set_good(at);
            return Ok(seen);
        }
        if best.is_err() {
            client.set_good(at);
            best = Ok(seen);
        }
    }
    best
}

/// Looks at the cell as the node at address `at` sees it.
async fn look_through(client: &ApiClient, at: usize) -> Result<Look, ApiFailure> {
    let cell: Cell = client.get_of(at, "/api/v1/cluster").await?;
    let mut placements = Vec::new();
    let mut cursor = String::new();
    for _ in 0..PAGES_MAX {
        let page = format!("/api/v1/cluster/placements?limit={PAGE}&cursor={cursor}");
        let page: Placements = client.get_of(at, &page).await?;
        placements.extend(page.items);
        match page.next_cursor {
            Some(next) => cursor = next,
            None => break,
        }
    }
    Ok(of(cell, placements))
}

fn of(cell: Cell, placements: Vec<Placed>) -> Look {
    let nodes: BTreeMap<_, _> = cell.nodes.iter().map(|node| (node.name.clone(), node.id)).collect();
    let name_of = |id: NodeId| cell.nodes.iter().find(|node| node.id == id).map(|node| node.name.clone());
    let recorded: u64 = cell.nodes.iter().filter_map(|node| node.recording).sum();
    let mut cameras: BTreeMap<&str, Vec<&Placed>> = BTreeMap::new();
    placements.iter().for_each(|placed| cameras.entry(&placed.camera).or_default().push(placed));
    let ids = cameras.keys().map(|id| (*id).to_owned()).collect();
    let camera = |(id, mut placed): (&str, Vec<&Placed>)| {
        placed.sort_by_key(|placed| placed.slot);
        let nodes = placed.iter().filter_map(|placed| name_of(placed.node)).collect();
        let name = placed.iter().find_map(|placed| placed.name.as_deref());
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
