use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use eyrie_types::NodeId;
use serde::{Deserialize, Serialize};

use super::RaftDiskError;
use super::log::{DiskLog, LogContent, encode};
use super::sealed_file::{self, Kind};
use crate::raft::types::{SnapshotMeta, Vote};

/// Who a Raft directory belongs to. Made with the directory; a new directory means a new id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::raft) struct Identity {
    /// The number in the Raft group.
    pub(in crate::raft) raft: u64,
    /// The node.
    pub(in crate::raft) node: NodeId,
}

/// The directory with everything Raft has promised: identity, vote, log, snapshot. Locked while open.
///
/// ```text
/// lock        held by the process that uses the directory
/// id          Raft id and node id           (sealed file)
/// vote        the last vote                 (sealed file)
/// purged      the last purged entry         (sealed file)
/// snapshot    the state machine             (sealed file)
/// mark        how far synced and committed  (see `Mark`)
/// log-…       segments                      (see `record`)
/// ```
#[derive(Debug)]
pub(in crate::raft) struct RaftDirectory {
    path: PathBuf,
    identity: Identity,
    _lock: File,
}

impl RaftDirectory {
    /// Opens the directory, or makes it with the Raft id `fresh`.
    ///
    /// # Errors
    /// When another process has it, it belongs to another node, or its identity is damaged or missing.
    pub(in crate::raft) fn open(path: &Path, node: NodeId, fresh: u64) -> Result<Self, RaftDiskError> {
        fs::create_dir_all(path).map_err(RaftDiskError::io(path, "cannot be made"))?;
        // What this node promises its cell is lost with the name of this directory.
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            sealed_file::sync_directory(parent).map_err(RaftDiskError::io(parent, "cannot be synced"))?;
        }
        let lock_path = path.join("lock");
        let options = File::options().write(true).create(true).truncate(false).open(&lock_path);
        let lock = options.map_err(RaftDiskError::io(&lock_path, "cannot be opened"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(RaftDiskError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(error)) => return Err(RaftDiskError::io(&lock_path, "cannot be locked")(error)),
        }
        for name in ["id", "vote", "purged", "snapshot"] {
            sealed_file::remove_unfinished(&path.join(name))?;
        }
        let identity = match read_sealed::<Identity>(&path.join("id"), Kind::Identity)? {
            Some(identity) if identity.node != node => {
                return Err(RaftDiskError::OtherNode { path: path.to_owned(), theirs: identity.node, ours: node });
            }
            Some(identity) => identity,
            None => {
                if ["vote", "purged", "snapshot", "mark"].iter().any(|name| path.join(name).exists()) {
                    return Err(RaftDiskError::corrupt(
                        &path.join("id"),
                        0,
                        "it is missing, and other files are there",
                    ));
                }
                let identity = Identity { raft: fresh, node };
                sealed_file::replace(&path.join("id"), Kind::Identity, &encode(&identity))?;
                identity
            }
        };
        Ok(Self { path: path.to_owned(), identity, _lock: lock })
    }

    pub(in crate::raft) fn identity(&self) -> Identity {
        self.identity
    }

    pub(in crate::raft) fn open_log(&self) -> Result<(DiskLog, LogContent), RaftDiskError> {
        DiskLog::open(&self.path)
    }

    pub(in crate::raft) fn read_vote(&self) -> Result<Option<Vote>, RaftDiskError> {
        read_sealed(&self.path.join("vote"), Kind::Vote)
    }

    /// Makes `vote` durable.
    pub(in crate::raft) fn save_vote(&self, vote: &Vote) -> Result<(), RaftDiskError> {
        sealed_file::replace(&self.path.join("vote"), Kind::Vote, &encode(vote))
    }

    /// The error for a file that should be here.
    pub(in crate::raft) fn missing(&self, name: &str, reason: &str) -> RaftDiskError {
        RaftDiskError::corrupt(&self.path.join(name), 0, reason)
    }

    /// The snapshots of this directory.
    pub(in crate::raft) fn snapshots(&self) -> SnapshotFile {
        SnapshotFile { path: self.path.join("snapshot") }
    }
}

/// The one snapshot of a Raft directory.
#[derive(Debug, Clone)]
pub(in crate::raft) struct SnapshotFile {
    path: PathBuf,
}

impl SnapshotFile {
    /// What it covers, and the encoded state.
    pub(in crate::raft) fn read(&self) -> Result<Option<(SnapshotMeta, Vec<u8>)>, RaftDiskError> {
        let Some(bytes) = sealed_file::read(&self.path, Kind::Snapshot)? else { return Ok(None) };
        let parts = postcard::take_from_bytes::<SnapshotMeta>(&bytes);
        let (meta, state) = parts.map_err(|error| self.unreadable(error.to_string()))?;
        Ok(Some((meta, state.to_vec())))
    }

    /// Replaces it, durably.
    pub(in crate::raft) fn replace(&self, meta: &SnapshotMeta, state: &[u8]) -> Result<(), RaftDiskError> {
        let mut bytes = encode(meta);
        bytes.extend(state);
        sealed_file::replace(&self.path, Kind::Snapshot, &bytes)
    }

    /// The error for content that is whole and yet makes no sense.
    pub(in crate::raft) fn unreadable(&self, reason: String) -> RaftDiskError {
        RaftDiskError::corrupt(&self.path, 0, reason)
    }
}

fn read_sealed<T: serde::de::DeserializeOwned>(path: &Path, kind: Kind) -> Result<Option<T>, RaftDiskError> {
    let Some(bytes) = sealed_file::read(path, kind)? else { return Ok(None) };
    let value = postcard::from_bytes(&bytes);
    value.map(Some).map_err(|_| RaftDiskError::corrupt(path, 0, "its content is that of another release"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_owner_and_keeps_its_identity() {
        let dir = tempfile::tempdir().unwrap();
        let node = NodeId::generate();
        let first = RaftDirectory::open(dir.path(), node, 5).unwrap();
        assert!(matches!(RaftDirectory::open(dir.path(), node, 6), Err(RaftDiskError::InUse { .. })));
        drop(first);
        assert_eq!(RaftDirectory::open(dir.path(), node, 6).unwrap().identity(), Identity { raft: 5, node });
        let other = RaftDirectory::open(dir.path(), NodeId::generate(), 6);
        assert!(matches!(other, Err(RaftDiskError::OtherNode { theirs, .. }) if theirs == node));
    }

    #[test]
    fn a_directory_without_its_identity_is_no_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let node = NodeId::generate();
        RaftDirectory::open(dir.path(), node, 5).unwrap().save_vote(&Vote::new(3, 5)).unwrap();
        fs::remove_file(dir.path().join("id")).unwrap();
        assert!(matches!(RaftDirectory::open(dir.path(), node, 6), Err(RaftDiskError::Corrupt { .. })));
    }

    #[test]
    fn the_vote_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let directory = RaftDirectory::open(dir.path(), NodeId::generate(), 5).unwrap();
        assert_eq!(directory.read_vote().unwrap(), None);
        for vote in [Vote::new(3, 5), Vote::new_committed(3, 5)] {
            directory.save_vote(&vote).unwrap();
            assert_eq!(directory.read_vote().unwrap(), Some(vote));
        }
    }
}
