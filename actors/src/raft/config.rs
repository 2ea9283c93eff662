use std::path::PathBuf;

use eyrie_types::NodeId;

/// How a node takes part in its cell's Raft group.
#[derive(Debug, Clone)]
pub struct RaftConfig {
    /// Where everything Raft has promised is kept; made when missing. An empty one makes the node a new member.
    pub directory: PathBuf,
    /// This node.
    pub node: NodeId,
    /// Where its peers reach it: `host:port`; empty in a cell of one without a listener.
    pub address: String,
}
