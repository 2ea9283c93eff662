use ractor::SpawnErr;

use crate::node::NodeError;
use crate::raft::RaftStartError;

/// Why a node's part in its cell cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Raft.
    #[error(transparent)]
    Raft(#[from] RaftStartError),
    /// The actors that talk to peers.
    #[error("the actors that talk to other nodes cannot be started")]
    Link(#[from] SpawnErr),
    /// The node is stopping.
    #[error(transparent)]
    Node(#[from] NodeError),
}
