use std::io;
use std::time::Duration;

use eyrie_cluster::{CodecError, RaftId, Refusal};
use eyrie_types::NodeId;

use super::{RaftDiskError, RaftPeer};

/// Why Raft cannot start.
#[derive(Debug, thiserror::Error)]
pub enum RaftStartError {
    /// Its directory.
    #[error(transparent)]
    Disk(#[from] RaftDiskError),
    /// No thread.
    #[error("no thread for the Raft log: {0}")]
    Thread(#[from] io::Error),
    /// openraft.
    #[error("Raft cannot start on what it finds: {0}")]
    Raft(String),
}

/// Why a command is not known to be agreed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProposeError {
    /// Another node leads, or none does.
    #[error("this node does not lead the cell{}", hint(leader.as_ref()))]
    NotLeader {
        /// Whom to ask, if known.
        leader: Option<(RaftId, RaftPeer)>,
    },
    /// It may still be agreed: only propose again what may happen twice. Commands of a cell may.
    #[error("most voters did not agree within {0:?}; the command may still take effect")]
    TooSlow(Duration),
    /// Too many wait.
    #[error("too many commands wait to be agreed: try again")]
    Busy,
    /// Larger than an entry may be.
    #[error("the command has {bytes} bytes, more than an entry may have: split it")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Raft has stopped in this process.
    #[error("Raft has stopped on this node: {0}")]
    Stopped(String),
}

/// Why the membership did not change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MembershipError {
    /// Another node leads, or none does.
    #[error("this node does not lead the cell{}", hint(leader.as_ref()))]
    NotLeader {
        /// Whom to ask, if known.
        leader: Option<(RaftId, RaftPeer)>,
    },
    /// Nobody of that id.
    #[error("{0} is no member of the Raft group")]
    Unknown(RaftId),
    /// It would vote without knowing what was agreed.
    #[error("{0} has not caught up with the log yet")]
    NotCaughtUp(RaftId),
    /// A change is under way.
    #[error("the membership is being changed already")]
    Changing,
    /// Nobody would be left to vote.
    #[error("{0} is the last voter")]
    LastVoter(RaftId),
    /// The cell does not know where the node is reached.
    #[error("the address of node {0} is not known: it has to join the cell first")]
    NoAddress(NodeId),
    /// It may still take effect.
    #[error("most voters did not agree within {0:?}; the change may still take effect")]
    TooSlow(Duration),
    /// Raft has stopped in this process.
    #[error("Raft has stopped on this node: {0}")]
    Stopped(String),
}

/// Why the cell was not founded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoundError {
    /// It is a member already.
    #[error("this node is a member of a cell already")]
    Member,
    /// Raft has stopped in this process.
    #[error("Raft has stopped on this node: {0}")]
    Stopped(String),
    /// It did not become the leader of itself.
    #[error("the node did not become leader of its cell within {0:?}: is its disk very slow?")]
    TooSlow(Duration),
}

/// Why leadership was not handed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandoverError {
    /// There is nothing to hand over.
    #[error("this node does not lead")]
    NotLeader,
    /// Nobody else may lead.
    #[error("no other voter has caught up")]
    Nobody,
    /// The other did not take over in time.
    #[error("no other node took over within {0:?}; this one leads on")]
    TooSlow(Duration),
}

/// Why forced recovery did not happen.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The directory.
    #[error(transparent)]
    Disk(#[from] RaftDiskError),
    /// Nothing to recover from.
    #[error("the Raft directory holds no cell: found one, or join one")]
    Nothing,
    /// The state does not decode or encode.
    #[error("the state of the cell: {0}")]
    State(#[from] CodecError),
    /// The generations are used up.
    #[error("a new generation cannot begin: {0}")]
    Generation(Refusal),
}

fn hint(leader: Option<&(RaftId, RaftPeer)>) -> String {
    match leader {
        Some((_, peer)) => format!(": node {peer} does"),
        None => ", and knows no leader now".to_owned(),
    }
}
