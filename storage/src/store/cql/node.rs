use eyrie_types::{Epoch, NodeId, TimeRange, WallTime};

use super::cells::{Cells, cells};
use super::cql::{Cql, Walk};
use crate::ledger::NodeRun;
use crate::store::StoreError;
use crate::store::node::RUNS_MAX;

const RUN: &str = "run of a node";

impl Cql {
    /// The cluster is shared by all nodes of the cell, so it cannot tell one who it is: the caller keeps that, and says it once.
    pub(in crate::store) async fn node_id(&self, own: NodeId) -> Result<NodeId, StoreError> {
        Ok(*self.0.node.get_or_init(|| async { own }).await)
    }

    pub(in crate::store) async fn last_epoch(&self) -> Result<Option<Epoch>, StoreError> {
        let text = "SELECT generation, counter FROM epochs WHERE one = ?";
        let last = self.one("epoch", text, cells![1i64]).await?;
        last.map(|mut row| Ok(Epoch::new(row.get::<u64>(0)?, row.get::<u32>(1)?)?)).transpose()
    }

    pub(in crate::store) async fn node_alive(
        &self,
        node: NodeId,
        start: WallTime,
        now: WallTime,
    ) -> Result<(), StoreError> {
        let last = start.max(now);
        // The latest stays, in whatever order they are written.
        let text = "INSERT INTO node_runs (node, start_us, last_alive_us) VALUES (?, ?, ?) USING TIMESTAMP ?";
        self.run(text, cells![node, start, last, last.as_unix_us().max(1)]).await
    }

    pub(in crate::store) async fn last_run_before(
        &self,
        node: NodeId,
        start: WallTime,
    ) -> Result<Option<NodeRun>, StoreError> {
        let text = "SELECT start_us, last_alive_us FROM node_runs WHERE node = ? AND start_us < ?
                    ORDER BY start_us DESC LIMIT 1";
        self.one(RUN, text, cells![node, start]).await?.map(read).transpose()
    }

    pub(in crate::store) async fn node_runs(&self, node: NodeId, range: TimeRange) -> Result<Vec<NodeRun>, StoreError> {
        // Runs of one node follow one another, so the one that began last before the range is the only one of those that may reach
        // into it.
        let before = "SELECT start_us, last_alive_us FROM node_runs WHERE node = ? AND start_us <= ?
                      ORDER BY start_us DESC LIMIT 1";
        let before = self.one(RUN, before, cells![node, range.start]).await?.map(read).transpose()?;
        let mut runs: Vec<NodeRun> = before.into_iter().collect();
        let text = "SELECT start_us, last_alive_us FROM node_runs WHERE node = ? AND start_us > ?";
        self.walk(RUN, text, cells![node, range.start], |row| {
            let run = read(row)?;
            runs.push(run);
            // And the first after the range.
            Ok(if run.start >= range.end || runs.len() > RUNS_MAX { Walk::Enough } else { Walk::On })
        })
        .await?;
        if runs.len() > RUNS_MAX {
            return Err(StoreError::TooMany { what: "node runs in the range", max: RUNS_MAX });
        }
        Ok(runs)
    }
}

fn read(mut row: Cells) -> Result<NodeRun, StoreError> {
    Ok(NodeRun { start: row.get(0)?, last_alive: row.get(1)? })
}
