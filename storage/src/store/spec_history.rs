use eyrie_types::{Camera, CameraId, CameraSpec, TenantId, TimeRange, WallTime};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::column::{Col, col};
use super::store::sqlite_or;
use super::{Store, StoreError};
use crate::ledger::SpecChange;

/// Most changes of one camera's spec that one range may hold: hundreds a day, for a month. Beyond it the ledger would answer
/// from a part of the truth.
pub(super) const SPEC_CHANGES_MAX: usize = 10_000;

impl Store {
    /// What the specs of a camera, deleted or not, asked for over `range`: the change in force at its start, if any, and all
    /// within it, sorted by time.
    ///
    /// # Errors
    /// [`StoreError::TooMany`] when the range holds more than any operator makes.
    pub async fn spec_changes(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        range: TimeRange,
    ) -> Result<Vec<SpecChange>, StoreError> {
        let db = sqlite_or!(self, cql => cql.spec_changes(tenant, camera, range));
        let tenant = tenant.clone();
        db.read(move |connection| within(connection, &tenant, camera, range)).await
    }
}

pub(super) fn within(
    connection: &Connection,
    tenant: &TenantId,
    camera: CameraId,
    range: TimeRange,
) -> Result<Vec<SpecChange>, StoreError> {
    let mut changes: Vec<SpecChange> = connection
        .prepare_cached(
            "SELECT at_us, enabled, mode FROM spec_history WHERE tenant = ?1 AND camera = ?2 AND at_us <= ?3
             ORDER BY at_us DESC, revision DESC LIMIT 1",
        )?
        .query_row(params![Col(tenant.clone()), Col(camera), Col(range.start)], read)
        .optional()?
        .into_iter()
        .collect();
    let mut later = connection.prepare_cached(
        "SELECT at_us, enabled, mode FROM spec_history
         WHERE tenant = ?1 AND camera = ?2 AND at_us > ?3 AND at_us < ?4 ORDER BY at_us, revision LIMIT ?5",
    )?;
    let limit = SPEC_CHANGES_MAX as u32 + 1;
    let asked = params![Col(tenant.clone()), Col(camera), Col(range.start), Col(range.end), limit];
    for change in later.query_map(asked, read)? {
        changes.push(change?);
    }
    if changes.len() > SPEC_CHANGES_MAX {
        return Err(StoreError::TooMany { what: "spec changes in the range", max: SPEC_CHANGES_MAX });
    }
    Ok(changes)
}

fn read(row: &Row<'_>) -> rusqlite::Result<SpecChange> {
    Ok(SpecChange { at: col(row, 0)?, enabled: row.get(1)?, mode: col(row, 2)? })
}

/// Whether `spec` differs from `old` in what the ledger expects of it, or in its source (a new connection has to be made, which
/// takes its time).
pub(super) fn asks_anew(spec: &CameraSpec, old: Option<&CameraSpec>) -> bool {
    let asks = |spec: &CameraSpec| (spec.enabled, spec.recording.mode, spec.source.clone());
    old.is_none_or(|old| asks(old) != asks(spec))
}

/// Adds a row when `camera` asks for something else than `old`.
pub(super) fn record(connection: &Connection, camera: &Camera, old: Option<&CameraSpec>) -> Result<(), StoreError> {
    if !asks_anew(&camera.spec, old) {
        return Ok(());
    }
    let (tenant, id) = (Col(camera.tenant.clone()), Col(camera.id));
    let last: Option<Col<WallTime>> = connection
        .prepare_cached("SELECT max(at_us) FROM spec_history WHERE tenant = ?1 AND camera = ?2")?
        .query_row(params![tenant, id], |row| row.get::<_, Option<i64>>(0))?
        .map(|us| Col(WallTime::from_unix_us(us)));
    // A wall clock that was set back must not put a later change before an earlier one.
    let at = last.map_or(camera.updated_at, |Col(last)| camera.updated_at.max(last));
    connection
        .prepare_cached(
            "INSERT INTO spec_history (tenant, camera, at_us, revision, enabled, mode) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            tenant,
            id,
            Col(at),
            Col(camera.revision),
            camera.spec.enabled,
            Col(camera.spec.recording.mode)
        ])?;
    Ok(())
}
