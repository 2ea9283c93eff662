use serde::{Deserialize, Serialize};

/// Calls of a disk that fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiskCalls {
    /// Reads of files.
    Reads,
    /// Writes of files, and whatever else changes them or their directories.
    Writes,
    /// Syncs of files and directories.
    Syncs,
}

impl DiskCalls {
    /// All of them, with their words in a file.
    pub const ALL: [(&'static str, Self); 3] =
        [("reads", Self::Reads), ("writes", Self::Writes), ("syncs", Self::Syncs)];

    /// One of them.
    pub const fn singular(self) -> &'static str {
        match self {
            Self::Reads => "read",
            Self::Writes => "write",
            Self::Syncs => "sync",
        }
    }
}
