use eyrie_actors::control::{CellView, NodeView, PlacementView};
use eyrie_cluster::{CameraKey, CellPlacement, CellState, Health, JobGrant, JobName, PlacementKey, Survival};
use eyrie_types::{CameraId, CellId, Epoch, NodeId, Slot};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The cell, as the node sees it that answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClusterAnswer {
    /// The cell; `null` while this node has neither founded nor joined one.
    #[schema(required)]
    pub id: Option<CellId>,
    /// The node that answers.
    pub node: NodeId,
    /// The node that leads; `null` while none is known, and where `stale`.
    #[schema(required)]
    pub leader: Option<NodeId>,
    /// This node knows no leader that lives: it is cut off, or most voters are down. What it tells may be out of date, and nothing
    /// can be changed; what is being recorded goes on.
    pub stale: bool,
    /// How often the cell was recovered by hand or restored.
    pub generation: u64,
    /// How far this node has followed the cell's log.
    pub applied_index: u64,
    /// The nodes by name, at most 256.
    pub nodes: Vec<ClusterNode>,
    /// Placements of enabled cameras that have a node: one a camera, two for those with a twin.
    pub placements: u64,
    /// Those of them that are on their way to another node.
    pub moving: u64,
    /// Enabled cameras that no live node has: none with room fits them, or one has just died.
    pub unplaced: u64,
    /// Enabled cameras that want a twin, and that one live node alone has.
    pub without_twin: u64,
    /// Work on what all nodes share, by name: which of them does it now.
    pub jobs: Vec<ClusterJob>,
    /// Would all cameras still fit if a node or a zone failed?
    pub survival: SurvivalAnswer,
}

/// Work that one node at a time does for the cell.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClusterJob {
    /// Which.
    #[schema(example = "sweep-sessions")]
    pub name: String,
    /// The node that does it: another one soon after this one died, drains or starts anew.
    pub node: NodeId,
    /// Rises whenever it is given to a node.
    pub epoch: Epoch,
}

/// A node of a cell.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClusterNode {
    /// Its id.
    pub id: NodeId,
    /// What people call it.
    #[schema(example = "berlin-2")]
    pub name: String,
    /// Base URL of its API.
    #[schema(example = "https://berlin-2.example.org:8080")]
    pub url: String,
    /// What fails together with it; empty where no zones are configured.
    pub zone: String,
    /// What cameras may ask for.
    pub labels: Vec<String>,
    /// How many placements it takes.
    pub capacity: u32,
    /// It has a vote in the cell's decisions.
    pub voter: bool,
    /// What the cell holds it to be.
    pub health: NodeHealth,
    /// Its placements are moving to other nodes, and it gets no new ones.
    pub draining: bool,
    /// Which start of its process this is.
    pub start: u64,
    /// Placements of enabled cameras it has, those counted that are moving to it.
    pub placements: u64,
    /// Placements that run there, as it last said; `null` where that is not known, or the node is dead.
    #[schema(required)]
    pub running: Option<u32>,
    /// Those of them that record.
    #[schema(required)]
    pub recording: Option<u32>,
    /// Milliseconds since the node that answers last heard it; `null` for that node itself, and for those it never heard.
    #[schema(required)]
    pub heard_ms: Option<u64>,
    /// Milliseconds by which its wall clock is ahead of that of the node that answers, behind when negative; `null` while that is
    /// not known. More than some tens say that one of the two does not keep time.
    #[schema(required)]
    pub clock_ahead_ms: Option<i64>,
}

/// What the cell holds a node to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeHealth {
    /// It is heard.
    Up,
    /// Most voters do not hear it: its placements went to other nodes.
    Dead,
}

