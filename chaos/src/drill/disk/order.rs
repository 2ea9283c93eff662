use serde::{Deserialize, Serialize};

use crate::drill::DiskCalls;

/// What a layer is told, a line of JSON each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// So many bytes are left; `None`: as many as there are.
    Room(Option<u64>),
    /// Each sync takes so many milliseconds longer.
    SlowMs(u64),
    /// One in so many of these calls is answered with EIO; `None`: none.
    Errors(Option<(DiskCalls, u32)>),
    /// The power is gone. Nobody may use the disk any more; the layer ends when it has answered.
    Lose {
        /// Part of what was not synced stays, chosen by this seed; `None`: nothing does.
        torn: Option<u64>,
    },
}

/// What a layer says, a line of JSON each: the first when it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// Done.
    Done,
    /// The power was lost, and with it this.
    Lost {
        /// Files that are shorter than they were, or as they were before.
        files: u64,
        /// Bytes at the ends of files.
        bytes: u64,
        /// Names that were made, taken away or changed.
        names: u64,
    },
    /// Why it could not be done.
    Failed(String),
}
