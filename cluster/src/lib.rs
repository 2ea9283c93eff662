//! Pure decisions about placements: event in, commands out. No socket, no disk, no clock, no randomness of its own.
//!
//! - [`EpochReserve`] says which epoch a new incarnation of a placement takes.
//! - [`reconcile`] compares what a node should run with what it runs and answers a [`Plan`].
//! - [`StartPacer`] lets the starts of a plan happen a few at a time.

mod epoch_reserve;
mod plan;
mod reconcile;
mod start_pacer;

pub use epoch_reserve::{EPOCH_SPARES, EpochReserve};
pub use plan::{Command, Plan, StopReason};
pub use reconcile::{Desired, PlacementKey, Running, reconcile};
pub use start_pacer::{PacerLimits, StartPacer};
