//! The supervision tree: one actor a file.
//!
//! ```text
//! NodeSupervisor            services of the node (silence watch, set-up gate, index writer, outbox writer, key spool, heartbeat,
//! │                         left segments, index repair, retention, look through, recording account, facts sampler,
//! │                         viewers elsewhere, facts writer)
//! └── CameraSupervisor      reconciles what should run with what runs
//!     └── CameraActor       one incarnation of a camera; owns its ring; restarts its children alone
//!         ├── IngestActor       source → access units → ring
//!         ├── RecordingActor    ring → fragments → segment file → index
//!         └── LiveActor         ring → LL-HLS, while somebody watches
//! ```
//!
//! Mailboxes carry control only. Media moves in tasks owned by the actors, through the ring; a panic in such a task makes its
//! actor fail, and its parent restarts that actor alone. Start reading at [`Node`].

mod backoff;
mod camera;
mod camera_supervisor;
mod children;
mod context;
pub mod control;
mod counted;
mod events;
mod facts;
mod feed;
mod footage_link;
#[cfg(fuzzing)]
pub mod fuzzing;
mod incidents;
mod index_writer;
mod ingest;
pub mod link;
mod live;
pub mod media_link;
mod media_threads;
mod node;
mod outbox_writer;
mod owned_task;
pub mod peer;
pub mod raft;
mod reached;
mod recording;
mod recording_account;
mod retention;
mod rtmp;
mod setup_gate;
#[cfg(test)]
mod supervision_tests;
mod telemetry;
mod twin_repair;

pub use facts::{Level, Reason, ReasonCode, StreamFacts, Verdict};
pub use ingest::{ClosedAddress, NetworkError, NetworkPolicy};
pub use live::{LiveError, LiveHandle, LiveHeard, LiveKeyframe, LiveQuestion, LiveResponse, LiveWanted};
pub use node::{
    Assignment, DiskShare, Fallen, Node, NodeConfig, NodeError, NodeHandle, NodeParts, NodeSettings, RepairSettings,
    RetentionSettings, WhenFull,
};
pub use recording::{Finding, RepairError, RepairReport, check_recordings, repair_index, segment_cut};
pub use retention::RetentionOutlook;
pub use rtmp::{PUBLISH_APP, RtmpTls, publish_name};
