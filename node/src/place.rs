use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use eyrie_actors::peer::{Dialer, PeerError, Purpose, RefusalReason};
use eyrie_cluster::Identity;
use eyrie_types::NodeId;
use serde::{Deserialize, Serialize};

/// The file, below the data directory.
const FILE: &str = "place.json";
/// How long it may take to find out whether somebody is where this node last was.
const ASK_WITHIN: Duration = Duration::from_secs(5);

/// Where a data directory was last used: on which machine, under which path, and where its node listened for the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// See [`Identity`].
    identity: Identity,
    /// `host:port`; empty in a cell of one.
    address: String,
}

impl Place {
    pub(crate) fn new(identity: Identity, address: &str) -> Self {
        Self { identity, address: address.to_owned() }
    }

    /// Makes sure that no other process is the node that `directory` belongs to, as when it was copied from a machine that runs:
    /// before anything of it is used. A directory that was moved, with nobody left where it was, is used from here on.
    ///
    /// # Errors
    /// When the node runs elsewhere, or the file cannot be read or written.
    pub(crate) async fn take(self, directory: &Path, node: NodeId, dialer: &Dialer) -> anyhow::Result<()> {
        let last = Self::read(directory)?;
        if last.as_ref() == Some(&self) {
            return Ok(());
        }
        // Where this process listens itself nobody else does.
        let elsewhere = |last: &Self| !last.address.is_empty() && last.address != self.address;
        if let Some(last) = last.filter(|last| last.identity != self.identity && elsewhere(last)) {
            let asked = tokio::time::timeout(ASK_WITHIN, dialer.dial(&last.address, Purpose::Actors, Some(node)));
            if let Ok(Err(error)) = asked.await
                && is_the_node(&error)
            {
                bail!(
                    "{} is a copy: node {node} runs at {}, from the directory it was copied from. To make a node of its own of this \
                     one, remove {FILE}, node.json and the directories raft and mirror in it; to move the node here, stop it there first",
                    directory.display(),
                    last.address
                );
            }
            tracing::info!(was = last.address, "this data directory was moved here, and nobody runs where it was");
        }
        self.keep(directory)
    }

    fn read(directory: &Path) -> anyhow::Result<Option<Self>> {
        let path = directory.join(FILE);
        match fs::read(&path) {
            // What cannot be read says nothing; it is written anew.
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
        }
    }

    fn keep(&self, directory: &Path) -> anyhow::Result<()> {
        let (path, fresh) = (directory.join(FILE), directory.join("place.json.new"));
        let write = || -> anyhow::Result<()> {
            let mut file = File::create(&fresh)?;
            file.write_all(&serde_json::to_vec(self)?)?;
            file.sync_all()?;
            fs::rename(&fresh, &path)?;
            Ok(File::open(directory)?.sync_all()?)
        };
        write().with_context(|| format!("writing {}", path.display()))
    }
}

/// Whether whoever answered calls itself by this node's id, and is another process.
fn is_the_node(error: &PeerError) -> bool {
    matches!(error, PeerError::TwoNodesOneId { .. })
        || matches!(error, PeerError::Refused { reason: RefusalReason::TwoNodesOneId, .. })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use eyrie_actors::peer::{PeerConfig, PeerRoutes, PeerTls, Peers};
    use eyrie_types::{Secret, SystemClock};
    use tokio::net::TcpListener;

    use super::*;

    fn peers(node: NodeId, start: u64) -> Peers {
        let secret = Secret::new("a secret for the tests of places");
        let config = PeerConfig { secret, cell: None, node, start, name: "n".to_owned(), tls: PeerTls::SelfSigned };
        Peers::new(&config, Arc::new(SystemClock::new())).unwrap()
    }

    #[tokio::test]
    async fn a_copy_of_a_running_nodes_directory_is_refused_and_a_moved_one_is_taken() {
        let directory = tempfile::tempdir().unwrap();
        let (node, [old, new]) = (NodeId::generate(), [1, 2].map(|byte| Identity([byte; 16])));
        let (running, copy) = (peers(node, 1), peers(node, 2));
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap().to_string();
        Place::new(old, &address).take(directory.path(), node, &running.dialer()).await.unwrap();
        let (sender, _streams) = tokio::sync::mpsc::channel(4);
        let listener =
            tokio::spawn(running.listener(socket).run(PeerRoutes { actors: Some(sender), ..PeerRoutes::default() }));

        let here = || Place::new(new, "127.0.0.1:1");
        let refused = here().take(directory.path(), node, &copy.dialer()).await.unwrap_err().to_string();
        assert!(refused.contains("is a copy") && refused.contains(&address), "{refused}");
        let again = Place::new(old, "127.0.0.1:2").take(directory.path(), node, &copy.dialer()).await;
        assert!(again.is_ok(), "at home it is asked nothing: {again:?}");
        Place::new(old, &address).take(directory.path(), node, &copy.dialer()).await.unwrap();

        listener.abort();
        let _ = listener.await;
        here().take(directory.path(), node, &copy.dialer()).await.expect("nobody is there any more");
        assert_eq!(Place::read(directory.path()).unwrap(), Some(here()));
    }
}
