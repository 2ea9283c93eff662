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
