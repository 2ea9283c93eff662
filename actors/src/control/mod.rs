//! A node's part in its cell: Raft, sessions with the other nodes, and what follows from what the cell agrees on.
//!
//! ```text
//! peers ── PeerListener ─┬─▶ CellRaft ── applied state, view ──┐
//!                        └─▶ Link ── heartbeats ───────────────┤
//! CameraSupervisor ── fallen incarnations, what records ───────┼─▶ CellNode (sans-IO, in `cluster`)
//!                                                              └─▶ outputs: heartbeats, proposals, membership, orders, lease
//! orders ── Executor ── notes spent epochs, finds specs ──▶ NodeHandle::assign, withdraw
//! API ── ControlHandle ── mirror, proposal ──▶ the leader, wherever it is
//! ```
//!
//! A cell of one goes the same way, without a listener. [`driver`] feeds the core and carries out what it answers; nothing in its
//! loop waits for a disk, a store or a peer. Start reading at [`Control`].

mod clocks;
mod command_error;
mod config;
#[allow(clippy::module_inception, reason = "the file is named after the type")]
mod control;
mod control_error;
mod courier;
mod directory_sync;
mod driver;
mod executor;
mod handle;
mod jobs;
mod news;
mod proposer;
mod seeds;
mod spec_keeper;
mod specs;
mod view;

pub use command_error::CommandError;
pub use config::{CellPart, ControlConfig, ControlParts};
pub use control::Control;
pub use control_error::ControlError;
pub use handle::ControlHandle;
pub use specs::CAMERA_PASSWORD;
pub use view::{CellView, NodeView, PlacementView};
