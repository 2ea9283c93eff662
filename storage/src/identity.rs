use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use eyrie_types::NodeId;
use serde::{Deserialize, Serialize};

/// The file, below the data directory.
const FILE: &str = "node.json";

/// Who a node is, and how often it has started: kept beside the metadata store, which may be shared and may be down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeIdentity {
    /// The node.
    pub node: NodeId,
    /// The number of this start: of two processes with one data directory's identity, the later one is the node.
    pub start: u64,
}

/// Why a node's identity cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The file cannot be read or written.
    #[error("{FILE} in the data directory cannot be read or written")]
    Io(#[from] io::Error),
    /// The file is not what was written.
    #[error(
        "{FILE} in the data directory is damaged: restore it from a backup, or remove it and let the node join as a new one"
    )]
    Damaged(#[source] serde_json::Error),
}

impl NodeIdentity {
    /// Reads the identity in `directory`, or makes one of `fresh`.
    ///
    /// # Errors
    /// When the file cannot be read or written, or is damaged.
    pub fn open(directory: &Path, fresh: impl FnOnce() -> NodeId) -> Result<Self, IdentityError> {
        match fs::read(directory.join(FILE)) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(IdentityError::Damaged),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let identity = Self { node: fresh(), start: 0 };
                identity.keep(directory)?;
                Ok(identity)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The next start of the node: durable when this answers.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn start(self, directory: &Path) -> Result<Self, IdentityError> {
        let next = Self { start: self.start + 1, ..self };
        next.keep(directory)?;
        Ok(next)
    }

    fn keep(self, directory: &Path) -> Result<(), IdentityError> {
        let (path, fresh) = (directory.join(FILE), directory.join("node.json.new"));
        let mut file = File::create(&fresh)?;
        file.write_all(&serde_json::to_vec(&self).map_err(IdentityError::Damaged)?)?;
        file.sync_all()?;
        fs::rename(&fresh, &path)?;
        File::open(directory)?.sync_all()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_counted_and_the_id_stays() {
        let dir = tempfile::tempdir().unwrap();
        let first = NodeIdentity::open(dir.path(), NodeId::random).unwrap();
        let started = first.start(dir.path()).unwrap();
        assert_eq!((started.node, started.start), (first.node, 1));
        let again = NodeIdentity::open(dir.path(), || unreachable!()).unwrap().start(dir.path()).unwrap();
        assert_eq!((again.node, again.start), (first.node, 2));
    }

    #[test]
    fn a_damaged_file_is_refused_and_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE), "{").unwrap();
        assert!(matches!(NodeIdentity::open(dir.path(), NodeId::random), Err(IdentityError::Damaged(_))));
        assert_eq!(fs::read(dir.path().join(FILE)).unwrap(), b"{");
    }
}