/// Which failures the rest of the cell could not make up for (the N+1 rule).
#[derive(Debug, Serialize, ToSchema)]
pub struct SurvivalAnswer {
    /// Any one node may fail: all placements still fit on the others.
    pub any_node: bool,
    /// Any one zone may fail; also true where all nodes share one zone.
    pub any_zone: bool,
    /// Any one node may fail, and the cell still has a leader. Without one, nothing moves: the cameras of a node that fails stay
    /// with it. Never so with fewer than three nodes.
    pub quorum: bool,
    /// Nodes whose failure would leave placements without room, the worst first.
    pub nodes: Vec<NodeLoss>,
    /// Zones likewise; none where all nodes share one zone.
    pub zones: Vec<ZoneLoss>,
}

/// What the failure of a node would cost.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodeLoss {
    /// Which node.
    pub id: NodeId,
    /// Its name.
    pub name: String,
    /// Placements that would find no room.
    pub without_room: u64,
}

/// What the failure of a zone would cost.
#[derive(Debug, Serialize, ToSchema)]
pub struct ZoneLoss {
    /// Which zone.
    pub zone: String,
    /// Placements that would find no room.
    pub without_room: u64,
}

impl ClusterAnswer {
    /// What `view` shows; `cell` tells which cameras are enabled, for the others cost nothing.
    pub(crate) fn of(mut view: CellView, cell: &CellState) -> Self {
        let enabled = |placement: &PlacementView| {
            let key = CameraKey { tenant: placement.tenant.clone(), camera: placement.camera };
            cell.camera(&key).is_some_and(|needs| needs.enabled)
        };
        view.placements.retain(enabled);
        for node in &mut view.nodes {
            let has =
                |placement: &&PlacementView| [Some(placement.node), placement.moving_to].contains(&Some(node.node));
            node.placements = view.placements.iter().filter(has).count();
        }
        let (unplaced, without_twin) = missing(cell);
        let survival = SurvivalAnswer::of(&view.survival, &view.nodes);
        let mut nodes: Vec<_> = view.nodes.into_iter().map(ClusterNode::from).collect();
        nodes.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        Self {
            id: view.cell,
            node: view.node,
            // One without its voters takes itself for the leader still.
            leader: view.leader.filter(|_| !view.stale),
            stale: view.stale,
            generation: view.generation,
            applied_index: view.applied,
            nodes,
            placements: view.placements.len() as u64,
            moving: view.placements.iter().filter(|placement| placement.moving_to.is_some()).count() as u64,
            unplaced,
            without_twin,
            jobs: view.jobs.into_iter().map(ClusterJob::from).collect(),
            survival,
        }
    }
}

/// How many cameras no live node has, and how many fewer than they want.
fn missing(cell: &CellState) -> (u64, u64) {
    let (mut unplaced, mut without_twin) = (0, 0);
    let lives = |id: NodeId| cell.member(id).is_some_and(|member| member.health == Health::Up);
    for (key, needs) in cell.cameras().iter().filter(|(_, needs)| needs.enabled) {
        match cell.placements_of(key).filter(|(_, placement)| placement.nodes().any(lives)).count() {
            0 => unplaced += 1,
            placed if placed < usize::from(cell.wanted_slots(needs)) => without_twin += 1,
            _ => {}
        }
    }
    (unplaced, without_twin)
}

impl From<(JobName, JobGrant)> for ClusterJob {
    fn from((JobName(name), JobGrant { node, epoch, .. }): (JobName, JobGrant)) -> Self {
        Self { name, node, epoch }
    }
}

impl From<NodeView> for ClusterNode {
    fn from(view: NodeView) -> Self {
        let NodeView { node, member, voter, placements, running, recording, heard_ms, clock_ahead_ms } = view;
        let lives = member.health == Health::Up;
        Self {
            id: node,
            name: member.name,
            url: member.url,
            zone: member.zone,
            labels: member.labels.into_iter().collect(),
            capacity: member.capacity,
            voter,
            health: match member.health {
                Health::Up => NodeHealth::Up,
                Health::Dead => NodeHealth::Dead,
            },
            draining: member.draining,
            start: member.start,
            placements: placements as u64,
            running: running.filter(|_| lives),
            recording: recording.filter(|_| lives),
            heard_ms,
            clock_ahead_ms: clock_ahead_ms.filter(|_| lives),
        }
    }
}

