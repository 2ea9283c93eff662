use std::path::Path;
use std::sync::Arc;

use eyrie_storage::{Store, StoreConfig, StoreError};
use eyrie_types::ManualClock;

use crate::values::at;

/// A store in a directory of its own, gone with it.
pub(crate) struct TestStore {
    store: Store,
    _directory: tempfile::TempDir,
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
    TestStore { store: open(directory.path()).await.unwrap(), _directory: directory }
}

/// The store that lives in `directory`.
pub(crate) async fn open(directory: &Path) -> Result<Store, StoreError> {
    let config = StoreConfig::Sqlite { path: directory.join("eyrie.db") };
    Store::open(config, Arc::new(ManualClock::at(at(0)))).await
}
