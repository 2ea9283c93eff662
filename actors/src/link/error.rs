use std::time::Duration;

use eyrie_types::NodeId;

/// Why a peer gave no answer, or was not told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// There is no session with that node now; it is being dialed if its address is known.
    #[error("no session with {0}")]
    NotConnected(NodeId),
    /// As much as may be is on its way to that node already.
    #[error("too much is on its way to {0}")]
    NoCredit(NodeId),
    /// That node is answering as many calls of ours as it may.
    #[error("{0} has too many calls to answer")]
    Busy(NodeId),
    /// No answer came in time; whether the request was carried out is unknown.
    #[error("{node} did not answer within {within:?}")]
    Deadline {
        /// Which node.
        node: NodeId,
        /// The deadline.
        within: Duration,
    },
    /// The session ended before the answer; whether the request was carried out is unknown.
    #[error("the session with {0} ended")]
    Lost(NodeId),
    /// The message is longer than a message may be.
    #[error("a message of {bytes} bytes, and {max} are allowed")]
    TooLong {
        /// Its size.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// That node runs a release that does not know the request.
    #[error("{0} does not know this request: its release is older")]
    Unsupported(NodeId),
    /// The answer cannot be read.
    #[error("{0} answered something that cannot be read")]
    NotUnderstood(NodeId),
}

impl LinkError {
    /// One word for metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotConnected(_) => "not_connected",
            Self::NoCredit(_) => "no_credit",
            Self::Busy(_) => "busy",
            Self::Deadline { .. } => "deadline",
            Self::Lost(_) => "lost",
            Self::TooLong { .. } => "too_long",
            Self::Unsupported(_) => "unsupported",
            Self::NotUnderstood(_) => "not_understood",
        }
    }
}
