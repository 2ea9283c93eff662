use std::collections::{BTreeMap, BTreeSet};

use eyrie_types::NodeId;

use super::loads::{Loads, siblings};
use crate::{CameraKey, CameraNeeds, CellState, PlacementKey};

/// The N+1 verdict: which losses the rest could not take over in full.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Survival {
    /// Nodes whose loss would leave this many placements without room.
    pub nodes: BTreeMap<NodeId, usize>,
    /// Zones likewise; none when all nodes share one zone.
    pub zones: BTreeMap<String, usize>,
}

impl Survival {
    /// Losing any one node still fits.
    pub fn any_node(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Losing any one zone still fits.
    pub fn any_zone(&self) -> bool {
        self.zones.is_empty()
    }
}

/// Would losing any one node, or any one zone, still fit? Places what would be lost with the rest, on paper.
pub fn survival(state: &CellState) -> Survival {
    let loads = Loads::of(state, &BTreeSet::new());
    let mut held: BTreeMap<NodeId, Vec<(&PlacementKey, &CameraNeeds)>> = BTreeMap::new();
    for (key, placement) in state.placements() {
        let needs = state.camera(&CameraKey::from(key)).filter(|needs| needs.enabled);
        needs.into_iter().for_each(|needs| held.entry(placement.node).or_default().push((key, needs)));
    }
    held.values_mut().for_each(|list| list.sort_by_key(|(_, needs)| std::cmp::Reverse(needs.load())));
    let lost = |gone: &[NodeId]| homeless(state, loads.clone(), &held, gone);
    let live: Vec<_> = state.members().iter().filter(|(_, member)| member.takes_placements()).collect();
    let nodes = live.iter().map(|(node, _)| (**node, lost(&[**node]))).filter(|(_, lost)| *lost > 0).collect();
    let mut zones: BTreeMap<&str, Vec<NodeId>> = BTreeMap::new();
    live.iter().for_each(|(node, member)| zones.entry(&member.zone).or_default().push(**node));
    if zones.len() < 2 {
        return Survival { nodes, zones: BTreeMap::new() };
    }
    let zones = zones.into_iter().map(|(zone, gone)| (zone.to_owned(), lost(&gone))).filter(|(_, lost)| *lost > 0);
    Survival { nodes, zones: zones.collect() }
}

fn homeless(
    state: &CellState,
    mut loads: Loads<'_>,
    held: &BTreeMap<NodeId, Vec<(&PlacementKey, &CameraNeeds)>>,
    gone: &[NodeId],
) -> usize {
    gone.iter().for_each(|node| loads.close(*node));
    let mut lost = 0;
    for (key, needs) in gone.iter().filter_map(|node| held.get(node)).flatten() {
        match loads.choose(key, needs, &siblings(state, key), None) {
            Some(node) => loads.add(node, i64::from(needs.load())),
            None => lost += 1,
        }
    }
    lost
}
