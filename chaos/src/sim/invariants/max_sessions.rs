//! The cell never asks its live nodes for more sessions than a camera allows, except where its needs have just been lowered: a
//! step may not make it worse.

use std::collections::BTreeMap;

use eyrie_cluster::{CameraKey, CellCommand, CellState, Health, PlacementKey, duties};

use super::Violation;

pub(super) fn check(before: &CellState, command: &CellCommand, after: &CellState) -> Result<(), Violation> {
    let key = match command {
        CellCommand::Place { key, .. } | CellCommand::BeginMove { key, .. } => key,
        CellCommand::FinishMove { key, .. } | CellCommand::AbandonMove { key, .. } => key,
        _ => return Ok(()),
    };
    let camera = CameraKey::from(key);
    let Some(needs) = after.camera(&camera).filter(|needs| needs.enabled) else { return Ok(()) };
    let (old, new) = (sessions(before, &camera), sessions(after, &camera));
    if new <= usize::from(needs.max_sessions).max(old) {
        return Ok(());
    }
    Err(Violation::new("max_sessions", format!("{command}: {new} sessions of {} allowed", needs.max_sessions)))
}

/// Sessions that live nodes are asked to hold: counted from what each is told, not as the planner counts.
fn sessions(state: &CellState, camera: &CameraKey) -> usize {
    let holders: BTreeMap<_, _> =
        state.placements_of(camera).flat_map(|(_, placement)| placement.nodes()).map(|node| (node, ())).collect();
    let lives = |node: &eyrie_types::NodeId| state.member(*node).is_some_and(|member| member.health == Health::Up);
    let direct = |node| {
        let of = move |(key, _): &(PlacementKey, _)| CameraKey::from(key) == *camera;
        duties(state, node)
            .into_iter()
            .filter(of)
            .filter(|(_, charge)| charge.enabled && charge.feed_from.is_none())
            .count()
    };
    holders.into_keys().filter(lives).map(direct).sum()
}
