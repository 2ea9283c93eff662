use eyrie_types::{CameraId, Epoch, GapCause, Incident, Slot, TenantId, TimeRange, WallTime};
use rusqlite::{Connection, Row, params};

use super::column::{Col, col};
use super::store::sqlite_or;
use super::{SEGMENT_SPAN_MAX, Store, StoreError, day_rollups};

/// The stored end of an incident that is still open: later than any other, so that one index range finds what overlaps.
const OPEN: i64 = i64::MAX;
/// Most incidents of one camera in an answer: one a minute for a month.
pub(super) const INCIDENTS_MAX: usize = 50_000;

impl Store {
    /// Opens an incident of `camera`, or closes it: it is found again by (slot, epoch, cause, start), and a closed one stays
    /// closed as it is.
    pub async fn put_incident(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        incident: Incident,
    ) -> Result<(), StoreError> {
        let db = sqlite_or!(self, cql => cql.put_incident(tenant, camera, incident));
        let tenant = tenant.clone();
        db.write(move |connection| {
            let Incident { slot, epoch, cause, start, end } = incident;
            // Days of which it is still open are not over; those that it reached into before are drawn up anew.
            let told = TimeRange { start, end: end.unwrap_or(start).max(start) };
            day_rollups::forget(connection, &tenant, camera, told)?;
            connection
                .prepare_cached(
                    "INSERT INTO incidents (tenant, camera, slot, epoch, cause, start_us, end_us)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                     ON CONFLICT DO UPDATE SET end_us = min(end_us, excluded.end_us) WHERE end_us = ?8",
                )?
                .execute(params![
                    Col(tenant),
                    Col(camera),
                    Col(slot),
                    Col(epoch),
                    Col(cause),
                    Col(start),
                    // A wall clock that was set back must not end it before it began.
                    end.map_or(OPEN, |end| end.max(start).as_unix_us()),
                    OPEN
                ])?;
            Ok(())
        })
        .await
    }

    /// Takes an incident back that is over: it was told by mistake, or is mended. Taking back what is not there is no error.
    pub async fn remove_incident(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        incident: Incident,
    ) -> Result<(), StoreError> {
        let db = sqlite_or!(self, cql => cql.remove_incident(tenant, camera, incident));
        let tenant = tenant.clone();
        db.write(move |connection| {
            let Incident { slot, epoch, cause, start, end } = incident;
            let told = TimeRange { start, end: end.unwrap_or(start).max(start) };
            day_rollups::forget(connection, &tenant, camera, told)?;
            let sql =
                "DELETE FROM incidents WHERE tenant = ?1 AND camera = ?2 AND slot = ?3 AND epoch = ?4 AND cause = ?5
                       AND start_us = ?6";
            let key = params![Col(tenant), Col(camera), Col(slot), Col(epoch), Col(cause), Col(start)];
            connection.prepare_cached(sql)?.execute(key)?;
            Ok(())
        })
        .await
    }

    /// Closes what incarnations of a placement before `epoch` left open: at `at`, when their node was last alive. Returns how
    /// many. Whoever opened them is gone; this is part of a start.
    pub async fn close_incidents_before(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        slot: Slot,
        epoch: Epoch,
        at: WallTime,
    ) -> Result<usize, StoreError> {
        let db = sqlite_or!(self, cql => cql.close_incidents_before(tenant, camera, slot, epoch, at));
        let tenant = tenant.clone();
        db.write(move |connection| {
            let closed = connection
                .prepare_cached(
                    "UPDATE incidents SET end_us = max(start_us, ?5) WHERE tenant = ?1 AND camera = ?2 AND slot = ?3
                       AND epoch < ?4 AND end_us = 9223372036854775807",
                )?
                .execute(params![Col(tenant), Col(camera), Col(slot), Col(epoch), Col(at)])?;
            Ok(closed)
        })
        .await
    }

    /// The incidents of a camera that overlap `range`, sorted by start.
    ///
    /// # Errors
    /// [`StoreError::TooMany`].
    pub async fn incidents(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        range: TimeRange,
    ) -> Result<Vec<Incident>, StoreError> {
        let db = sqlite_or!(self, cql => cql.incidents(tenant, camera, range));
        let tenant = tenant.clone();
        db.read(move |connection| overlapping(connection, &tenant, camera, range)).await
    }

    /// The damage that was found in what was recorded of a camera and overlaps `range` or the [`SEGMENT_SPAN_MAX`] before it,
    /// to which a range reaches back for a keyframe.
    ///
    /// # Errors
    /// [`StoreError::TooMany`].
    pub async fn damage(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        range: TimeRange,
    ) -> Result<Vec<Incident>, StoreError> {
        let range = TimeRange { start: range.start - SEGMENT_SPAN_MAX, end: range.end };
        let mut incidents = self.incidents(tenant, camera, range).await?;
        incidents.retain(|incident| incident.cause == GapCause::Damaged);
        Ok(incidents)
    }
}

pub(super) fn overlapping(
    connection: &Connection,
    tenant: &TenantId,
    camera: CameraId,
    range: TimeRange,
) -> Result<Vec<Incident>, StoreError> {
    let sql = "SELECT slot, epoch, cause, start_us, end_us FROM incidents
               WHERE tenant = ?1 AND camera = ?2 AND end_us > ?3 AND start_us < ?4
               ORDER BY start_us, slot, epoch, cause LIMIT ?5";
    let mut statement = connection.prepare_cached(sql)?;
    let limit = INCIDENTS_MAX as u32 + 1;
    let asked = params![Col(tenant.clone()), Col(camera), Col(range.start), Col(range.end), limit];
    let incidents = statement.query_map(asked, read)?.collect::<Result<Vec<_>, _>>()?;
    if incidents.len() > INCIDENTS_MAX {
        return Err(StoreError::TooMany { what: "incidents in the range", max: INCIDENTS_MAX });
    }
    Ok(incidents)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Incident> {
    let end: i64 = row.get(4)?;
    Ok(Incident {
        slot: col(row, 0)?,
        epoch: col(row, 1)?,
        cause: col(row, 2)?,
        start: col(row, 3)?,
        end: (end != OPEN).then(|| WallTime::from_unix_us(end)),
    })
}
