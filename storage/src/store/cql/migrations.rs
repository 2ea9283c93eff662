//! Versioned migrations, as in SQLite: each release *expands* the schema, a later one *contracts* it. A cluster makes tables one
//! by one and several nodes of ours may start at once, so:
//!
//! - one node migrates at a time: it holds a lease, a row with a time to live, taken and kept by compare-and-set;
//! - each step is noted as begun before its first statement and as applied after its last. One that was begun and not applied is
//!   run again from its beginning; its statements do nothing where they were run before;
//! - the two tables that this itself stands on may be made by two nodes at once: their ids are derived from the keyspace's name,
//!   so that both make the same table.

use std::path::PathBuf;
use std::time::Duration;

use eyrie_types::WallTime;
use scylla::client::session::Session;
use scylla::response::query_result::QueryResult;
use scylla::statement::unprepared::Statement;
use scylla::value::Row;

use super::cells::{Cells, cells};
use super::config::checked_name;
use super::cql::failed;
use super::{CqlConfig, Replication};
use crate::store::StoreError;

/// One step of the schema.
struct Migration {
    /// The schema it leads to; rises.
    version: u32,
    /// The lowest schema version a release must know to read and write the keyspace after this step.
    oldest_reader: u32,
    /// Statements that do nothing when run again, each ended by a semicolon.
    cql: &'static str,
}

const MIGRATIONS: [Migration; 3] = [
    Migration { version: 1, oldest_reader: 1, cql: include_str!("../schema/cql/0001_first.cql") },
    Migration { version: 2, oldest_reader: 1, cql: include_str!("../schema/cql/0002_second_copies.cql") },
    Migration { version: 3, oldest_reader: 1, cql: include_str!("../schema/cql/0003_drills.cql") },
];

/// The last schema this release knows.
const KNOWN: u32 = MIGRATIONS[MIGRATIONS.len() - 1].version;

/// How long the lease lasts without being kept: longer than any single statement may take.
const LEASE_SECONDS: i64 = 60;
/// How often whoever waits for the lease looks again, and how long it waits: some steps of a slow cluster.
const LEASE_EVERY: Duration = Duration::from_millis(250);
const LEASE_WAITS_MAX: u32 = 1200;

/// Makes the keyspace where it is missing.
///
/// # Errors
/// When the cluster refuses, or does not know the datacenter.
pub(in crate::store) async fn make_keyspace(session: &Session, config: &CqlConfig) -> Result<(), StoreError> {
    let refused = |reason: String| StoreError::Keyspace { keyspace: config.keyspace.clone(), reason };
    let cluster = session.get_cluster_state();
    let nodes_in = |name: &str| {
        let all = cluster.get_nodes_info().iter();
        all.filter(|node| node.datacenter.as_deref() == Some(name)).count()
    };
    // Before anything is asked: no node of such a datacenter could be.
    if let Some(name) = &config.datacenter
        && nodes_in(name) == 0
    {
        return Err(refused(format!("the cluster has no datacenter {name:?}; set store.datacenter to one it has")));
    }
    let local = match &config.datacenter {
        Some(name) => name.clone(),
        None => {
            let local = query(session, "SELECT data_center FROM system.local", Vec::new()).await?;
            let mut local =
                local.into_iter().next().ok_or_else(|| refused("the cluster names no datacenter".into()))?;
            local.get(0)?
        }
    };
    let here = nodes_in(&local);
    let there = "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?";
    let there = query(session, there, cells![config.keyspace]).await?;
    if !there.is_empty() {
        return Ok(());
    }
    let copies = match &config.replication {
        Replication::Local(copies) => vec![(local.clone(), *copies)],
        Replication::Datacenters(all) => all.clone(),
    };
    let wanted = copies.iter().find(|(name, _)| *name == local).map_or(0, |(_, copies)| *copies);
    // Rows are read and written with a majority of their copies.
    if wanted == 0 || here < wanted as usize / 2 + 1 {
        return Err(refused(format!(
            "store.replication is {}, and datacenter {local} has {here} node(s), too few for a majority of the copies: start \
             more, or set store.replication to what there is",
            config.replication
        )));
    }
    let mut map = Vec::new();
    for (name, copies) in &copies {
        map.push(format!("'{}': {copies}", checked_name(name).map_err(refused)?));
    }
    let make = format!(
        "CREATE KEYSPACE IF NOT EXISTS {} WITH replication = {{'class': 'NetworkTopologyStrategy', {}}} \
         AND durable_writes = true",
        config.keyspace,
        map.join(", ")
    );
    // ScyllaDB's tablets take no lightweight transactions before release 2025.4. Releases before 6.0 do not know the word, and
    // Apache Cassandra never did.
    if cluster.get_nodes_info().iter().any(|node| node.sharder().is_some()) {
        let without_tablets = format!("{make} AND tablets = {{'enabled': false}}");
        if query(session, &without_tablets, Vec::new()).await.is_ok() {
            return Ok(());
        }
    }
    query(session, &make, Vec::new()).await.map_err(|error| refused(error.to_string()))?;
    tracing::info!(keyspace = config.keyspace, replication = %config.replication, "metadata keyspace made");
    Ok(())
}

