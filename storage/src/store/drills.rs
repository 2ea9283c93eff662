//! Runs of drills, and the agents that do their faults. Both belong to the cell, not to a tenant: a drill is done to all of it.

use eyrie_types::{DrillAgent, DrillAsked, DrillNow, DrillRun, DrillRunId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::column::{Col, Json, col};
use super::store::sqlite_or;
use super::{Store, StoreError};

/// Runs that are kept, with their reports: some years of one a week. The earliest goes when one more begins.
pub const DRILL_RUNS_KEPT: usize = 200;
/// Largest report: 1,000 rounds of some gaps each. All of them together stay within 200 MiB.
pub const DRILL_REPORT_BYTES_MAX: usize = 1 << 20;
pub(super) const RUN: &str = "drill run";
pub(super) const AGENT: &str = "drill agent";

/// A run as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDrillRun {
    /// The run.
    pub run: DrillRun,
    /// Rises with each change of [`DrillRun::now`].
    pub revision: u64,
}

impl Store {
    /// The run that was begun last: no other begins before it is over.
    pub async fn drill_turn(&self) -> Result<Option<DrillRunId>, StoreError> {
        let db = sqlite_or!(self, cql => cql.drill_turn());
        db.read(turn).await
    }

    /// Begins a run of the drill in `file`, if the one begun last is still `last`; otherwise nothing is done. At most
    /// [`DRILL_RUNS_KEPT`] are kept.
    pub async fn begin_drill_run(
        &self,
        last: Option<DrillRunId>,
        run: DrillRun,
        file: String,
    ) -> Result<bool, StoreError> {
        let db = sqlite_or!(self, cql => cql.begin_drill_run(last, run, file));
        db.write(move |connection| {
            if turn(connection)? != last {
                return Ok(false);
            }
            connection
                .prepare_cached("INSERT INTO drill_runs (id, revision, asked, state, file) VALUES (?1, 1, ?2, ?3, ?4)")?
                .execute(params![Col(run.id), Json(&run.asked), Json(&run.now), file])?;
            connection
                .prepare_cached(
                    "INSERT INTO drill_turn (one, run) VALUES (1, ?1) ON CONFLICT DO UPDATE SET run = excluded.run",
                )?
                .execute(params![Col(run.id)])?;
            // Ids sort by the time of their making.
            connection
                .prepare_cached(
                    "DELETE FROM drill_runs WHERE id NOT IN (SELECT id FROM drill_runs ORDER BY id DESC LIMIT ?1)",
                )?
                .execute(params![DRILL_RUNS_KEPT as u32])?;
            Ok(true)
        })
        .await
    }

    /// A run.
    pub async fn drill_run(&self, id: DrillRunId) -> Result<Option<StoredDrillRun>, StoreError> {
        let db = sqlite_or!(self, cql => cql.drill_run(id));
        db.read(move |connection| {
            let sql = "SELECT id, revision, asked, state FROM drill_runs WHERE id = ?1";
            Ok(connection.prepare_cached(sql)?.query_row(params![Col(id)], read).optional()?)
        })
        .await
    }

    /// All runs that are kept, the latest first.
    pub async fn drill_runs(&self) -> Result<Vec<DrillRun>, StoreError> {
        let db = sqlite_or!(self, cql => cql.drill_runs());
        db.read(move |connection| {
            let sql = "SELECT id, revision, asked, state FROM drill_runs ORDER BY id DESC";
            let mut statement = connection.prepare_cached(sql)?;
            let runs = statement.query_map([], |row| Ok(read(row)?.run))?.collect::<Result<_, _>>()?;
            Ok(runs)
        })
        .await
    }

    /// The file of a run.
    pub async fn drill_file(&self, id: DrillRunId) -> Result<Option<String>, StoreError> {
        let db = sqlite_or!(self, cql => cql.drill_file(id));
        db.read(move |connection| {
            let sql = "SELECT file FROM drill_runs WHERE id = ?1";
            Ok(connection.prepare_cached(sql)?.query_row(params![Col(id)], |row| row.get(0)).optional()?)
        })
        .await
    }

