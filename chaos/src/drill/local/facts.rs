use std::collections::BTreeMap;

use super::{ClusterView, LocalCell, PlacementView, name};
use crate::drill::{CameraFacts, CellFacts, LocalTarget, NodeFacts};

/// The cell that is going to be made, as it will be when it is steady.
pub(crate) fn expected(target: &LocalTarget) -> CellFacts {
    let nodes = target.nodes.max(1) as usize;
    let node = |node| NodeFacts { name: name(node), up: true, draining: false, leader: node == 0, voter: node < 5 };
    let camera = |number: u32| {
        let slots = if number < target.twins { 2 } else { 1 };
        let on = (0..slots.min(nodes)).map(|slot| name((number as usize + slot) % nodes));
        CameraFacts { name: camera_name(number as usize), nodes: on.collect(), recording: true }
    };
    CellFacts {
        nodes: (0..nodes).map(node).collect(),
        cameras: (0..target.cameras).map(camera).collect(),
        ..CellFacts::default()
    }
}

/// The cell as it is: who is up, who leads, which camera is where. A node counts as up when nothing is being done to it.
pub(crate) fn facts(cell: &LocalCell, view: &ClusterView, placements: &[PlacementView]) -> CellFacts {
    let nodes = view.nodes.iter().map(|node| NodeFacts {
        name: node.name.clone(),
        up: node.health == "up" && node.number().is_some_and(|number| cell.is_sound(number)),
        draining: node.draining,
        leader: view.leader.as_ref() == Some(&node.id),
        voter: node.voter,
    });
    let mut on: BTreeMap<&str, Vec<(u64, String)>> = BTreeMap::new();
    for placed in placements {
        let at = view.number(&placed.node).map(name);
        on.entry(&placed.camera).or_default().extend(at.map(|at| (placed.slot, at)));
    }
    let cameras = cell.ids().iter().enumerate().map(|(number, id)| {
        let mut slots = on.remove(id.as_str()).unwrap_or_default();
        slots.sort();
        let nodes = slots.into_iter().map(|(_, node)| node).collect();
        CameraFacts { name: camera_name(number), nodes, recording: true }
    });
    CellFacts { nodes: nodes.collect(), cameras: cameras.collect(), stale: view.stale, ..CellFacts::default() }
}

/// The name of a camera.
pub(crate) fn camera_name(number: usize) -> String {
    format!("cam{number}")
}
