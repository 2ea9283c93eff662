//! Pure decisions about placements: event in, commands out. No socket, no disk, no clock, no randomness of its own.
//!
//! - [`CellState`] is what a cell agrees on, [`CellCommand`] how it changes.
//! - [`EpochReserve`] says which epoch a new incarnation of a placement takes.
//! - [`reconcile`] compares what a node should run with what it runs and answers a [`Plan`].
//! - [`StartPacer`] lets the starts of a plan happen a few at a time.

mod cell;
mod epoch_reserve;
mod plan;
mod reconcile;
mod start_pacer;

pub use cell::{
    BATCH_COMMANDS_MAX, CAMERAS_MAX, CameraKey, CameraNeeds, CellAnswer, CellCommand, CellPlacement, CellState,
    CodecError, DEPARTED_NODES_MAX, EPOCHS_PER_GRANT, EpochGrant, Health, Identity, JOBS_MAX, JobGrant, JobName,
    LABELS_MAX, Member, MoveMode, NODES_MAX, PendingMove, ProtocolRange, REMOVED_CAMERAS_MAX, RaftId, Refusal,
    Settings, TEXT_BYTES_MAX, WIRE_VERSION,
};
pub use epoch_reserve::{EPOCH_SPARES, EpochReserve};
pub use plan::{Command, Plan, StopReason};
pub use reconcile::{Desired, PlacementKey, Running, reconcile};
pub use start_pacer::{PacerLimits, StartPacer};
