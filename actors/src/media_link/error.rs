use std::time::Duration;

use eyrie_types::NodeId;

/// Why a peer gave no answer, or not all of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MediaLinkError {
    /// The cell knows no such node, or no address of it.
    #[error("there is no node {0} to ask for media")]
    NoPeer(NodeId),
    /// That node runs a release that has no media link.
    #[error("{0} runs a release that hands on no media: upgrade it")]
    TooOld(NodeId),
    /// No connection could be made. It is tried again, after a pause.
    #[error("{node} cannot be reached for media: {why}")]
    Unreachable {
        /// Which node.
        node: NodeId,
        /// What the last attempt said.
        why: String,
    },
    /// That node turned this one away, or is not who it should be.
    #[error("{node} does not take connections for media of this node: {why}")]
    Refused {
        /// Which node.
        node: NodeId,
        /// What it said.
        why: String,
    },
    /// No answer began in time.
    #[error("{node} did not begin to answer within {within:?}")]
    TooSlow {
        /// Which node.
        node: NodeId,
        /// The deadline.
        within: Duration,
    },
    /// The connection, or this answer's stream, ended before the end of the answer.
    #[error("the connection with {node} ended: {why}")]
    Lost {
        /// Which node.
        node: NodeId,
        /// What ended it.
        why: String,
    },
    /// The answer is longer than was allowed for.
    #[error("{node} answered more than {bytes_max} bytes")]
    TooLong {
        /// Which node.
        node: NodeId,
        /// The limit.
        bytes_max: usize,
    },
}

impl MediaLinkError {
    /// One word for metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NoPeer(_) => "no_peer",
            Self::TooOld(_) => "too_old",
            Self::Unreachable { .. } => "unreachable",
            Self::Refused { .. } => "refused",
            Self::TooSlow { .. } => "too_slow",
            Self::Lost { .. } => "lost",
            Self::TooLong { .. } => "too_long",
        }
    }
}
