use std::collections::{BTreeMap, BTreeSet};

use eyrie_types::{Epoch, Monotonic, NodeId};

use super::Heartbeat;
use crate::{
    CellCommand, DetectorLimits, JobName, Member, PlacementKey, Refusal, SpentEpochs, Survival, Unplaced, VoterChange,
};

/// What a node knows of itself when it starts.
#[derive(Debug, Clone)]
pub struct NodeSetup {
    /// Its id.
    pub node: NodeId,
    /// What it tells the cell of itself: with this start's number, identity and Raft id.
    pub member: Member,
    /// As last noted durably ([`CellOutput::Note`]); empty at the first start.
    pub spent: SpentEpochs,
    /// When silence counts as death.
    pub limits: DetectorLimits,
}

/// What a placement of this node is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duty {
    /// The incarnation. A running one with another epoch is to stop, and this one to start.
    pub epoch: Epoch,
    /// The revision of the camera's spec.
    pub revision: u64,
    /// Off: nothing is to run.
    pub enabled: bool,
    /// Pull from the recording of this node instead of from the camera.
    pub feed_from: Option<NodeId>,
    /// Answer live as the owner, while the lease lasts.
    pub live: bool,
}

/// An incarnation that runs on this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalRun {
    /// Its epoch.
    pub epoch: Epoch,
    /// It has a keyframe on disk and goes on.
    pub recording: bool,
}

/// What happens on this node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LocalFacts {
    /// What runs.
    pub running: BTreeMap<PlacementKey, LocalRun>,
    /// Jobs being done.
    pub jobs: BTreeSet<JobName>,
}

/// What the leader reports of the cell, for metrics, alerts and the API.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CellReport {
    /// Would losing any one node or zone still fit?
    pub survival: Survival,
    /// Placements without a node.
    pub unplaced: Vec<Unplaced>,
    /// Placements that should move and cannot.
    pub stuck: Vec<PlacementKey>,
}

/// What the shell is to do, in this order.
#[derive(Debug, Clone, PartialEq)]
pub enum CellOutput {
    /// Send it; it may be lost. Also to nodes that do not answer.
    Send {
        /// To whom.
        to: NodeId,
        /// What.
        heartbeat: Heartbeat,
    },
    /// Propose it: to the local Raft when leading, else through the leader, else through a seed. May be lost; asked for again.
    Propose(CellCommand),
    /// Write this durably, in place of what was noted before, **before** carrying out anything that follows.
    Note(SpentEpochs),
    /// What this node is to run: all of it. Placements not named are to stop.
    Duties(BTreeMap<PlacementKey, Duty>),
    /// Jobs this node is to do while its lease lasts, with their epochs: all of them.
    Jobs(BTreeMap<JobName, Epoch>),
    /// Side effects are permitted until then, on this node's monotonic clock; to be checked at each of them.
    Lease(Monotonic),
    /// Change the Raft membership (while leading); asked for again until it is done.
    Voters(VoterChange),
    /// How the cell fares (while leading).
    Report(Box<CellReport>),
    /// Another process has taken this node's place: run nothing, and stop.
    Superseded(Refusal),
}
