use std::collections::{BTreeMap, BTreeSet};

use eyrie_types::NodeId;

use crate::{CameraKey, CameraNeeds, CellPlacement, CellState, Member, PlacementKey};

/// Shares of a node's capacity are counted in millionths.
pub(super) const WHOLE: u64 = 1_000_000;

/// What each node carries, kept up to date while a plan is made.
#[derive(Clone)]
pub(super) struct Loads<'a> {
    nodes: BTreeMap<NodeId, NodeLoad<'a>>,
}

#[derive(Clone)]
pub(super) struct NodeLoad<'a> {
    pub(super) member: &'a Member,
    /// It may take new placements.
    pub(super) takes: bool,
    pub(super) used: u64,
}

impl NodeLoad<'_> {
    /// Its load with `more` on top, in millionths of its capacity; a node without capacity is full.
    pub(super) fn share(&self, more: u64) -> u64 {
        ((self.used + more) * WHOLE).checked_div(u64::from(self.member.capacity)).unwrap_or(u64::MAX)
    }

    pub(super) fn fits(&self, more: u64) -> bool {
        self.used + more <= u64::from(self.member.capacity)
    }

    pub(super) fn allows(&self, needs: &CameraNeeds) -> bool {
        needs.labels.is_subset(&self.member.labels)
    }
}

impl<'a> Loads<'a> {
    /// What is placed, both sides of a move counted. `unfit` take nothing new.
    pub(super) fn of(state: &'a CellState, unfit: &BTreeSet<NodeId>) -> Self {
        let load = |(node, member): (&NodeId, &'a Member)| {
            let takes = member.takes_placements() && !unfit.contains(node);
            (*node, NodeLoad { member, takes, used: 0 })
        };
        let mut loads = Self { nodes: state.members().iter().map(load).collect() };
        for (_, placement, needs) in placed(state) {
            for node in placement.nodes() {
                loads.add(node, i64::from(needs.load()));
            }
        }
        loads
    }

    pub(super) fn add(&mut self, node: NodeId, weight: i64) {
        if let Some(load) = self.nodes.get_mut(&node) {
            load.used = load.used.saturating_add_signed(weight);
        }
    }

    pub(super) fn get(&self, node: NodeId) -> Option<&NodeLoad<'a>> {
        self.nodes.get(&node)
    }

    pub(super) fn zone(&self, node: NodeId) -> Option<&'a str> {
        self.nodes.get(&node).map(|load| load.member.zone.as_str())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (NodeId, &NodeLoad<'a>)> {
        self.nodes.iter().map(|(node, load)| (*node, load))
    }

    /// All of them, in the order of their ids.
    pub(super) fn into_nodes(self) -> impl Iterator<Item = (NodeId, NodeLoad<'a>)> {
        self.nodes.into_iter()
    }

    /// The best node for a placement, `others` being the nodes that have or had to do with its camera: not one of them; in
    /// another zone than `apart` if that can be; the emptiest after taking it; equals are told apart by a hash, so that cameras
    /// spread.
    pub(super) fn choose(
        &self,
        key: &PlacementKey,
        needs: &CameraNeeds,
        others: &[NodeId],
        apart: Option<NodeId>,
    ) -> Option<NodeId> {
        let weight = u64::from(needs.load());
        let zone = apart.and_then(|node| self.zone(node));
        let fit = |(node, load): &(NodeId, &NodeLoad<'a>)| {
            load.takes && load.fits(weight) && !others.contains(node) && load.allows(needs)
        };
        let rank = |(node, load): &(NodeId, &NodeLoad<'a>)| {
            (zone == Some(load.member.zone.as_str()), load.share(weight), mix(key, *node), *node)
        };
        self.iter().filter(fit).min_by_key(rank).map(|(node, _)| node)
    }
}

/// All placements with what their cameras need, by camera and slot.
pub(super) fn placed(state: &CellState) -> impl Iterator<Item = (&PlacementKey, &CellPlacement, &CameraNeeds)> {
    let mut cameras = state.cameras().iter().peekable();
    state.placements().iter().filter_map(move |(key, placement)| {
        let wanted = (&key.tenant, key.camera);
        // Both maps are in the order of cameras.
        while cameras.next_if(|(camera, _)| (&camera.tenant, camera.camera) < wanted).is_some() {}
        let found = cameras.peek().filter(|(camera, _)| (&camera.tenant, camera.camera) == wanted);
        found.map(|(_, needs)| (key, placement, *needs))
    })
}

/// Mixes the ids of a placement and a node (splitmix64's finisher): the same everywhere and on every release.
fn mix(key: &PlacementKey, node: NodeId) -> u64 {
    let fold = |id: &[u8; 16]| {
        id.chunks(8).fold(0u64, |sum, part| sum.rotate_left(7) ^ part.iter().fold(0, |n, b| (n << 8) | u64::from(*b)))
    };
    let mut z =
        fold(key.camera.as_uuid().as_bytes()) ^ fold(node.as_uuid().as_bytes()).rotate_left(23) ^ u64::from(key.slot.0);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The nodes that hold any slot of a camera but `key`, and those only.
pub(super) fn siblings(state: &CellState, key: &PlacementKey) -> Vec<NodeId> {
    let others = state.placements_of(&CameraKey::from(key)).filter(|(other, _)| other.slot != key.slot);
    others.flat_map(|(_, placement)| placement.nodes()).collect()
}
