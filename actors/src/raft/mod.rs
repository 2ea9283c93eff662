//! A cell's Raft group: openraft with a durable log of our own, over connections between nodes.
//!
//! ```text
//! CellRaft ── openraft ── LogStore ── a thread ── disk: segments, vote, snapshot
//!    │           ├─────── StateMachine: CellState, watched by the control plane
//!    │           └─────── RaftLinks ── one Channel per member ── peer::Dialer
//!    ├── elections: lease, pre-vote, "I am alive"          (openraft's own elections are off)
//!    ├── serve: what other members ask                     (peer::PeerListener → CellRaft::accept)
//!    └── membership, handover; recover (offline)
//! ```
//!
//! Start reading at [`CellRaft`]; docs/adr/0009-raft-log.md says why the log and the elections are our own.

mod applied;
mod cell_raft;
mod channel;
mod config;
mod contact;
mod core;
mod disk;
mod elections;
mod error;
mod handover;
mod log_store;
mod membership;
mod network;
mod recover;
mod role;
mod serve;
mod state_machine;
mod timing;
mod types;
mod wire;

pub use applied::Applied;
pub use cell_raft::{Agreed, CellRaft};
pub use config::RaftConfig;
pub use disk::RaftDiskError;
pub use error::{FoundError, HandoverError, MembershipError, ProposeError, RaftStartError, RecoverError};
pub use recover::{Recovered, recover};
pub use role::RaftRole;
pub use timing::LEADER_LEASE;
pub use types::RaftPeer;
