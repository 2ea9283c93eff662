//! Pure decisions about placements: event in, commands out. No socket, no disk, no clock, no randomness of its own.
//!
//! - [`CellState`] is what a cell agrees on, [`CellCommand`] how it changes.
//! - [`CellNode`] composes all this: the sans-IO core of every node.
//! - [`plan_cell`] says where cameras go, [`voter_change`] who votes, [`survival`] whether a loss would still fit, [`duties`]
//!   what a node is to run; [`Detector`] and [`Lease`] who is alive and who may act.
//! - [`reconcile`] compares what a node should run with what it runs and answers a [`Plan`].
//! - [`StartPacer`] lets the starts of a plan happen a few at a time.

mod cell;
mod detect;
mod duties;
mod lease;
mod node;
mod place;
mod plan;
mod reconcile;
mod spent_epochs;
mod start_pacer;

pub use cell::{
    BATCH_COMMANDS_MAX, CAMERAS_MAX, CameraKey, CameraNeeds, CellAnswer, CellCommand, CellPlacement, CellState,
    CodecError, DEPARTED_NODES_MAX, EPOCHS_PER_GRANT, EpochGrant, Health, Identity, JOBS_MAX, JobGrant, JobName,
    LABELS_MAX, Member, MoveMode, NODES_MAX, PendingMove, ProtocolRange, REMOVED_CAMERAS_MAX, RaftId, Refusal,
    Settings, TEXT_BYTES_MAX, WIRE_VERSION,
};
pub use detect::{Awake, Detector, DetectorLimits, Phi};
pub use duties::{Charge, duties};
pub use lease::{LEASE, Lease};
pub use node::{
    CALM_AFTER, CONFIRM_AGAIN_AFTER, CellNode, CellOutput, CellReport, DEAF_AFTER, Duty, Echo, HANDOVER, HEARTBEAT,
    Heartbeat, LocalFacts, LocalRun, MOVE_COOLING, MOVE_PATIENCE, NodeSetup, OPINION_AGE_MAX, PLAN_INTERVAL,
    PROPOSAL_PATIENCE, RECENT, REPORT_INTERVAL, START_PATIENCE, TICK, UNFIT_AFTER, UP_AFTER, VOTER_REPLACE_AFTER,
};
pub use place::{
    CellPlan, MoveReport, PlanFacts, RaftMember, RaftView, Survival, Unplaced, VoterChange, WhyUnplaced, plan_cell,
    survival, voter_change, voters_wanted,
};
pub use plan::{Command, Plan, StopReason};
pub use reconcile::{Desired, PlacementKey, Running, reconcile};
pub use spent_epochs::SpentEpochs;
pub use start_pacer::{PacerLimits, StartPacer};
