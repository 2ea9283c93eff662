//! How connections to the database file are opened: by the writer thread, and by each reader.

use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::StoreError;

/// How long a statement waits for a lock: ours never conflict (one writer, WAL), but a backup or an administrator's `sqlite3`
/// may hold the file for a moment.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Statements kept prepared per connection: all that the store has, with room.
const STATEMENTS_MAX: usize = 160;
/// Page cache per connection, in KiB as SQLite wants it (negative): the hot end of the index of 1,000 cameras.
const CACHE_KIB: i64 = -8 * 1024;
/// The WAL is checkpointed at this many pages (4 KiB each) and truncated to this size afterwards, so that it cannot grow
/// without end: 16 MiB.
const WAL_PAGES: i64 = 4096;
/// The same in bytes.
const WAL_BYTES: i64 = WAL_PAGES * 4096;

/// Opens the writer's connection, making the file (readable by its owner alone: it holds password hashes) where there is none.
pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let failed = |source| StoreError::Open { path: path.to_owned(), source: Arc::new(source) };
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path).map_err(failed)?;
    let connection = Connection::open_with_flags(path, flags(OpenFlags::SQLITE_OPEN_READ_WRITE))?;
    prepare(&connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL: a commit is on disk before its caller hears of it, also after power loss. NORMAL would lose the last ones.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES)?;
    Ok(connection)
}

/// Opens a reader's connection to a database that the writer has opened before.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags(OpenFlags::SQLITE_OPEN_READ_WRITE))?;
    prepare(&connection)?;
    // A reader of a WAL needs write access to its shared memory, so the file is opened for writing and this forbids it.
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn flags(access: OpenFlags) -> OpenFlags {
    // Each connection stays on one thread, so SQLite's own locks around it are not needed.
    access | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn prepare(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", CACHE_KIB)?;
    // What an administrator or an attacker put into the schema (views, triggers) must not run functions with side effects.
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(())
}
