//! A cell at the size it is built for, to measure the planner.

use std::collections::BTreeSet;
use std::time::Duration;

use eyrie_cluster::{
    CameraKey, CameraNeeds, CellCommand, CellState, Health, Identity, Member, PlanFacts, ProtocolRange, RaftId,
    plan_cell, survival,
};
use eyrie_types::{CameraId, CellId, Clock, NodeId, TenantId};
use uuid::Uuid;

/// Nodes of the measured cell.
pub const NODES: u128 = 100;
/// Its cameras.
pub const CAMERAS: u128 = 10_000;
const ZONES: u128 = 4;

/// What was measured.
#[derive(Debug, Clone)]
pub struct Measured {
    /// Placements before the death.
    pub placements: usize,
    /// Placements the dead node held.
    pub lost: usize,
    /// Commands of the plan after it.
    pub planned: usize,
    /// The longest of the repeated plans, and the median.
    pub plan_max: Duration,
    /// See `plan_max`.
    pub plan_p50: Duration,
    /// Planning when there is nothing to do.
    pub idle: Duration,
    /// Copying the state, as each applied entry does.
    pub copy: Duration,
    /// Applying the plan.
    pub apply: Duration,
    /// The N+1 verdict.
    pub survival: Duration,
    /// Placements after it that are not where they were, though their node lives.
    pub needless: usize,
}

/// A cell of [`NODES`] nodes and [`CAMERAS`] cameras, one in ten with a twin, all placed.
pub fn large_cell() -> CellState {
    let mut state = CellState::default();
    let mut apply = |command| drop(state.apply(command));
    for n in 0..NODES {
        let member = Box::new(Member {
            name: format!("n{n}"),
            start: 1,
            identity: Identity([n as u8; 16]),
            raft: RaftId(n as u64),
            peer: String::new(),
            url: String::new(),
            zone: format!("z{}", n % ZONES),
            labels: BTreeSet::new(),
            capacity: 150,
            protocol: ProtocolRange { min: 1, max: 1 },
            health: Health::Up,
            draining: false,
        });
        let node = node(n);
        apply(match n {
            0 => CellCommand::Found { cell: CellId::from_uuid(Uuid::from_u128(1)), node, member },
            _ => CellCommand::Join { node, member },
        });
    }
    for n in 0..CAMERAS {
        let camera = CameraId::from_uuid(Uuid::from_u128(0xca_0000 + n * 0x9e37_79b9));
        let key = CameraKey { tenant: TenantId::default_tenant(), camera };
        let redundancy = if n % 10 == 0 { 2 } else { 1 };
        let needs =
            CameraNeeds { revision: 1, enabled: true, redundancy, labels: BTreeSet::new(), max_sessions: 2, weight: 1 };
        apply(CellCommand::PutCamera { key, needs: Box::new(needs) });
    }
    loop {
        let plan = plan_cell(&state, &PlanFacts::default());
        if plan.is_empty() {
            return state;
        }
        plan.commands.into_iter().for_each(|command| drop(state.apply(command)));
    }
}

fn node(n: u128) -> NodeId {
    NodeId::from_uuid(Uuid::from_u128(0x7000 + n))
}

/// Kills one node of the large cell and plans anew, `times` times over.
pub fn measure(clock: &impl Clock, times: usize) -> Measured {
    let state = large_cell();
    let dead = node(NODES / 2);
    let facts = PlanFacts { calm: true, ..PlanFacts::default() };
    let timed = |work: &mut dyn FnMut()| {
        let start = clock.monotonic();
        work();
        clock.monotonic().since(start)
    };
    let idle = timed(&mut || drop(plan_cell(&state, &facts)));
    let survival = timed(&mut || drop(survival(&state)));
    let mut after = CellState::default();
    let copy = timed(&mut || after = state.clone());
    let health = CellCommand::SetHealth { node: dead, start: 1, health: Health::Dead };
    let lost = state.placements().values().filter(|placement| placement.node == dead).count();
    drop(after.apply(health));
    let mut plan = plan_cell(&after, &facts);
    let mut took: Vec<_> = (0..times.max(1)).map(|_| timed(&mut || plan = plan_cell(&after, &facts))).collect();
    took.sort_unstable();
    let planned = plan.commands.len();
    let mut commands = plan.commands.into_iter();
    let apply = timed(&mut || commands.by_ref().for_each(|command| drop(after.apply(command))));
    let moved = |(key, old): &(&eyrie_cluster::PlacementKey, &eyrie_cluster::CellPlacement)| {
        old.node != dead && after.placement(key).is_none_or(|new| new.node != old.node || new.next.is_some())
    };
    let needless = state.placements().iter().filter(moved).count();
    Measured {
        placements: state.placements().len(),
        lost,
        planned,
        plan_max: took.last().copied().unwrap_or_default(),
        plan_p50: took.get(took.len() / 2).copied().unwrap_or_default(),
        idle,
        copy,
        apply,
        survival,
        needless,
    }
}
