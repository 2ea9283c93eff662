use std::collections::{BTreeMap, BTreeSet};

use eyrie_chaos::drill::{CameraFacts, CellFacts, NodeFacts};
use eyrie_cluster::CameraKey;
use eyrie_types::{CameraId, NodeId, TenantId};

use crate::model::{ClusterAnswer, NodeHealth};
use crate::{GatewayState, Problem};

/// The cell, as a drill is planned on it.
pub(crate) struct FactsOfCell {
    pub(crate) facts: CellFacts,
    /// The names of its nodes.
    pub(crate) names: BTreeMap<NodeId, String>,
}

/// What this node knows of the cell now.
pub(crate) async fn cell_facts(
    state: &GatewayState,
    tenant: &TenantId,
    answer: ClusterAnswer,
) -> Result<FactsOfCell, Problem> {
    let names: BTreeMap<_, _> = answer.nodes.iter().map(|node| (node.id, node.name.clone())).collect();
    let nodes = answer.nodes.iter().map(|node| NodeFacts {
        name: node.name.clone(),
        up: node.health == NodeHealth::Up,
        draining: node.draining,
        leader: answer.leader == Some(node.id),
        voter: node.voter,
    });
    let nodes: Vec<_> = nodes.collect();
    let recorded: u64 = answer.nodes.iter().filter_map(|node| node.recording).map(u64::from).sum();
    let mut on: BTreeMap<CameraId, Vec<String>> = BTreeMap::new();
    let cell = state.control().state();
    // By camera and slot: the owner comes first.
    for (key, placement) in cell.placements() {
        let camera = CameraKey { tenant: key.tenant.clone(), camera: key.camera };
        if key.tenant == *tenant && cell.camera(&camera).is_some_and(|needs| needs.enabled) {
            let name = names.get(&placement.node).cloned().unwrap_or_default();
            on.entry(key.camera).or_default().push(name);
        }
    }
    let mut cameras = Vec::with_capacity(on.len());
    let mut seen = BTreeSet::new();
    for (id, nodes) in on {
        let entry = state.directory().camera(tenant, id).await?;
        // Names need not be different; the later one of two goes by its id.
        let mut name = entry.map_or_else(|| id.to_string(), |entry| entry.name());
        if !seen.insert(name.clone()) {
            name = id.to_string();
        }
        cameras.push(CameraFacts { name, nodes, recording: true });
    }
    let facts = CellFacts {
        cell: answer.id,
        stale: answer.stale,
        nodes,
        cameras,
        moving: answer.moving,
        unplaced: answer.unplaced,
        not_recorded: answer.placements.saturating_sub(recorded),
        without_twin: answer.without_twin,
        running: None,
    };
    Ok(FactsOfCell { facts, names })
}
