use std::path::PathBuf;
use std::sync::Arc;

use eyrie_types::EpochError;

/// Why the store could not do what was asked. Each error belongs to one call: writes that share a transaction do not share
/// their errors, unless the transaction itself could not be committed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database file could not be opened or made.
    #[error("the metadata store {path} cannot be opened: {source}")]
    Open {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        source: Arc<std::io::Error>,
    },
    /// The database was written by a later release.
    #[error(
        "the metadata store {path} has schema {found}, this release knows up to {known}: run the release that wrote it, \
         or restore a backup made before the upgrade"
    )]
    NewerSchema {
        /// Which file.
        path: PathBuf,
        /// The schema it has.
        found: u32,
        /// The last schema this release knows.
        known: u32,
    },
    /// SQLite refused: disk full, I/O error, corruption.
    #[error("the metadata store failed: {0}")]
    Sqlite(Arc<rusqlite::Error>),
    /// The CQL cluster refused a statement, or did not answer.
    #[error("the metadata store failed: {0}")]
    Cql(Arc<scylla::errors::ExecutionError>),
    /// The CQL cluster refused a statement of several pages, or did not answer.
    #[error("the metadata store failed: {0}")]
    CqlPage(Arc<scylla::errors::PagerExecutionError>),
    /// The CQL cluster could not be reached yet.
    #[error("the metadata store cannot be reached: {0}")]
    NotConnected(String),
    /// The CQL cluster answers, and the keyspace cannot be used.
    #[error("the metadata keyspace {keyspace} cannot be used: {reason}")]
    Keyspace {
        /// Which.
        keyspace: String,
        /// Why, and what to do.
        reason: String,
    },
    /// The certificates for the connection to the CQL cluster cannot be used; the text says which and why.
    #[error("the certificates for the metadata cluster cannot be used: {0}")]
    Certificate(String),
    /// A store was not moved, or not as it was; the text says why and what to do.
    #[error("{0}")]
    Transfer(String),
    /// Others change the same thing all the time.
    #[error("too many change the same thing at the same time; try again")]
    Contended,
    /// A stored row does not read back: it was damaged, or written by something else.
    #[error("a stored {what} cannot be read: {detail}")]
    Damaged {
        /// Which kind of row.
        what: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// No such thing, or none of that tenant.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// The thing changed since the caller read it.
    #[error("the {what} has changed; it is at revision {current} now")]
    RevisionMismatch {
        /// Which kind of thing.
        what: &'static str,
        /// Its revision now.
        current: u64,
    },
    /// Something with that id or name exists already.
    #[error("a {0} with that name or id exists already")]
    AlreadyExists(&'static str),
    /// An immutable row exists with other content.
    #[error("the {0} exists already with other content and cannot change")]
    Immutable(&'static str),
    /// The change would leave a thing that cannot be taken; the text names field and reason.
    #[error("{0}")]
    Invalid(String),
    /// The last admin cannot go or be demoted: nobody could sign in to make another.
    #[error("the last admin cannot be removed or demoted")]
    LastAdmin,
    /// The site that the camera names does not exist.
    #[error("no such site")]
    UnknownSite,
    /// Cameras still stand at the site.
    #[error("{cameras} cameras still stand at the site; move them first")]
    SiteInUse {
        /// How many.
        cameras: u64,
    },
    /// The cursor was not made by this store.
    #[error("the cursor is not one that a page of this list gave")]
    BadCursor,
    /// The answer or the request would be larger than the named limit.
    #[error("more than {max} {what}; ask for less")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// A generation or its counter does not fit an epoch.
    #[error(transparent)]
    Epoch(#[from] EpochError),
    /// The store has been closed, or its thread could not be started.
    #[error("the metadata store is closed")]
    Closed,
    /// A fault of ours inside the store; the log has the panic. Nothing of the call was kept.
    #[error("the metadata store met a fault of its own")]
    Panicked,
}

impl StoreError {
    /// The store itself is in trouble (disk full, I/O, closed), whatever was asked: the same call may work later.
    pub fn is_unavailable(&self) -> bool {
        matches!(
            self,
            Self::Sqlite(_)
                | Self::Cql(_)
                | Self::CqlPage(_)
                | Self::NotConnected(_)
                | Self::Contended
                | Self::Closed
                | Self::Open { .. }
        )
    }

    pub(crate) fn damaged(what: &'static str, detail: impl ToString) -> Self {
        Self::Damaged { what, detail: detail.to_string() }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::FromSqlConversionFailure(column, _, source) => {
                Self::damaged("row", format!("column {column}: {source}"))
            }
            rusqlite::Error::InvalidColumnType(_, name, found) => {
                Self::damaged("row", format!("column {name} holds {found}"))
            }
            other => Self::Sqlite(Arc::new(other)),
        }
    }
}
