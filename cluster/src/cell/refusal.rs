use eyrie_types::{Epoch, NodeId};
use serde::{Deserialize, Serialize};

use super::{CameraKey, JobName};
use crate::PlacementKey;

/// Why a command changed nothing. Variants are only ever added, at the end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// There is no cell.
    #[error("this cell has not been founded: found it with its first node, or join another")]
    NotFounded,
    /// There is one.
    #[error("the cell is founded already: a further node joins it")]
    AlreadyFounded,
    /// Nobody of that id.
    #[error("node {0} is not a member of the cell: it has to join")]
    UnknownNode(NodeId),
    /// A command from or about an earlier start of a node.
    #[error(
        "node {node}: start {given} is not its present start {known}; a data directory restored from a copy must join under a new id"
    )]
    StaleStart {
        /// The node.
        node: NodeId,
        /// What the command named.
        given: u64,
        /// What the cell knows.
        known: u64,
    },
    /// Two processes under one id.
    #[error(
        "node {0} runs already, elsewhere: two nodes share one id; stop one and give it a data directory of its own"
    )]
    IdentityInUse(NodeId),
    /// Another release.
    #[error("node {node} speaks protocol {min} to {max} and the cell speaks {cell}: upgrade one release at a time")]
    Protocol {
        /// The node.
        node: NodeId,
        /// The oldest it speaks.
        min: u32,
        /// The newest.
        max: u32,
        /// What the cell speaks.
        cell: u32,
    },
    /// It would be torn from its cameras.
    #[error("node {node} still holds {placements} placements: drain it first")]
    HoldsPlacements {
        /// The node.
        node: NodeId,
        /// How many.
        placements: u32,
    },
    /// A live node is not removed by hand.
    #[error("node {0} is alive: drain it and let it leave, or stop it first")]
    StillAlive(NodeId),
    /// The last node stays.
    #[error("node {0} is the cell's last member")]
    LastNode(NodeId),
    /// Nothing may go there.
    #[error("node {0} takes no placements: it is dead or draining")]
    TakesNothing(NodeId),
    /// No such camera.
    #[error("camera {0} is not known to the cell")]
    UnknownCamera(CameraKey),
    /// Removed is for ever.
    #[error("camera {0} was removed")]
    CameraRemoved(CameraKey),
    /// Needs of an earlier revision, or others under the same.
    #[error("camera {camera}: revision {given} comes too late, {known} is known")]
    StaleRevision {
        /// The camera.
        camera: CameraKey,
        /// What the command named.
        given: u64,
        /// What the cell knows.
        known: u64,
    },
    /// The camera has no such slot.
    #[error("placement {0}: its camera has no such slot")]
    NoSuchSlot(PlacementKey),
    /// Decided on what is no longer so.
    #[error("placement {key} is at epoch {known:?}, not {given:?}: decided on an older state")]
    StaleEpoch {
        /// The placement.
        key: PlacementKey,
        /// What the command named.
        given: Option<Epoch>,
        /// What the cell knows.
        known: Option<Epoch>,
    },
    /// A twin shares no node with its owner.
    #[error("placement {key}: node {node} has the other slot of this camera")]
    TwinOnSameNode {
        /// The placement.
        key: PlacementKey,
        /// The node.
        node: NodeId,
    },
    /// One move at a time.
    #[error("placement {0} is moving already")]
    Moving(PlacementKey),
    /// A move to where it is.
    #[error("placement {key} is on node {node} already")]
    AlreadyThere {
        /// The placement.
        key: PlacementKey,
        /// The node.
        node: NodeId,
    },
    /// The epochs are used up.
    #[error("the last generation of epochs is used up")]
    NoEpochs,
    /// Another has it, or nobody.
    #[error("job {job} is at epoch {known:?}, not {given:?}")]
    StaleJob {
        /// The job.
        job: JobName,
        /// What the command named.
        given: Option<Epoch>,
        /// What the cell knows.
        known: Option<Epoch>,
    },
    /// The version only rises.
    #[error("cell version {given} is not above the present {known}")]
    VersionFalls {
        /// What the command named.
        given: u32,
        /// What the cell speaks.
        known: u32,
    },
    /// Decided on older settings.
    #[error("settings of revision {given} do not follow {known}: read them again")]
    StaleSettings {
        /// What the command named.
        given: u64,
        /// What the cell knows.
        known: u64,
    },
    /// A value out of range.
    #[error("{field} {problem}")]
    Invalid {
        /// Which value.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A named limit is reached.
    #[error("the cell holds {limit} {what} already, its limit")]
    Full {
        /// Of what.
        what: String,
        /// The limit.
        limit: u32,
    },
    /// The state has changed since the plan was made.
    #[error("a plan for revision {given} of the state does not fit revision {known}: it is made anew")]
    StalePlan {
        /// What the plan was made for.
        given: u64,
        /// What it is.
        known: u64,
    },
    /// A live node is not robbed.
    #[error("placement {key} is on node {node}, which lives: it can be moved, not taken")]
    OwnerLives {
        /// The placement.
        key: PlacementKey,
        /// Who has it.
        node: NodeId,
    },
}

impl Refusal {
    pub(super) fn invalid(field: &str, problem: impl Into<String>) -> Self {
        Self::Invalid { field: field.to_owned(), problem: problem.into() }
    }

    pub(super) fn full(what: &str, limit: usize) -> Self {
        Self::Full { what: what.to_owned(), limit: u32::try_from(limit).unwrap_or(u32::MAX) }
    }
}
