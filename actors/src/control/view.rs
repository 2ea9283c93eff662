use std::collections::BTreeMap;
use std::sync::Arc;

use eyrie_cluster::{CellState, Health, JobGrant, JobName, Member, Survival, survival};
use eyrie_types::{CameraId, CellId, Epoch, NodeId, Slot, TenantId};

use super::control::Shared;

/// The cell as one node sees it.
#[derive(Debug, Clone)]
pub struct CellView {
    /// The cell; `None` before this node has found one.
    pub cell: Option<CellId>,
    /// The node that looks.
    pub node: NodeId,
    /// The node that leads, if one is known.
    pub leader: Option<NodeId>,
    /// No leader is known, or most voters are silent: what is told may be out of date.
    pub stale: bool,
    /// How often the cell was recovered or restored.
    pub generation: u64,
    /// How far the log is applied here.
    pub applied: u64,
    /// The nodes.
    pub nodes: Vec<NodeView>,
    /// Where the cameras are.
    pub placements: Vec<PlacementView>,
    /// Who does which job of the cell.
    pub jobs: BTreeMap<JobName, JobGrant>,
    /// Would losing any one node or zone still fit?
    pub survival: Survival,
}

/// A node of the cell.
#[derive(Debug, Clone)]
pub struct NodeView {
    /// Which.
    pub node: NodeId,
    /// What the cell knows of it.
    pub member: Member,
    /// It votes.
    pub voter: bool,
    /// Placements it holds, with those moving to it.
    pub placements: usize,
    /// What runs there, as it last said; `None` when nobody here heard it.
    pub running: Option<u32>,
    /// Those of them that record.
    pub recording: Option<u32>,
    /// Milliseconds since it was last heard here; `None` for this node, and where nobody heard it.
    pub heard_ms: Option<u64>,
    /// How far its wall clock is ahead of this node's, in milliseconds, behind when negative; `None` where that is not known.
    pub clock_ahead_ms: Option<i64>,
}

/// A placement.
#[derive(Debug, Clone)]
pub struct PlacementView {
    /// Whose camera.
    pub tenant: TenantId,
    /// Which camera.
    pub camera: CameraId,
    /// Owner or twin.
    pub slot: Slot,
    /// Where it is.
    pub node: NodeId,
    /// The first epoch it has there.
    pub epoch: Epoch,
    /// Where it is moving to.
    pub moving_to: Option<NodeId>,
}

impl CellView {
    pub(super) fn of(shared: &Shared) -> Self {
        let (applied, state) = {
            let core = shared.core();
            let (index, state) = core.state();
            (index, Arc::clone(state))
        };
        let raft = shared.raft.role_now().view;
        let leader = raft.leader_node();
        let (at, heard, clocks) = (shared.clock.monotonic(), shared.heard(), shared.clocks());
        let voters = raft.voters();
        let nodes = state.members().iter().map(|(node, member)| {
            let last = heard.get(node);
            NodeView {
                node: *node,
                member: member.clone(),
                voter: voters.contains(node),
                placements: state.placements().values().filter(|placed| placed.nodes().any(|n| n == *node)).count(),
                running: last.map(|(_, heartbeat)| heartbeat.running),
                recording: last.map(|(_, heartbeat)| heartbeat.recording),
                heard_ms: last.map(|(last, _)| at.since(*last).as_millis() as u64),
                clock_ahead_ms: clocks.ahead_us(*node).map(|us| us / 1000),
            }
        });
        let mut nodes: Vec<_> = nodes.collect();
        drop((heard, clocks));
        if let Some(own) = nodes.iter_mut().find(|view| view.node == shared.me) {
            let running = shared.node.incarnations();
            own.running = Some(running.len() as u32);
            own.recording = Some(running.iter().filter(|(.., recording)| *recording).count() as u32);
            own.heard_ms = None;
        }
        Self {
            cell: state.cell(),
            node: shared.me,
            leader,
            stale: shared.cut_off()
                || leader.is_none_or(|leader| state.member(leader).is_none_or(|member| member.health != Health::Up)),
            generation: state.generation(),
            applied,
            nodes,
            placements: placements(&state),
            jobs: state.jobs().clone(),
            survival: survival(&state),
        }
    }
}

fn placements(state: &CellState) -> Vec<PlacementView> {
    let placements = state.placements().iter().map(|(key, placement)| PlacementView {
        tenant: key.tenant.clone(),
        camera: key.camera,
        slot: key.slot,
        node: placement.node,
        epoch: placement.since,
        moving_to: placement.next.map(|next| next.node),
    });
    placements.collect()
}
