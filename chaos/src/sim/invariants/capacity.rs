//! Nothing is given to a node that has no room for it, is dead or draining, or lacks a label the camera asks for.

use eyrie_cluster::{CameraKey, CellCommand, CellState, Health};
use eyrie_types::NodeId;

use super::Violation;

pub(super) fn check(before: &CellState, command: &CellCommand) -> Result<(), Violation> {
    let (key, node) = match command {
        CellCommand::Place { key, node, .. } => (key, node),
        CellCommand::BeginMove { key, to, .. } => (key, to),
        _ => return Ok(()),
    };
    let bad = |what: String| Err(Violation::new("capacity", format!("{command}: {what}")));
    let (Some(needs), Some(member)) = (before.camera(&CameraKey::from(key)), before.member(*node)) else {
        return bad("nobody knows them".to_owned());
    };
    if member.health != Health::Up || member.draining {
        return bad(format!("node is {:?}, draining {}", member.health, member.draining));
    }
    if !needs.labels.is_subset(&member.labels) {
        return bad("node lacks a label".to_owned());
    }
    let weight = if needs.enabled { needs.weight } else { 0 };
    let used = used(before, *node);
    if used + weight > member.capacity {
        return bad(format!("{used} of {} are used, {weight} more do not fit", member.capacity));
    }
    Ok(())
}

/// What a node carries, both sides of moves counted.
pub(super) fn used(state: &CellState, node: NodeId) -> u32 {
    let on_it = state.placements().iter().filter(|(_, placement)| placement.nodes().any(|holder| holder == node));
    let weight =
        |camera: &CameraKey| state.camera(camera).filter(|needs| needs.enabled).map_or(0, |needs| needs.weight);
    on_it.map(|(key, _)| weight(&CameraKey::from(key))).sum()
}
