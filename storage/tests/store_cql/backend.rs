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
    prepare(directory).await;
    Store::open(StoreConfig::Cql(config(directory)), Arc::new(ManualClock::at(at(0)))).await
}

pub(crate) fn config(directory: &Path) -> CqlConfig {
    CqlConfig {
        contact_points: vec![Cassandra::shared().contact_point()],
        keyspace: keyspace(directory),
        datacenter: None,
        credentials: None,
        tls: None,
        replication: Replication::Local(1),
    }
}

pub(crate) fn keyspace(directory: &Path) -> String {
    KEYSPACES.lock().unwrap().of(directory)
}

/// Gives `directory` a keyspace that no other test will use: for tests that leave a schema behind that is not whole.
pub(crate) fn spoil(directory: &Path) {
    let mut keyspaces = KEYSPACES.lock().unwrap();
    let name = keyspaces.new_name();
    keyspaces.spoiled.push(name.clone());
    keyspaces.used.push((directory.to_owned(), name));
}

/// The store of another node of the cell that `directory` began.
pub(crate) async fn open_beside(directory: &Path) -> Result<Store, StoreError> {
    Store::open(StoreConfig::Cql(config(directory)), Arc::new(ManualClock::at(at(0)))).await
}

/// A session of a test's own, as an administrator has one.
pub(crate) async fn session() -> Session {
    let builder = SessionBuilder::new().known_node(Cassandra::shared().contact_point());
    builder.fetch_schema_metadata(false).build().await.unwrap()
}

static KEYSPACES: Mutex<Keyspaces> =
    Mutex::new(Keyspaces { made: 0, used: Vec::new(), empty: Vec::new(), spoiled: Vec::new() });

/// The keyspaces made so far. A table takes some hundred kilobytes of Cassandra's heap, and dropping one takes far longer than
/// emptying it, so they are used again.
struct Keyspaces {
    made: usize,
    /// By the directory they belong to.
    used: Vec<(PathBuf, String)>,
    empty: Vec<String>,
    spoiled: Vec<String>,
}

impl Keyspaces {
    fn new_name(&mut self) -> String {
        self.made += 1;
        format!("test_{}", self.made)
    }

    fn of(&mut self, directory: &Path) -> String {
        if let Some((_, name)) = self.used.iter().find(|(used, _)| used == directory) {
            return name.clone();
        }
        let name = self.empty.pop().unwrap_or_else(|| self.new_name());
        self.used.push((directory.to_owned(), name.clone()));
        name
    }

    /// Those of tests that are over: their directory is gone.
    fn left(&mut self) -> Vec<String> {
        let left = self.used.extract_if(.., |(directory, _)| !directory.exists()).map(|(_, name)| name);
        let left: Vec<_> = left.collect();
        left.into_iter().filter(|name| !self.spoiled.contains(name)).collect()
    }
}

/// Makes sure that `directory` has a keyspace, an empty one where it is new.
async fn prepare(directory: &Path) {
    let left = KEYSPACES.lock().unwrap().left();
    if !left.is_empty() {
        let session = session().await;
        for name in left {
            empty_keyspace(&session, &name).await;
            KEYSPACES.lock().unwrap().empty.push(name);
        }
    }
    let name = keyspace(directory);
    // What is not durable is emptied without being written to disk first.
    let make = format!(
        "CREATE KEYSPACE IF NOT EXISTS {name} WITH durable_writes = false
         AND replication = {{'class': 'NetworkTopologyStrategy', 'datacenter1': 1}}"
    );
    session().await.query_unpaged(make, &[]).await.unwrap();
}

async fn empty_keyspace(session: &Session, name: &str) {
    let tables = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?";
    let tables = session.query_unpaged(tables, (name,)).await.unwrap().into_rows_result().unwrap();
    let tables: Vec<String> = tables.rows::<(String,)>().unwrap().map(|row| row.unwrap().0).collect();
    for table in tables.iter().filter(|table| !table.starts_with("schema_")) {
        let any = session.query_unpaged(format!("SELECT * FROM {name}.{table} LIMIT 1"), &[]).await.unwrap();
        if any.into_rows_result().unwrap().rows_num() > 0 {
            session.query_unpaged(format!("TRUNCATE {name}.{table}"), &[]).await.unwrap();
        }
    }
}