    /// Says how a run stands, if it is still at `revision`; answers whether it was.
    pub async fn update_drill_run(&self, id: DrillRunId, revision: u64, now: DrillNow) -> Result<bool, StoreError> {
        let db = sqlite_or!(self, cql => cql.update_drill_run(id, revision, now));
        db.write(move |connection| {
            let sql = "UPDATE drill_runs SET state = ?3, revision = revision + 1 WHERE id = ?1 AND revision = ?2";
            let changed = connection.prepare_cached(sql)?.execute(params![Col(id), Col(revision), Json(&now)])?;
            Ok(changed > 0)
        })
        .await
    }

    /// Keeps the report of a run, in JSON.
    ///
    /// # Errors
    /// [`StoreError::TooMany`] beyond [`DRILL_REPORT_BYTES_MAX`], [`StoreError::NotFound`].
    pub async fn put_drill_report(&self, id: DrillRunId, report: String) -> Result<(), StoreError> {
        if report.len() > DRILL_REPORT_BYTES_MAX {
            return Err(StoreError::TooMany { what: "bytes of a drill's report", max: DRILL_REPORT_BYTES_MAX });
        }
        let db = sqlite_or!(self, cql => cql.put_drill_report(id, report));
        db.write(move |connection| {
            let sql = "UPDATE drill_runs SET report = ?2 WHERE id = ?1";
            let kept = connection.prepare_cached(sql)?.execute(params![Col(id), report])?;
            if kept == 0 { Err(StoreError::NotFound(RUN)) } else { Ok(()) }
        })
        .await
    }

    /// The report of a run, in JSON.
    pub async fn drill_report(&self, id: DrillRunId) -> Result<Option<String>, StoreError> {
        let db = sqlite_or!(self, cql => cql.drill_report(id));
        db.read(move |connection| {
            let sql = "SELECT report FROM drill_runs WHERE id = ?1";
            let report = connection.prepare_cached(sql)?.query_row(params![Col(id)], |row| row.get(0)).optional()?;
            Ok(report.flatten())
        })
        .await
    }

    /// Keeps what an agent says of itself; each node has one.
    pub async fn put_drill_agent(&self, agent: DrillAgent) -> Result<(), StoreError> {
        let db = sqlite_or!(self, cql => cql.put_drill_agent(agent));
        db.write(move |connection| {
            let sql = "INSERT INTO drill_agents (node, agent) VALUES (?1, ?2)
                       ON CONFLICT DO UPDATE SET agent = excluded.agent";
            connection.prepare_cached(sql)?.execute(params![Col(agent.node), Json(&agent)])?;
            Ok(())
        })
        .await
    }

    /// All agents that were ever heard, or within the last day; by node.
    pub async fn drill_agents(&self) -> Result<Vec<DrillAgent>, StoreError> {
        let db = sqlite_or!(self, cql => cql.drill_agents());
        db.read(move |connection| {
            let mut statement = connection.prepare_cached("SELECT agent FROM drill_agents ORDER BY node")?;
            let agents = statement
                .query_map([], |row| row.get(0).map(|Json(agent): Json<DrillAgent>| agent))?
                .collect::<Result<_, _>>()?;
            Ok(agents)
        })
        .await
    }
}

fn turn(connection: &Connection) -> Result<Option<DrillRunId>, StoreError> {
    let sql = "SELECT run FROM drill_turn WHERE one = 1";
    Ok(connection.prepare_cached(sql)?.query_row([], |row| col(row, 0)).optional()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<StoredDrillRun> {
    let (Json(asked), Json(now)): (Json<DrillAsked>, Json<DrillNow>) = (row.get(2)?, row.get(3)?);
    let Col(revision) = row.get(1)?;
    Ok(StoredDrillRun { run: DrillRun { id: col(row, 0)?, asked, now }, revision })
}
