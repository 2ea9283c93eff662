use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Why the spool could not keep a row, or let go of one.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SpoolError {
    /// The file cannot be opened, read or made.
    #[error("the key spool {path} cannot be opened: {source}")]
    Open {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        source: Arc<io::Error>,
    },
    /// The file cannot be written or synced.
    #[error("the key spool cannot be written: {0}")]
    Write(Arc<io::Error>),
    /// As many rows wait as may.
    #[error("{0} keys wait in the key spool, and no more may")]
    Full(usize),
    /// Its disk did not get to it in time.
    #[error("the disk of the key spool did not answer within {0:?}")]
    Slow(Duration),
    /// Its thread is gone.
    #[error("the key spool is closed")]
    Closed,
}
