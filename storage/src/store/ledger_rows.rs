use std::collections::BTreeMap;

use eyrie_types::{CameraId, NodeId, TenantId, TimeRange};
use rusqlite::Connection;

use super::store::sqlite_or;
use super::{Store, StoreError, deletions, incidents, node, second_copies, segments, spec_history};
use crate::ledger::{INCIDENT_SLACK, LedgerRows, STARTING_MAX, UNSYNCED_MAX, serving_nodes, serving_runs};

impl Store {
    /// All that the ledger of a camera, deleted or not, is derived from over `range`, read in one snapshot. `node` is the one
    /// whose runs count where no segment tells which node recorded it.
    ///
    /// # Errors
    /// [`StoreError::TooMany`] when the range holds more rows than one answer may.
    pub async fn ledger_rows(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        node: NodeId,
        range: TimeRange,
    ) -> Result<LedgerRows, StoreError> {
        let db = sqlite_or!(self, cql => cql.ledger_rows(tenant, camera, node, range));
        let tenant = tenant.clone();
        db.read(move |connection| within(connection, &tenant, camera, node, range)).await
    }
}

/// What is read for a range: what began or ended just outside explains what is missing at the edges.
pub(super) struct Ranges {
    /// Of segments and what was deleted.
    pub(super) before: TimeRange,
    /// Of incidents.
    pub(super) wider: TimeRange,
    /// Of the node's runs.
    pub(super) around: TimeRange,
}

impl Ranges {
    pub(super) fn of(range: TimeRange) -> Self {
        Self {
            before: TimeRange { start: range.start - STARTING_MAX, end: range.end },
            wider: TimeRange { start: range.start - INCIDENT_SLACK, end: range.end + INCIDENT_SLACK },
            around: TimeRange { start: range.start, end: range.end + UNSYNCED_MAX },
        }
    }
}

pub(super) fn within(
    connection: &Connection,
    tenant: &TenantId,
    camera: CameraId,
    node: NodeId,
    range: TimeRange,
) -> Result<LedgerRows, StoreError> {
    let Ranges { before, wider, around } = Ranges::of(range);
    let segments = segments::overlapping(connection, tenant, camera, before)?;
    let of_node = |node| Ok((node, node::runs(connection, node, around)?));
    let runs =
        serving_nodes(&segments, node).into_iter().map(of_node).collect::<Result<BTreeMap<_, _>, StoreError>>()?;
    Ok(LedgerRows {
        spec_changes: spec_history::within(connection, tenant, camera, range)?,
        node_runs: serving_runs(&segments, &runs),
        segments,
        copies: second_copies::within(connection, tenant, camera, before)?,
        deleted: deletions::deleted(connection, tenant, camera, before)?,
        incidents: incidents::overlapping(connection, tenant, camera, wider)?,
    })
}
