use std::path::Path;
use std::sync::Arc;

use eyrie_types::{Epoch, NodeId, TimeRange, WallTime};

use super::cells::{Cells, cells};
use super::cql::{Cql, Walk};
use crate::ledger::NodeRun;
use crate::store::StoreError;
use crate::store::node::RUNS_MAX;

const RUN: &str = "run of a node";

impl Cql {
    /// The id in this node's own file, which is made with `fresh` where there is none: the cluster is shared by all nodes of the
    /// cell. A new id is registered with it, once it can be reached.
    pub(in crate::store) async fn node_id(&self, fresh: NodeId) -> Result<NodeId, StoreError> {
        let path = self.0.config.node_file.clone();
        let opened = tokio::task::spawn_blocking(move || stored_id(&path, fresh)).await;
        let (id, is_new) = opened.unwrap_or(Err(StoreError::Panicked))?;
        let id = *self.0.node.get_or_init(|| async { id }).await;
        if is_new {
            let text = "INSERT INTO nodes (node, first_us) VALUES (?, ?) IF NOT EXISTS";
            let registered = self.run_if(text, cells![id, self.0.clock.now()]).await;
            match registered {
                Ok(true) => {}
                // Ids are random: this one was made before, somewhere.
                Ok(false) => return Err(StoreError::AlreadyExists("node")),
                Err(error) if error.is_unavailable() => {
                    tracing::warn!(%error, node = %id, "a new node that the metadata store does not know of yet");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(id)
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

/// The id in `path`; `fresh`, durably written there, where there is none. With it, whether it is new.
pub(in crate::store) fn stored_id(path: &Path, fresh: NodeId) -> Result<(NodeId, bool), StoreError> {
    let failed = |source| StoreError::Open { path: path.to_owned(), source: Arc::new(source) };
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let id = text.trim().parse().map_err(|_| StoreError::damaged("node id", path.display()))?;
            Ok((id, false))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let part = path.with_extension("part");
            std::fs::write(&part, format!("{fresh}\n")).map_err(failed)?;
            std::fs::File::open(&part).and_then(|file| file.sync_all()).map_err(failed)?;
            std::fs::rename(&part, path).map_err(failed)?;
            let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            std::fs::File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed)?;
            Ok((fresh, true))
        }
        Err(error) => Err(failed(error)),
    }
}