/// Brings the keyspace in use to the schema this release writes.
///
/// # Errors
/// [`StoreError::NewerSchema`] when a later release contracted what this one needs; and when the cluster does not answer.
pub(in crate::store) async fn migrate(session: &Session, config: &CqlConfig, now: WallTime) -> Result<(), StoreError> {
    let id = |table: &str| {
        let name = format!("eyrie {} {table}", config.keyspace);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&blake3::hash(name.as_bytes()).as_bytes()[..16]);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    };
    for make in [
        format!(
            "CREATE TABLE IF NOT EXISTS schema_version (one bigint, version bigint, oldest_reader bigint, begun_us bigint, \
             applied_us bigint, PRIMARY KEY (one, version)) WITH id = {}",
            id("schema_version")
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS schema_lease (one bigint PRIMARY KEY, holder blob) WITH id = {}",
            id("schema_lease")
        ),
    ] {
        query(session, &make, Vec::new()).await?;
    }
    if steps_left(session, config).await?.is_empty() {
        return Ok(());
    }
    let holder = uuid::Uuid::new_v4().as_bytes().to_vec();
    let take = format!("INSERT INTO schema_lease (one, holder) VALUES (1, ?) IF NOT EXISTS USING TTL {LEASE_SECONDS}");
    let mut waited = 0;
    while !query_if(session, &take, cells![holder]).await? {
        waited += 1;
        if waited > LEASE_WAITS_MAX {
            let reason = "another node has been migrating it for minutes; see its log, then start this one again";
            return Err(StoreError::Keyspace { keyspace: config.keyspace.clone(), reason: reason.to_owned() });
        }
        tokio::time::sleep(LEASE_EVERY).await;
    }
    let applied = apply(session, config, &holder, now).await;
    // Left alone, it would run out by itself.
    let released = query_if(session, "DELETE FROM schema_lease WHERE one = 1 IF holder = ?", cells![holder]).await;
    if let Err(error) = released {
        tracing::warn!(%error, "the lease of the migration was not given back; it runs out within a minute");
    }
    applied
}

/// Applies the steps that are left, holding the lease.
async fn apply(session: &Session, config: &CqlConfig, holder: &Vec<u8>, now: WallTime) -> Result<(), StoreError> {
    let keep = format!("UPDATE schema_lease USING TTL {LEASE_SECONDS} SET holder = ? WHERE one = 1 IF holder = ?");
    for (step, begun) in steps_left(session, config).await? {
        let version = step.version;
        if begun {
            tracing::warn!(version, "a migration of the metadata store was begun and never finished; it is run again");
        }
        let begin = "INSERT INTO schema_version (one, version, oldest_reader, begun_us) VALUES (1, ?, ?, ?)";
        query(session, begin, cells![version, step.oldest_reader, now]).await?;
        for statement in statements(step.cql) {
            if !query_if(session, &keep, cells![holder, holder]).await? {
                let reason = "the lease of its migration was lost to another node; start this one again".to_owned();
                return Err(StoreError::Keyspace { keyspace: config.keyspace.clone(), reason });
            }
            query(session, &statement, Vec::new()).await?;
        }
        query(session, "UPDATE schema_version SET applied_us = ? WHERE one = 1 AND version = ?", cells![now, version])
            .await?;
        tracing::info!(version, "metadata store migrated");
    }
    Ok(())
}