impl SurvivalAnswer {
    fn of(survival: &Survival, nodes: &[NodeView]) -> Self {
        let name = |id: NodeId| nodes.iter().find(|node| node.node == id).map(|node| node.member.name.clone());
        let lost = survival.nodes.iter().map(|(id, lost)| NodeLoss {
            id: *id,
            name: name(*id).unwrap_or_default(),
            without_room: *lost as u64,
        });
        let zones =
            survival.zones.iter().map(|(zone, lost)| ZoneLoss { zone: zone.clone(), without_room: *lost as u64 });
        let (mut lost, mut zones): (Vec<_>, Vec<_>) = (lost.collect(), zones.collect());
        lost.sort_by(|a, b| b.without_room.cmp(&a.without_room).then_with(|| a.name.cmp(&b.name)));
        zones.sort_by(|a, b| b.without_room.cmp(&a.without_room).then_with(|| a.zone.cmp(&b.zone)));
        let voters = nodes.iter().filter(|node| node.voter);
        let (all, live) = (voters.clone().count(), voters.filter(|node| node.member.health == Health::Up).count());
        // One less than live must still be more than half of all.
        let quorum = live.saturating_sub(1) > all / 2;
        Self { any_node: survival.any_node(), any_zone: survival.any_zone(), quorum, nodes: lost, zones }
    }
}

/// Which placements, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlacementQuery {
    /// Those that this node has, or gets.
    #[serde(default)]
    pub node: Option<NodeId>,
    /// `true`: those alone that are on their way to another node; `false`: those alone that are not.
    #[serde(default)]
    pub moving: Option<bool>,
    /// Entries on a page: 1 to 1,000, by default 100.
    #[serde(default)]
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

impl PlacementQuery {
    /// Whether it takes `placement`.
    pub(crate) fn takes(&self, placement: &CellPlacement) -> bool {
        self.node.is_none_or(|wanted| placement.nodes().any(|node| node == wanted))
            && self.moving.is_none_or(|moving| placement.next.is_some() == moving)
    }
}

/// A page of placements, by camera and slot; cameras that are switched off have theirs, too.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlacementPage {
    /// The placements.
    pub items: Vec<PlacementAnswer>,
    /// Where the next page begins; `null` on the last one.
    #[schema(required)]
    pub next_cursor: Option<String>,
    /// How many match, on all pages together.
    pub total: u64,
}

/// Where a camera is recorded.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlacementAnswer {
    /// The camera.
    pub camera: CameraId,
    /// Its name; `null` for one that was just deleted.
    #[schema(required)]
    pub name: Option<String>,
    /// 0 is the owner, 1 the twin.
    pub slot: Slot,
    /// The node that has it.
    pub node: NodeId,
    /// The first of the epochs it has there: rises whenever it comes to another node.
    pub epoch: Epoch,
    /// The node it is moving to; `null` while it stays.
    #[schema(required)]
    pub moving_to: Option<NodeId>,
}

impl PlacementAnswer {
    /// A placement of the camera called `name`.
    pub(crate) fn of(key: &PlacementKey, placement: &CellPlacement, name: Option<String>) -> Self {
        Self {
            camera: key.camera,
            name,
            slot: key.slot,
            node: placement.node,
            epoch: placement.since,
            moving_to: placement.next.map(|next| next.node),
        }
    }
}

/// Whether a node is to be empty.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DrainInput {
    /// `true`, also when left out: its placements move to other nodes. `false`: it takes placements again.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub draining: bool,
}

impl Default for DrainInput {
    fn default() -> Self {
        Self { draining: yes() }
    }
}

fn yes() -> bool {
    true
}
