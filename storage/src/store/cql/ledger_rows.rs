use eyrie_types::{CameraId, NodeId, TenantId, TimeRange};

use super::cql::{Cql, all_of};
use crate::ledger::{LedgerRows, serving_nodes, serving_runs};
use crate::store::StoreError;
use crate::store::ledger_rows::Ranges;

impl Cql {
    /// Not of one moment, as on SQLite: rows that are written meanwhile may be there in part, as any row of the last seconds may.
    pub(in crate::store) async fn ledger_rows(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        node: NodeId,
        range: TimeRange,
    ) -> Result<LedgerRows, StoreError> {
        let Ranges { before, wider, around } = Ranges::of(range);
        // Incidents before segments: one explains what another lacks.
        let (spec_changes, incidents, segments, copies, deleted) = tokio::try_join!(
            self.spec_changes(tenant, camera, range),
            self.incidents(tenant, camera, wider),
            self.segments(tenant, camera, before),
            self.second_copies(tenant, camera, before),
            self.deleted(tenant, camera, before),
        )?;
        let nodes = serving_nodes(&segments, node).into_iter();
        let runs = nodes.map(|node| async move { Ok::<_, StoreError>((node, self.node_runs(node, around).await?)) });
        let runs = all_of(runs.collect()).await?.into_iter().collect();
        let node_runs = serving_runs(&segments, &runs);
        Ok(LedgerRows { spec_changes, segments, copies, deleted, incidents, node_runs })
    }
}