/// The steps that were not applied, and whether each was begun.
async fn steps_left(session: &Session, config: &CqlConfig) -> Result<Vec<(&'static Migration, bool)>, StoreError> {
    let rows =
        query(session, "SELECT version, oldest_reader, applied_us FROM schema_version WHERE one = 1", Vec::new());
    let (mut applied, mut begun) = (Vec::new(), Vec::new());
    for mut row in rows.await? {
        let (version, oldest_reader): (u32, u32) = (row.get(0)?, row.get(1)?);
        if oldest_reader > KNOWN {
            return Err(StoreError::NewerSchema {
                path: PathBuf::from(&config.keyspace),
                found: version,
                known: KNOWN,
            });
        }
        begun.push(version);
        if row.get::<Option<WallTime>>(2)?.is_some() {
            applied.push(version);
        }
    }
    let left = MIGRATIONS.iter().filter(|step| !applied.contains(&step.version));
    Ok(left.map(|step| (step, begun.contains(&step.version))).collect())
}

/// The statements of a schema file, without its comments.
fn statements(cql: &str) -> Vec<String> {
    let lines = cql.lines().map(|line| line.split("--").next().unwrap_or_default().trim());
    let text = lines.collect::<Vec<_>>().join(" ");
    text.split(';').map(str::trim).filter(|statement| !statement.is_empty()).map(str::to_owned).collect()
}

async fn query(session: &Session, text: &str, values: Vec<super::cells::Cell>) -> Result<Vec<Cells>, StoreError> {
    const WHAT: &str = "row of the schema";
    let mut statement = Statement::new(text);
    statement.set_is_idempotent(true);
    let answer = session.query_unpaged(statement, values).await.map_err(failed)?;
    if !answer.is_rows() {
        return Ok(Vec::new());
    }
    let rows = rows_of(answer)?;
    Ok(rows.into_iter().map(|row| Cells::new(WHAT, row.columns)).collect())
}

async fn query_if(session: &Session, text: &str, values: Vec<super::cells::Cell>) -> Result<bool, StoreError> {
    let answer = session.query_unpaged(text, values).await.map_err(failed)?;
    let first = rows_of(answer)?.into_iter().next();
    let first = first.map(|row| Cells::new("answer to a condition", row.columns.into_iter().take(1).collect()));
    first.ok_or_else(|| StoreError::damaged("answer to a condition", "it has no row"))?.get(0)
}

fn rows_of(answer: QueryResult) -> Result<Vec<Row>, StoreError> {
    let damaged = |error: &dyn std::fmt::Display| StoreError::damaged("row of the schema", error);
    let rows = answer.into_rows_result().map_err(|error| damaged(&error))?;
    let rows = rows.rows::<Row>().map_err(|error| damaged(&error))?;
    rows.collect::<Result<_, _>>().map_err(|error| damaged(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_file_is_read_statement_by_statement() {
        let text =
            "-- a comment; with a semicolon\nCREATE TABLE a (\n  b text, -- a column\n);\n\nCREATE TABLE c (d text);\n";
        assert_eq!(statements(text), ["CREATE TABLE a ( b text, )", "CREATE TABLE c (d text)"]);
    }

    #[test]
    fn every_statement_of_the_schema_can_be_run_again_and_none_filters_or_indexes() {
        for step in &MIGRATIONS {
            for statement in statements(step.cql) {
                assert!(statement.contains("IF NOT EXISTS"), "{statement}");
                assert!(!statement.contains("INDEX") && !statement.contains("MATERIALIZED"), "{statement}");
            }
        }
    }
}
