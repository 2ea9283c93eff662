//! Small worlds for tests.

use std::collections::BTreeSet;

use eyrie_types::{CameraId, CellId, NodeId, Slot, TenantId};

use super::*;
use crate::PlacementKey;

pub(crate) fn id(n: u32) -> String {
    format!("00000000-0000-7000-8000-{n:012x}")
}

pub(crate) fn node(n: u32) -> NodeId {
    id(n).parse().unwrap()
}

pub(crate) fn cell_id() -> CellId {
    id(0xce11).parse().unwrap()
}

pub(crate) fn camera(n: u32) -> CameraKey {
    let camera: CameraId = id(0xca_0000 + n).parse().unwrap();
    CameraKey { tenant: TenantId::default_tenant(), camera }
}

pub(crate) fn owner(n: u32) -> PlacementKey {
    camera(n).slot(Slot::OWNER)
}

pub(crate) fn twin(n: u32) -> PlacementKey {
    camera(n).slot(Slot(1))
}

pub(crate) fn member(n: u32) -> Member {
    Member {
        name: format!("n{n}"),
        start: 1,
        identity: Identity([n as u8; 16]),
        raft: RaftId(u64::from(n)),
        peer: format!("10.0.0.{n}:7400"),
        url: format!("http://10.0.0.{n}:8080"),
        zone: String::new(),
        labels: BTreeSet::new(),
        capacity: 100,
        protocol: ProtocolRange { min: 1, max: 1 },
        health: Health::Up,
        draining: false,
    }
}

pub(crate) fn needs() -> CameraNeeds {
    CameraNeeds { revision: 1, enabled: true, redundancy: 1, labels: BTreeSet::new(), max_sessions: 2, weight: 1 }
}

/// A cell of `nodes` nodes, `z` zones: node n is in zone n mod z.
pub(crate) fn cell(nodes: u32, zones: u32) -> CellState {
    let mut state = CellState::default();
    for n in 1..=nodes {
        let member = Box::new(Member { zone: format!("z{}", n % zones), ..member(n) });
        let command = match n {
            1 => CellCommand::Found { cell: cell_id(), node: node(1), member },
            _ => CellCommand::Join { node: node(n), member },
        };
        state.apply(command).unwrap();
    }
    state
}

pub(crate) fn put(state: &mut CellState, n: u32, needs: CameraNeeds) {
    state.apply(CellCommand::PutCamera { key: camera(n), needs: Box::new(needs) }).unwrap();
}

pub(crate) fn granted(answer: Result<CellAnswer, Refusal>) -> EpochGrant {
    match answer {
        Ok(CellAnswer::Granted(grant)) => grant,
        other => panic!("no grant: {other:?}"),
    }
}
