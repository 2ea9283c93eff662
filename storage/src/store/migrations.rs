//! Versioned migrations. Each is applied once, in its own transaction, in order. A change of schema is made in two releases:
//! one *expands* (new tables and columns, both shapes written), a later one *contracts* (the old shape goes). So the release
//! before can still run on an expanded database: `oldest_reader` says which schema a release must know to use it.

use std::path::Path;

use eyrie_types::WallTime;
use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;
use super::column::Col;

/// One step of the schema.
struct Migration {
    /// The schema it leads to; rises.
    version: u32,
    /// The lowest schema version a release must know to read and write the database after this step.
    oldest_reader: u32,
    sql: &'static str,
}

const MIGRATIONS: [Migration; 7] = [
    Migration { version: 1, oldest_reader: 1, sql: include_str!("schema/0001_first.sql") },
    Migration { version: 2, oldest_reader: 1, sql: include_str!("schema/0002_retention.sql") },
    Migration { version: 3, oldest_reader: 1, sql: include_str!("schema/0003_markers.sql") },
    Migration { version: 4, oldest_reader: 1, sql: include_str!("schema/0004_facts.sql") },
    Migration { version: 5, oldest_reader: 1, sql: include_str!("schema/0005_incidents.sql") },
    Migration { version: 6, oldest_reader: 1, sql: include_str!("schema/0006_second_copies.sql") },
    Migration { version: 7, oldest_reader: 1, sql: include_str!("schema/0007_drills.sql") },
];

/// The last schema this release knows.
const KNOWN: u32 = MIGRATIONS[MIGRATIONS.len() - 1].version;

/// Brings the database at `path` to the schema this release writes.
///
/// # Errors
/// [`StoreError::NewerSchema`] when a later release contracted what this one needs.
pub(super) fn migrate(connection: &mut Connection, path: &Path, now: WallTime) -> Result<(), StoreError> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS schema_version
         (version INTEGER NOT NULL PRIMARY KEY, oldest_reader INTEGER NOT NULL, applied_us INTEGER NOT NULL)",
    )?;
    let applied = |connection: &Connection| -> Result<Option<(u32, u32)>, StoreError> {
        let newest = "SELECT version, oldest_reader FROM schema_version ORDER BY version DESC LIMIT 1";
        Ok(connection.query_row(newest, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    };
    let (version, oldest_reader) = applied(connection)?.unwrap_or((0, 0));
    if oldest_reader > KNOWN {
        return Err(StoreError::NewerSchema { path: path.to_owned(), found: version, known: KNOWN });
    }
    for step in MIGRATIONS.iter().filter(|step| step.version > version) {
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        transaction.execute_batch(step.sql)?;
        transaction.execute(
            "INSERT INTO schema_version (version, oldest_reader, applied_us) VALUES (?1, ?2, ?3)",
            params![step.version, step.oldest_reader, Col(now)],
        )?;
        transaction.commit()?;
        tracing::info!(version = step.version, "metadata store migrated");
    }
    Ok(())
}

/// A database of the latest schema, in memory.
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "for tests alone")]
pub(super) fn migrated_for_tests() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate(&mut connection, Path::new("m"), WallTime::EPOCH).unwrap();
    connection
}

#[cfg(test)]
mod tests {
    use super::migrated_for_tests as migrated;
    use super::*;

    fn pretend(connection: &Connection, version: u32, oldest_reader: u32) {
        connection.execute("INSERT INTO schema_version VALUES (?1, ?2, 0)", params![version, oldest_reader]).unwrap();
    }

    #[test]
    fn migrating_twice_changes_nothing() {
        let mut connection = migrated();
        migrate(&mut connection, Path::new("m"), WallTime::EPOCH).unwrap();
        let steps: u32 = connection.query_row("SELECT count(*) FROM schema_version", [], |row| row.get(0)).unwrap();
        assert_eq!(steps as usize, MIGRATIONS.len());
    }

    #[test]
    fn a_schema_contracted_by_a_later_release_is_refused_and_one_only_expanded_is_used() {
        let mut connection = migrated();
        pretend(&connection, KNOWN + 1, KNOWN);
        assert!(migrate(&mut connection, Path::new("m"), WallTime::EPOCH).is_ok());
        pretend(&connection, KNOWN + 2, KNOWN + 1);
        let refused = migrate(&mut connection, Path::new("m"), WallTime::EPOCH).unwrap_err();
        assert!(matches!(refused, StoreError::NewerSchema { found, .. } if found == KNOWN + 2), "{refused}");
    }
}
