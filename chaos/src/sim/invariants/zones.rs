//! Once a cell is calm, twins are in two zones if any node of another zone could take one.

use eyrie_cluster::{CameraKey, CellState};

use super::capacity::used;

/// Why a placement is not where it should be.
pub(super) fn clash(state: &CellState) -> Option<String> {
    let zone = |node| state.member(node).map(|member| member.zone.as_str());
    for (key, placement) in
        state.placements().iter().filter(|(key, placement)| key.slot.0 == 1 && placement.next.is_none())
    {
        let camera = CameraKey::from(key);
        let Some(owner) = state.placements_of(&camera).find(|(other, _)| other.slot.0 == 0).map(|(_, owner)| owner)
        else {
            continue;
        };
        let Some(needs) = state.camera(&camera).filter(|_| zone(owner.node) == zone(placement.node)) else { continue };
        let better = state.members().iter().find(|(node, member)| {
            let fits = used(state, **node) + needs.weight <= member.capacity;
            member.takes_placements()
                && Some(member.zone.as_str()) != zone(owner.node)
                && fits
                && needs.labels.is_subset(&member.labels)
        });
        if let Some((better, _)) = better {
            return Some(format!("zones: {key} is in the zone of its owner, {better} could take it"));
        }
    }
    None
}
