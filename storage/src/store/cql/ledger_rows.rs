use eyrie_types::{CameraId, NodeId, TenantId, TimeRange};

use super::cql::Cql;
use crate::ledger::LedgerRows;
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
        let (spec_changes, incidents, segments, deleted, node_runs) = tokio::try_join!(
            self.spec_changes(tenant, camera, range),
            self.incidents(tenant, camera, wider),
            self.segments(tenant, camera, before),
            self.deleted(tenant, camera, before),
            self.node_runs(node, around),
        )?;
        Ok(LedgerRows { spec_changes, segments, deleted, incidents, node_runs })
    }
}
