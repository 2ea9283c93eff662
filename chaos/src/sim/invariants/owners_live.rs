//! Within the bound after everything is healed: every member is up, the voters are as many as there should be, and every
//! placement of an enabled camera is on a live node that records it, but for those that no node has room for.

use eyrie_cluster::{CellState, Health, voters_wanted};
use eyrie_types::Slot;

use super::super::world::World;
use super::capacity::used;
use super::zones;

/// Why the cell is not yet as it should be; `None`: it is.
pub(in super::super) fn why_not_settled(world: &World) -> Option<String> {
    let state = world.latest();
    for machine in &world.machines {
        let Some(process) = &machine.process else { continue };
        let Some(member) = state.member(machine.node) else { return Some(format!("{} is not a member", machine.node)) };
        if world.now < process.paused_until {
            return Some(format!("{} is stopped", member.name));
        }
        if member.health != Health::Up {
            return Some(format!("{} is held to be dead", member.name));
        }
        if member.start != machine.disk.member.start {
            return Some(format!("{} is known in an earlier start", member.name));
        }
        if process.applied + 1 < world.states.len() as u64 {
            return Some(format!("{} has not applied all", member.name));
        }
    }
    let leader =
        world.machines.iter().filter_map(|machine| machine.process.as_ref()).find(|process| process.cell.leads());
    let Some(leader) = leader else { return Some("nobody leads".to_owned()) };
    let voters = leader.raft_view(world.now).voters().len();
    if voters != voters_wanted(state.members().len()) {
        return Some(format!("{voters} voters for {} members", state.members().len()));
    }
    unrecorded(world, state).or_else(|| zones::clash(state))
}

fn unrecorded(world: &World, state: &CellState) -> Option<String> {
    for (camera, needs) in state.cameras().iter().filter(|(_, needs)| needs.enabled) {
        for slot in 0..state.wanted_slots(needs) {
            let key = camera.slot(Slot(slot));
            let Some(placement) = state.placement(&key) else {
                if has_room(state, &key, needs) {
                    return Some(format!("{key} is nowhere, though a node has room"));
                }
                continue;
            };
            let machine = world.machine_of(placement.node).map(|n| &world.machines[n]);
            let Some(process) = machine.and_then(|machine| machine.process.as_ref()) else {
                if state.member(placement.node).is_none() || has_room(state, &key, needs) {
                    return Some(format!("{key} is on a node that is gone, though another has room"));
                }
                continue;
            };
            let run = process.runs.get(&key);
            if !run
                .is_some_and(|run| run.recording && placement.since <= run.epoch && run.epoch <= placement.grant.last())
            {
                return Some(format!("{key} is not recorded: {run:?}"));
            }
        }
    }
    None
}

fn has_room(state: &CellState, key: &eyrie_cluster::PlacementKey, needs: &eyrie_cluster::CameraNeeds) -> bool {
    let camera = eyrie_cluster::CameraKey::from(key);
    let taken: Vec<_> = state.placements_of(&camera).flat_map(|(_, placement)| placement.nodes()).collect();
    state.members().iter().any(|(node, member)| {
        let fits = used(state, *node) + needs.weight <= member.capacity;
        member.takes_placements() && fits && needs.labels.is_subset(&member.labels) && !taken.contains(node)
    })
}
