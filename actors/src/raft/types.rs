use std::fmt;

use eyrie_cluster::{CellAnswer, CellCommand, Refusal};
use eyrie_types::NodeId;
use serde::{Deserialize, Serialize};

openraft::declare_raft_types!(
    /// Raft's types, filled in for a cell.
    pub(crate) CellTypes:
        D = CellCommand,
        R = CellOutcome,
        NodeId = u64,
        Node = RaftPeer,
        Entry = openraft::Entry<CellTypes>,
        SnapshotData = Vec<u8>,
        AsyncRuntime = openraft::TokioRuntime,
);

/// What a committed entry has done; `None` for entries of Raft's own.
pub(crate) type CellOutcome = Option<Result<CellAnswer, Refusal>>;

pub(super) type Entry = openraft::Entry<CellTypes>;
pub(super) type LogId = openraft::LogId<u64>;
pub(super) type Vote = openraft::Vote<u64>;
pub(super) type StoredMembership = openraft::StoredMembership<u64, RaftPeer>;
pub(super) type SnapshotMeta = openraft::SnapshotMeta<u64, RaftPeer>;
pub(super) type StorageError = openraft::StorageError<u64>;
pub(super) type Raft = openraft::Raft<CellTypes>;
pub(super) type RaftMetrics = openraft::RaftMetrics<u64, RaftPeer>;

/// What Raft's membership keeps of a node.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RaftPeer {
    /// The node.
    pub node: NodeId,
    /// Where its peers reach it: `host:port`; empty in a cell of one without a listener.
    pub address: String,
}

/// Nobody: openraft wants a default, and makes one only where a node has no data, which does not happen here.
impl Default for RaftPeer {
    fn default() -> Self {
        Self { node: NodeId::from_uuid(uuid::Uuid::nil()), address: String::new() }
    }
}

impl fmt::Display for RaftPeer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.node, self.address)
    }
}
