//! What the node must remember about itself: who it is, and when it ran.

use std::time::Duration;

use eyrie_types::{Epoch, NodeId, TimeRange, WallTime};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::column::{Col, col};
use super::store::sqlite_or;
use super::{Store, StoreError};
use crate::ledger::NodeRun;

/// How often a running node says that it is alive: a kill is known to this precision. One small commit each.
pub const NODE_ALIVE_EVERY: Duration = Duration::from_secs(5);
/// Most runs in an answer: a node that restarts every minute for a month, which is more than its supervisor allows.
pub(super) const RUNS_MAX: usize = 50_000;

impl Store {
    /// This node's id: the stored one, or `fresh`, which is stored then. A store that nodes share knows none of them: there it is
    /// `fresh`, which the caller keeps, and which this node goes by from then on.
    pub async fn node_id(&self, fresh: NodeId) -> Result<NodeId, StoreError> {
        let db = sqlite_or!(self, cql => cql.node_id(fresh));
        db.write(move |connection| {
            connection
                .prepare_cached("INSERT OR IGNORE INTO node_identity (one, node) VALUES (1, ?1)")?
                .execute([Col(fresh)])?;
            let mut stored = connection.prepare_cached("SELECT node FROM node_identity")?;
            Ok(stored.query_row([], |row| row.get::<_, Col<NodeId>>(0))?.0)
        })
        .await
    }

    /// The last epoch that this store gave out, as releases did that had no cell: no later epoch may be as low.
    pub async fn last_epoch(&self) -> Result<Option<Epoch>, StoreError> {
        let db = sqlite_or!(self, cql => cql.last_epoch());
        db.read(|connection| {
            let last = "SELECT generation, counter FROM epochs ORDER BY generation DESC LIMIT 1";
            let read = |row: &Row<'_>| Ok((col::<u64>(row, 0)?, row.get::<_, u32>(1)?));
            let last = connection.prepare_cached(last)?.query_row([], read).optional()?;
            Ok(last.map(|(generation, counter)| Epoch::new(generation, counter)).transpose()?)
        })
        .await
    }

    /// Says that `node` has run from `start` (of this run) until `now`: at the start, every [`NODE_ALIVE_EVERY`], and at an
    /// orderly end. A wall clock that was set back does not shorten the run.
    pub async fn node_alive(&self, node: NodeId, start: WallTime, now: WallTime) -> Result<(), StoreError> {
        let db = sqlite_or!(self, cql => cql.node_alive(node, start, now));
        db.write(move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO node_runs (node, start_us, last_alive_us) VALUES (?1, ?2, max(?2, ?3))
                     ON CONFLICT DO UPDATE SET last_alive_us = max(last_alive_us, excluded.last_alive_us)",
                )?
                .execute(params![Col(node), Col(start), Col(now)])?;
            Ok(())
        })
        .await
    }

    /// The last run of `node` before `start`: when it was last alive before this start.
    pub async fn last_run_before(&self, node: NodeId, start: WallTime) -> Result<Option<NodeRun>, StoreError> {
        let db = sqlite_or!(self, cql => cql.last_run_before(node, start));
        db.read(move |connection| {
            let sql = "SELECT start_us, last_alive_us FROM node_runs WHERE node = ?1 AND start_us < ?2
                       ORDER BY start_us DESC LIMIT 1";
            Ok(connection.prepare_cached(sql)?.query_row(params![Col(node), Col(start)], read_run).optional()?)
        })
        .await
    }

    /// The runs of `node` that overlap `range`, and the ones right before and after it, sorted by start.
    ///
    /// # Errors
    /// [`StoreError::TooMany`].
    pub async fn node_runs(&self, node: NodeId, range: TimeRange) -> Result<Vec<NodeRun>, StoreError> {
        let db = sqlite_or!(self, cql => cql.node_runs(node, range));
        db.read(move |connection| runs(connection, node, range)).await
    }
}

fn read_run(row: &Row<'_>) -> rusqlite::Result<NodeRun> {
    Ok(NodeRun { start: col(row, 0)?, last_alive: col(row, 1)? })
}

pub(super) fn runs(connection: &Connection, node: NodeId, range: TimeRange) -> Result<Vec<NodeRun>, StoreError> {
    // Runs of one node follow one another, so the one that began last before the range is the only one of those that may
    // reach into it.
    let sql = "SELECT start_us, last_alive_us FROM node_runs WHERE node = ?1
                 AND start_us >= coalesce((SELECT max(start_us) FROM node_runs WHERE node = ?1 AND start_us <= ?2), 0)
                 AND start_us <= coalesce((SELECT min(start_us) FROM node_runs WHERE node = ?1 AND start_us >= ?3), ?3)
               ORDER BY start_us LIMIT ?4";
    let mut statement = connection.prepare_cached(sql)?;
    let asked = params![Col(node), Col(range.start), Col(range.end), RUNS_MAX as u32 + 1];
    let runs = statement.query_map(asked, read_run)?.collect::<Result<Vec<_>, _>>()?;
    if runs.len() > RUNS_MAX {
        return Err(StoreError::TooMany { what: "node runs in the range", max: RUNS_MAX });
    }
    Ok(runs)
}
