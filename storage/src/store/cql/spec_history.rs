use eyrie_types::{CameraId, TenantId, TimeRange, WallTime};

use super::cells::{Cells, cells};
use super::cql::{Cql, Walk};
use crate::ledger::SpecChange;
use crate::store::StoreError;
use crate::store::spec_history::SPEC_CHANGES_MAX;

const CHANGE: &str = "spec change";

impl Cql {
    pub(in crate::store) async fn spec_changes(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        range: TimeRange,
    ) -> Result<Vec<SpecChange>, StoreError> {
        let before = "SELECT at_us, enabled, mode FROM spec_history WHERE tenant = ? AND camera = ? AND at_us <= ?
                      ORDER BY at_us DESC, revision DESC LIMIT 1";
        let first = self.one(CHANGE, before, cells![tenant, camera, range.start]).await?;
        let mut changes: Vec<SpecChange> = first.map(read).transpose()?.into_iter().collect();
        let later = "SELECT at_us, enabled, mode FROM spec_history WHERE tenant = ? AND camera = ? AND at_us > ?
                     AND at_us < ?";
        self.walk(CHANGE, later, cells![tenant, camera, range.start, range.end], |row| {
            changes.push(read(row)?);
            Ok(if changes.len() > SPEC_CHANGES_MAX { Walk::Enough } else { Walk::On })
        })
        .await?;
        if changes.len() > SPEC_CHANGES_MAX {
            return Err(StoreError::TooMany { what: "spec changes in the range", max: SPEC_CHANGES_MAX });
        }
        Ok(changes)
    }

    /// When the spec last changed in what the ledger expects.
    pub(in crate::store) async fn last_spec_change(
        &self,
        tenant: &TenantId,
        camera: CameraId,
    ) -> Result<Option<WallTime>, StoreError> {
        let text = "SELECT at_us FROM spec_history WHERE tenant = ? AND camera = ? ORDER BY at_us DESC LIMIT 1";
        self.one(CHANGE, text, cells![tenant, camera]).await?.map(|mut row| row.get(0)).transpose()
    }
}

fn read(mut row: Cells) -> Result<SpecChange, StoreError> {
    Ok(SpecChange { at: row.get(0)?, enabled: row.get(1)?, mode: row.get(2)? })
}
