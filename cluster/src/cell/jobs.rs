use std::fmt;

use eyrie_types::{Epoch, NodeId};
use serde::{Deserialize, Serialize};

/// The name of work that one node at a time does for the cell, such as `tiering`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobName(pub String);

impl fmt::Display for JobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who does a job. The worker may act while it holds its node lease and finds itself here; what it writes carries the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct JobGrant {
    /// The worker.
    pub node: NodeId,
    /// The start of the worker it was given to; a restarted worker asks anew.
    pub start: u64,
    /// Rises with each grant.
    pub epoch: Epoch,
}
