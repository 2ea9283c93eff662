use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use eyrie_cassandra::Cassandra;
use eyrie_storage::store::{CqlConfig, Replication};
use eyrie_storage::{Store, StoreConfig, StoreError};
use eyrie_types::ManualClock;
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;

use crate::values::at;

/// A store in a keyspace of its own.
pub(crate) struct TestStore {
    store: Store,
    directory: tempfile::TempDir,
}

impl TestStore {
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }
}

impl std::ops::Deref for TestStore {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

/// An empty store.
pub(crate) async fn empty() -> TestStore {
    let directory = tempfile::tempdir().unwrap();
    TestStore { store: open(directory.path()).await.unwrap(), directory }
}

/// The store that belongs to `directory`, which stands for a machine: its keyspace is named after it.
pub(crate) async fn open(directory: &Path) -> Result<Store, StoreError> {
    drop_keyspaces_of_the_past(directory).await;
    Store::open(StoreConfig::Cql(config(directory)), Arc::new(ManualClock::at(at(0)))).await
}

pub(crate) fn config(directory: &Path) -> CqlConfig {
    CqlConfig {
        contact_points: vec![Cassandra::shared().contact_point()],
        keyspace: keyspace(directory),
        datacenter: None,
        credentials: None,
        replication: Replication::Local(1),
        node_file: directory.join("node-id"),
    }
}

pub(crate) fn keyspace(directory: &Path) -> String {
    let name = directory.file_name().unwrap().to_string_lossy().to_lowercase();
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("test_{name}_{:08x}", crc32c::crc32c(directory.as_os_str().as_encoded_bytes()))
}

/// Another node of the cell that `directory` began: with its own file, in the same keyspace.
pub(crate) async fn open_beside(directory: &Path, other: &Path) -> Result<Store, StoreError> {
    let config = CqlConfig { node_file: other.join("node-id"), ..config(directory) };
    Store::open(StoreConfig::Cql(config), Arc::new(ManualClock::at(at(0)))).await
}

/// A session of a test's own, as an administrator has one.
pub(crate) async fn session() -> Session {
    let builder = SessionBuilder::new().known_node(Cassandra::shared().contact_point());
    builder.fetch_schema_metadata(false).build().await.unwrap()
}

/// A table takes some hundred kilobytes of Cassandra's heap, so keyspaces go when their test is over: when its directory is gone.
async fn drop_keyspaces_of_the_past(current: &Path) {
    static MADE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    let past: Vec<_> = {
        let mut made = MADE.lock().unwrap();
        if !made.iter().any(|directory| directory == current) {
            made.push(current.to_owned());
        }
        made.extract_if(.., |directory| !directory.exists()).collect()
    };
    if !past.is_empty() {
        let session = session().await;
        for directory in past {
            let drop = format!("DROP KEYSPACE IF EXISTS {}", keyspace(&directory));
            session.query_unpaged(drop, &[]).await.unwrap();
        }
    }
}
