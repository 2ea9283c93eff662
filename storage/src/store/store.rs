use std::path::PathBuf;
use std::sync::{Arc, Weak};

use eyrie_types::Clock;

use super::cql::Cql;
use super::sqlite::Sqlite;
use super::{CameraWatch, CqlConfig, StoreError};

/// Where the store lives.
#[derive(Debug, Clone)]
pub enum StoreConfig {
    /// In a file of this machine.
    Sqlite {
        /// The database file; its directory must exist. SQLite keeps `-wal` and `-shm` files beside it while it is open.
        path: PathBuf,
    },
    /// In a CQL cluster, which all nodes of the cell share.
    Cql(CqlConfig),
}

/// The metadata of a cell: cameras, users, the index of recordings, keys, incidents, audit, outbox. In SQLite for a cell of one,
/// in ScyllaDB or Apache Cassandra for a cell of many; the methods are the same.
///
/// All methods are async and may be called from any task. A write is durable when its method returns `Ok`. A write whose future is
/// dropped may still happen.
///
/// Everything is keyed by tenant first; no method reads across tenants but those that say so.
#[derive(Debug)]
pub struct Store {
    pub(super) backend: Backend,
}

/// Where it is.
#[derive(Debug)]
pub(super) enum Backend {
    Sqlite(Sqlite),
    Cql(Cql),
}

/// The SQLite backend of `$store`; returns what `$call` answers from the other.
macro_rules! sqlite_or {
    ($store:expr, $cql:ident => $call:expr) => {
        match &$store.backend {
            $crate::store::store::Backend::Sqlite(db) => db,
            $crate::store::store::Backend::Cql($cql) => return $call.await,
        }
    };
}
pub(super) use sqlite_or;

impl Store {
    /// Opens the store, making or migrating it as needed. One in a cluster that cannot be reached now is opened all the same: its
    /// methods answer that it is unavailable until it can be.
    ///
    /// # Errors
    /// When the file cannot be opened or made, or is no database; when the cluster refuses; when either was written by a later
    /// release ([`StoreError::NewerSchema`]).
    pub async fn open(config: StoreConfig, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let backend = match config {
            StoreConfig::Sqlite { path } => Backend::Sqlite(Sqlite::open(path, clock).await?),
            StoreConfig::Cql(config) => Backend::Cql(Cql::open(config, clock).await?),
        };
        Ok(Self { backend })
    }

    /// Finishes all queued writes and lets go of the file or the cluster; a WAL is folded into its database file. Later calls
    /// answer [`StoreError::Closed`]. A store that is only dropped loses nothing either.
    ///
    /// # Errors
    /// When the WAL could not be folded; nothing is lost by that.
    pub async fn close(&self) -> Result<(), StoreError> {
        match &self.backend {
            Backend::Sqlite(db) => db.close().await,
            Backend::Cql(cql) => {
                cql.close();
                Ok(())
            }
        }
    }

    /// Tells `watch` of all changes of cameras from now on, until it is dropped. Those made through this store are told before
    /// their caller hears of them; those that other nodes make to a shared store, within some seconds. Must be called within a
    /// runtime. `false` from a store that cannot hear of every change: no copy can follow it then.
    pub fn watch_cameras(&self, watch: Weak<dyn CameraWatch>) -> bool {
        match &self.backend {
            Backend::Sqlite(db) => db.watches.add(watch),
            Backend::Cql(cql) => cql.watch_cameras(watch),
        }
        true
    }
}
