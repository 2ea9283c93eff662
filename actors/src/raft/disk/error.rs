use std::io;
use std::path::{Path, PathBuf};

use eyrie_types::NodeId;

/// Why the Raft directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RaftDiskError {
    /// A file cannot be read or written.
    #[error("{path}: {doing}: {source}", path = path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// Bytes that had been written safely are not what they were.
    #[error(
        "{path}, byte {offset}: {reason}. What this node had promised its cell is lost, so it must not go on with this \
         directory. Move {dir} away and start again: the node rejoins its cell under a new Raft id. Where no other node \
         of the cell has a good copy, restore the directory from a backup and run `eyrie cluster recover`",
        path = path.display(), dir = path.parent().unwrap_or(path).display()
    )]
    Corrupt {
        /// Which file.
        path: PathBuf,
        /// Where in it.
        offset: u64,
        /// What is wrong there.
        reason: String,
    },
    /// Another process has it.
    #[error("{path} is in use by another process: stop that one first", path = path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// The directory of another node.
    #[error("{path} belongs to node {theirs}, this is {ours}: was a data directory copied? Give this node an empty one", path = path.display())]
    OtherNode {
        /// The directory.
        path: PathBuf,
        /// Whom it belongs to.
        theirs: NodeId,
        /// Who this is.
        ours: NodeId,
    },
}

impl RaftDiskError {
    pub(super) fn io(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, doing, source }
    }

    pub(super) fn corrupt(path: &Path, offset: u64, reason: impl Into<String>) -> Self {
        Self::Corrupt { path: path.to_owned(), offset, reason: reason.into() }
    }
}
