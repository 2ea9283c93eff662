use std::collections::BTreeSet;

use eyrie_cluster::{CameraKey, CameraNeeds, Identity, Member, ProtocolRange, RaftId, Settings};
use eyrie_types::{CameraId, CellId, NodeId, TenantId};
use uuid::Uuid;

use super::dice::Dice;

/// What a seed makes of the world before anything goes wrong.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Nodes at the start.
    pub nodes: usize,
    /// Cameras at the start.
    pub cameras: usize,
    /// Zones.
    pub zones: usize,
    /// How long faults go on, in microseconds.
    pub faults_us: u64,
    /// Capacity of each node.
    pub capacity: u32,
    /// Settings of the cell.
    pub settings: Settings,
}

impl Scenario {
    /// The world of a seed. One in 400 has 100 nodes.
    pub fn draw(dice: &mut Dice) -> Self {
        let nodes = match dice.within(0..400) {
            0 => 100,
            1..=12 => dice.within(10..25) as usize,
            13..=80 => dice.within(6..10) as usize,
            _ => dice.within(3..6) as usize,
        };
        let cameras = dice.within(3..4 + 2 * nodes as u64) as usize;
        // A camera weighs 2.2 on average, with twins.
        let capacity = (cameras as u64 * 3 / nodes as u64 + dice.within(6..20)) as u32;
        let settings = Settings {
            revision: 1,
            feed: dice.chance(500),
            moves_in_flight_max: dice.within(1..6) as u16,
            jobs: (0..dice.within(0..3)).map(|n| eyrie_cluster::JobName(format!("job-{n}"))).collect(),
            ..Settings::default()
        };
        let seconds = if nodes > 30 { 10..15 } else { 15..45 };
        let faults_us = dice.within(seconds) * 1_000_000;
        Self { nodes, cameras, zones: dice.within(1..5) as usize, faults_us, capacity, settings }
    }

    pub(super) fn member(&self, n: usize, dice: &mut Dice) -> Member {
        let labels = if dice.chance(600) { BTreeSet::from(["gpu".to_owned()]) } else { BTreeSet::new() };
        Member {
            name: format!("n{n}"),
            start: 1,
            identity: Identity([n as u8; 16]),
            raft: RaftId(dice.roll()),
            peer: format!("n{n}:7400"),
            url: format!("http://n{n}"),
            zone: format!("z{}", n % self.zones),
            labels,
            capacity: self.capacity,
            protocol: ProtocolRange { min: 1, max: 1 },
            health: eyrie_cluster::Health::Up,
            draining: false,
        }
    }
}

const FIRST_NODE: u128 = 0x7000_0000_0000_0000;

pub(super) fn node_id(n: usize) -> NodeId {
    NodeId::from_uuid(Uuid::from_u128(FIRST_NODE + n as u128))
}

pub(super) fn index_of(node: NodeId) -> Option<usize> {
    usize::try_from(node.as_uuid().as_u128().checked_sub(FIRST_NODE)?).ok()
}

pub(super) fn cell_id() -> CellId {
    CellId::from_uuid(Uuid::from_u128(0xce11))
}

pub(super) fn camera_key(n: usize) -> CameraKey {
    CameraKey {
        tenant: TenantId::default_tenant(),
        camera: CameraId::from_uuid(Uuid::from_u128(0xca_0000 + n as u128)),
    }
}

pub(super) fn needs(dice: &mut Dice, revision: u64) -> CameraNeeds {
    let labels = if dice.chance(100) { BTreeSet::from(["gpu".to_owned()]) } else { BTreeSet::new() };
    CameraNeeds {
        revision,
        enabled: !dice.chance(80),
        redundancy: if dice.chance(300) { 2 } else { 1 },
        labels,
        max_sessions: dice.within(1..4) as u16,
        weight: dice.within(1..4) as u32,
    }
}
