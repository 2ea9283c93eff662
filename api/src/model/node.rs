use eyrie_types::{GapCause, NodeId, WallTime};
use serde::Serialize;
use utoipa::ToSchema;

/// How the node is.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodeAnswer {
    /// Its id.
    pub id: NodeId,
    /// The release it runs.
    #[schema(example = "0.1.0")]
    pub version: String,
    /// Nothing below needs anybody's attention.
    pub healthy: bool,
    /// When it was started.
    pub started_at: WallTime,
    /// Its clock.
    pub now: WallTime,
    /// Its cameras.
    pub cameras: CameraCounts,
    /// Its memory.
    pub memory: MemoryAnswer,
    /// Its recording directories.
    pub disks: Vec<DiskAnswer>,
    /// What it has recorded and how long there is room for more; `null` in the first seconds after its start.
    #[schema(required)]
    pub recordings: Option<NodeRecordings>,
}

/// What a node has recorded and how long there is room for more, looked at every minute. Days are foreseen from the rate at which
/// was recorded since yesterday began (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct NodeRecordings {
    /// Bytes of all recordings.
    pub bytes: u64,
    /// When the oldest of them began; `null` while there is none.
    #[schema(required)]
    pub oldest: Option<WallTime>,
    /// Bytes recorded a second.
    pub bytes_per_s: f64,
    /// Days until the disks, or `max_bytes`, are used up; `null` while nothing is recorded.
    #[schema(required)]
    pub days_left: Option<f64>,
    /// How many days back recordings will reach once room is used up, `max_age_s` at most; `null` where that cannot be told.
    #[schema(required)]
    pub days_kept: Option<f64>,
    /// The age in seconds after which recordings go (`retention.max_age`); `null` for no limit.
    #[schema(required)]
    pub max_age_s: Option<u64>,
    /// Most bytes that recordings may take (`retention.max_bytes`); `null` for no limit.
    #[schema(required)]
    pub max_bytes: Option<u64>,
    /// What is done before a disk gets full (`retention.when_full`).
    pub when_full: WhenFullAnswer,
}

/// What is done before a disk gets full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenFullAnswer {
    /// The oldest recordings go, of whatever camera.
    DeleteOldest,
    /// Recording stops until there is room.
    Stop,
}

/// How many cameras are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct CameraCounts {
    /// All of them.
    pub total: u64,
    /// Switched off.
    pub disabled: u64,
    /// On the way.
    pub connecting: u64,
    /// Sending.
    pub online: u64,
    /// Connected, but sending nothing.
    pub silent: u64,
    /// Saying no.
    pub refused: u64,
    /// Out of reach.
    pub offline: u64,
}

/// The process's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct MemoryAnswer {
    /// Resident bytes of the process; `null` where the system does not tell.
    #[schema(required)]
    pub resident_bytes: Option<u64>,
    /// Bytes of the cameras' rings, those pinned by readers included.
    pub ring_bytes: u64,
    /// Most bytes the rings may take together.
    pub ring_bytes_max: u64,
}

/// A recordings directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DiskAnswer {
    /// The directory.
    pub path: String,
    /// Size of its file system; `null` while that cannot be read.
    #[schema(required)]
    pub total_bytes: Option<u64>,
    /// Bytes the node may still write; `null` while that cannot be read.
    #[schema(required)]
    pub free_bytes: Option<u64>,
    /// What keeps it from recording, if anything.
    #[schema(required)]
    pub trouble: Option<GapCause>,
}
