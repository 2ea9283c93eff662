//! What is recorded by a live node stays there unless there is a reason: its node drains, lacks a label, carries too much, shares
//! a zone with the twin, or carries so much more than another that it was to be evened out.

use eyrie_cluster::{CameraKey, CellCommand, CellState, Health};

use super::Violation;
use super::capacity::used;

pub(super) fn check(before: &CellState, command: &CellCommand) -> Result<(), Violation> {
    let bad = |what: &str| Err(Violation::new("needless_moves", format!("{command}: {what}")));
    match command {
        CellCommand::Place { key, replaces: Some(_), .. } => {
            let holder = before.placement(key).map(|placement| placement.node);
            let lives = holder.and_then(|node| before.member(node)).is_some_and(|member| member.health == Health::Up);
            if lives { bad("its node lives") } else { Ok(()) }
        }
        CellCommand::BeginMove { key, .. } => {
            let Some((placement, needs)) = before.placement(key).zip(before.camera(&CameraKey::from(key))) else {
                return bad("nobody knows it");
            };
            let Some(member) = before.member(placement.node) else { return Ok(()) };
            let zone = |node| before.member(node).map(|member| member.zone.clone());
            let other = before.placements_of(&CameraKey::from(key)).filter(|(other, _)| other.slot != key.slot);
            let clash = other.flat_map(|(_, other)| other.nodes()).any(|node| zone(node) == zone(placement.node));
            let share = |node, capacity: u32| used(before, node) * 100 / capacity.max(1);
            let mine = share(placement.node, member.capacity);
            let takers = before.members().iter().filter(|(_, member)| member.takes_placements());
            let least = takers.map(|(node, member)| share(*node, member.capacity)).min().unwrap_or(mine);
            // Several moves of one plan even out until half of the threshold.
            let uneven = mine.saturating_sub(least) + 1 >= u32::from(before.settings().rebalance_apart_percent) / 2;
            let crowded = used(before, placement.node) > member.capacity;
            let reason = member.draining || !needs.labels.is_subset(&member.labels) || clash || uneven || crowded;
            if reason { Ok(()) } else { bad("for no reason") }
        }
        _ => Ok(()),
    }
}
