use eyrie_types::{DrillAgent, DrillNow, DrillRun, DrillRunId};

use super::cells::{Cells, cells, json};
use super::cql::Cql;
use crate::store::drills::{AGENT, RUN};
use crate::store::{DRILL_RUNS_KEPT, StoreError, StoredDrillRun};

/// The partition of everything that a cell has once.
const ONE: i64 = 1;

impl Cql {
    pub(in crate::store) async fn drill_turn(&self) -> Result<Option<DrillRunId>, StoreError> {
        let row = self.one_settled(RUN, "SELECT run FROM drill_turn WHERE one = ?", cells![ONE]).await?;
        row.map(|mut row| row.get(0)).transpose()
    }

    pub(in crate::store) async fn begin_drill_run(
        &self,
        last: Option<DrillRunId>,
        run: DrillRun,
        file: String,
    ) -> Result<bool, StoreError> {
        let cql = self.clone();
        self.whole(async move {
            let DrillRun { id, asked, now } = &run;
            // First the run: whoever reads the turn finds it.
            let text = "INSERT INTO drill_runs (one, id, revision, asked, state, file) VALUES (?, ?, ?, ?, ?, ?) IF NOT EXISTS";
            cql.run_if(text, cells![ONE, id, 1_u64, json(asked)?, json(now)?, file]).await?;
            let taken = match last {
                None => {
                    let text = "INSERT INTO drill_turn (one, run) VALUES (?, ?) IF NOT EXISTS";
                    cql.run_if(text, cells![ONE, id]).await?
                }
                Some(last) => {
                    let text = "UPDATE drill_turn SET run = ? WHERE one = ? IF run = ?";
                    cql.run_if(text, cells![id, ONE, last]).await?
                }
            };
            if !taken {
                cql.drop_drill_run(*id).await?;
                return Ok(false);
            }
            for old in cql.drill_runs().await?.into_iter().skip(DRILL_RUNS_KEPT) {
                cql.drop_drill_run(old.id).await?;
            }
            Ok(true)
        })
        .await
    }

    async fn drop_drill_run(&self, id: DrillRunId) -> Result<(), StoreError> {
        self.run("DELETE FROM drill_reports WHERE id = ?", cells![id]).await?;
        self.run_if("DELETE FROM drill_runs WHERE one = ? AND id = ? IF EXISTS", cells![ONE, id]).await.map(drop)
    }

    pub(in crate::store) async fn drill_run(&self, id: DrillRunId) -> Result<Option<StoredDrillRun>, StoreError> {
        let text = "SELECT id, revision, asked, state FROM drill_runs WHERE one = ? AND id = ?";
        self.one_settled(RUN, text, cells![ONE, id]).await?.map(read).transpose()
    }

    pub(in crate::store) async fn drill_runs(&self) -> Result<Vec<DrillRun>, StoreError> {
        let text = "SELECT id, revision, asked, state FROM drill_runs WHERE one = ?";
        self.all(RUN, text, cells![ONE], |row| Ok(read(row)?.run)).await
    }

    pub(in crate::store) async fn drill_file(&self, id: DrillRunId) -> Result<Option<String>, StoreError> {
        let text = "SELECT file FROM drill_runs WHERE one = ? AND id = ?";
        self.one(RUN, text, cells![ONE, id]).await?.map(|mut row| row.get(0)).transpose()
    }

    pub(in crate::store) async fn update_drill_run(
        &self,
        id: DrillRunId,
        revision: u64,
        now: DrillNow,
    ) -> Result<bool, StoreError> {
        let text = "UPDATE drill_runs SET state = ?, revision = ? WHERE one = ? AND id = ? IF revision = ?";
        self.run_if(text, cells![json(&now)?, revision + 1, ONE, id, revision]).await
    }

    pub(in crate::store) async fn put_drill_report(&self, id: DrillRunId, report: String) -> Result<(), StoreError> {
        if self.drill_run(id).await?.is_none() {
            return Err(StoreError::NotFound(RUN));
        }
        self.run("INSERT INTO drill_reports (id, report) VALUES (?, ?)", cells![id, report]).await
    }

    pub(in crate::store) async fn drill_report(&self, id: DrillRunId) -> Result<Option<String>, StoreError> {
        let row = self.one(RUN, "SELECT report FROM drill_reports WHERE id = ?", cells![id]).await?;
        row.map(|mut row| row.get(0)).transpose()
    }

    pub(in crate::store) async fn put_drill_agent(&self, agent: DrillAgent) -> Result<(), StoreError> {
        let text = "INSERT INTO drill_agents (one, node, agent) VALUES (?, ?, ?) USING TTL 86400";
        self.run(text, cells![ONE, agent.node, json(&agent)?]).await
    }

    pub(in crate::store) async fn drill_agents(&self) -> Result<Vec<DrillAgent>, StoreError> {
        let text = "SELECT agent FROM drill_agents WHERE one = ?";
        self.all(AGENT, text, cells![ONE], |mut row| row.json(0)).await
    }
}

fn read(mut row: Cells) -> Result<StoredDrillRun, StoreError> {
    let run = DrillRun { id: row.get(0)?, asked: row.json(2)?, now: row.json(3)? };
    Ok(StoredDrillRun { run, revision: row.get(1)? })
}
