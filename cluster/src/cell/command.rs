use eyrie_types::{CellId, Epoch, NodeId};
use serde::{Deserialize, Serialize};

use super::{
    CameraKey, CameraNeeds, EpochGrant, Health, Identity, JobName, Member, MoveMode, RaftId, Refusal, Settings,
};
use crate::PlacementKey;

/// A change of the cell. Variants are only ever added, at the end: their order is the wire format.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CellCommand {
    /// Makes the cell, with its first node.
    Found {
        /// The new cell.
        cell: CellId,
        /// Its first node.
        node: NodeId,
        /// What that node is.
        member: Box<Member>,
    },
    /// Adds a node, or replaces what is known of it at a later start.
    Join {
        /// The node.
        node: NodeId,
        /// What it is.
        member: Box<Member>,
    },
    /// A member's process has started again; ends its drain.
    NodeStarted {
        /// The node.
        node: NodeId,
        /// Which start.
        start: u64,
        /// Who it is.
        identity: Identity,
        /// Its number in the Raft group: a new one when its log was lost.
        raft: RaftId,
    },
    /// What the leader has decided about a node's health.
    SetHealth {
        /// The node.
        node: NodeId,
        /// The start that was (not) heard; refused when another has come.
        start: u64,
        /// The verdict.
        health: Health,
    },
    /// Begins or ends the drain of a node.
    SetDrain {
        /// The node.
        node: NodeId,
        /// The start that is to drain; refused when another has come.
        start: u64,
        /// Begin or end.
        draining: bool,
    },
    /// A node goes for good, by itself; refused while it holds placements.
    Leave {
        /// The node.
        node: NodeId,
        /// The start that asks.
        start: u64,
    },
    /// Takes out a dead node by hand; what it held has to be placed anew.
    RemoveNode {
        /// The node.
        node: NodeId,
    },
    /// Adds a camera or changes its needs; refused for a removed one.
    PutCamera {
        /// The camera.
        key: CameraKey,
        /// What it needs.
        needs: Box<CameraNeeds>,
    },
    /// Removes a camera with its placements, for ever.
    RemoveCamera {
        /// The camera.
        key: CameraKey,
    },
    /// Gives a placement to a node at once, without regard to the old one: for new cameras and dead nodes. Ends a move.
    Place {
        /// The placement.
        key: PlacementKey,
        /// To whom.
        node: NodeId,
        /// The first epoch of the placing this replaces; `None`: it has none.
        replaces: Option<Epoch>,
    },
    /// Begins a move: both nodes have duties, as the mode says.
    BeginMove {
        /// The placement.
        key: PlacementKey,
        /// The first epoch of its present placing.
        epoch: Epoch,
        /// Where to.
        to: NodeId,
        /// How.
        mode: MoveMode,
    },
    /// The new node has taken over.
    FinishMove {
        /// The placement.
        key: PlacementKey,
        /// The first epoch of the pending move.
        next: Epoch,
    },
    /// The old node keeps it.
    AbandonMove {
        /// The placement.
        key: PlacementKey,
        /// The first epoch of the pending move.
        next: Epoch,
    },
    /// Takes a placement from its node without giving it to another.
    Unplace {
        /// The placement.
        key: PlacementKey,
        /// The first epoch of its present placing.
        epoch: Epoch,
    },
    /// Gives a node that keeps a placement further epochs for it.
    Renew {
        /// The placement.
        key: PlacementKey,
        /// Who keeps it.
        node: NodeId,
        /// The first epoch of the grant that is nearly spent.
        epoch: Epoch,
    },
    /// Lets no epoch be given out again that may have been given out elsewhere: by the counter of an older store, before a forced
    /// recovery, before a restore.
    RaiseGeneration {
        /// The generation is to be at least this.
        at_least: u64,
        /// In that generation, the counter is to be at least this.
        counter_at_least: u32,
    },
    /// Leases a job to a worker.
    GrantJob {
        /// The job.
        job: JobName,
        /// The worker.
        node: NodeId,
        /// Its start.
        start: u64,
        /// The epoch of the grant this replaces; `None`: nobody has it.
        replaces: Option<Epoch>,
    },
    /// Gives a job back.
    ReleaseJob {
        /// The job.
        job: JobName,
        /// The epoch of the grant.
        epoch: Epoch,
    },
    /// Raises the protocol version the cell speaks; never lowers it.
    SetCellVersion {
        /// The version; every member must speak it.
        version: u32,
    },
    /// Replaces the settings.
    SetSettings {
        /// The new ones; `revision` is one above the present one.
        settings: Box<Settings>,
    },
    /// Several commands in one Raft entry. Each is applied or refused for itself, in order; batches do not nest.
    Batch(Vec<CellCommand>),
    /// What the leader has decided, applied to the very state it was decided on or not at all: a plan reckons with room that
    /// another plan, still on its way, may have given away.
    Plan {
        /// [`super::CellState::revision`] of that state.
        revision: u64,
        /// Applied or refused each for itself, in order; neither batches nor plans.
        commands: Vec<CellCommand>,
    },
}

/// What applying a command has done.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CellAnswer {
    /// It is so now.
    Done,
    /// It was so already: a repeated command.
    Unchanged,
    /// Epochs were given out.
    Granted(EpochGrant),
    /// A job was leased, or epochs begin after this one.
    Epoch(Epoch),
    /// The answers to a batch, in order.
    Batch(Vec<Result<CellAnswer, Refusal>>),
}
