//! Deleting recordings in two phases. Marking takes segments out of the index and notes what is gone and what is left to do,
//! in one transaction; finishing, once the file is gone, shreds the key and removes the mark. A crash in between leaves marks,
//! from which the next start goes on.

use std::collections::BTreeMap;

use eyrie_types::{
    AuditRecord, CameraId, Event, KeyId, NodeId, Placement, SegmentId, SegmentRow, TenantId, TimeRange, WallTime,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::column::{Col, Json, col};
use super::store::sqlite_or;
use super::{Store, StoreError, day_rollups, outbox, runs_codec, segments};
use crate::ledger::joined;

/// Most segments marked by one call, so that recorders' rows never wait long for theirs.
pub const DELETION_BATCH_MAX: usize = 256;
/// Most marks read at once.
pub(super) const MARKS_MAX: usize = 1000;
/// Most cameras on a page of those that have recordings.
pub const RECORDED_PAGE_MAX: usize = 500;
/// A day whose deleted runs are more than a row can hold (a hole every few seconds, all day) is kept to this precision.
const COARSE: std::time::Duration = std::time::Duration::from_secs(60);

/// A segment out of the index whose file and key may still be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkedSegment {
    /// Who recorded it.
    pub placement: Placement,
    /// Which file.
    pub segment: SegmentId,
    /// The wall time of its first fragment: with it the file's path is known.
    pub start: WallTime,
    /// The key to be shredded.
    pub key: Option<KeyId>,
    /// Its bytes on disk.
    pub bytes: u64,
}

/// What the segments of a camera that began on one UTC day take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedDay {
    /// Durable bytes.
    pub bytes: u64,
    /// When the first of them began.
    pub first: WallTime,
}

impl Store {
    /// A page of the cameras of **all tenants** that have segments, deleted cameras among them, after `after`. Shorter than
    /// [`RECORDED_PAGE_MAX`] only at the end.
    pub async fn recorded_cameras(
        &self,
        after: Option<(TenantId, CameraId)>,
    ) -> Result<Vec<(TenantId, CameraId)>, StoreError> {
        let db = sqlite_or!(self, cql => cql.recorded_cameras(after));
        db.read(move |connection| {
            // One step through the key for each camera, however many segments each has.
            let first = "SELECT tenant, camera FROM segments ORDER BY tenant, camera LIMIT 1";
            let next = "SELECT tenant, camera FROM segments WHERE (tenant, camera) > (?1, ?2)
                        ORDER BY tenant, camera LIMIT 1";
            let read = |row: &Row<'_>| Ok((col::<TenantId>(row, 0)?, col::<CameraId>(row, 1)?));
            let mut found: Vec<(TenantId, CameraId)> = Vec::new();
            while found.len() < RECORDED_PAGE_MAX {
                let step = match found.last().or(after.as_ref()) {
                    None => connection.prepare_cached(first)?.query_row([], read).optional()?,
                    Some((tenant, camera)) => {
                        let after = params![Col(tenant.clone()), Col(*camera)];
                        connection.prepare_cached(next)?.query_row(after, read).optional()?
                    }
                };
                let Some(step) = step else { break };
                found.push(step);
            }
            Ok(found)
        })
        .await
    }

    /// What a camera's segments on `node` take, by the UTC day of their start, from `day` on.
    pub async fn recorded_days(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        node: NodeId,
        day: u32,
    ) -> Result<BTreeMap<u32, RecordedDay>, StoreError> {
        let db = sqlite_or!(self, cql => cql.recorded_days(tenant, camera, node, day));
        let tenant = tenant.clone();
        db.read(move |connection| {
            let sql = "SELECT day, sum(bytes), min(start_us) FROM segments
                       WHERE tenant = ?1 AND camera = ?2 AND day >= ?3 AND node = ?4 GROUP BY day";
            let mut statement = connection.prepare_cached(sql)?;
            let read = |row: &Row<'_>| Ok((row.get(0)?, RecordedDay { bytes: col(row, 1)?, first: col(row, 2)? }));
            let asked = params![Col(tenant), Col(camera), day, Col(node)];
            let days = statement.query_map(asked, read)?.collect::<Result<_, _>>()?;
            Ok(days)
        })
        .await
    }

    /// The UTC days on which segments of a camera began, of whichever nodes: in order.
    pub async fn days_recorded(&self, tenant: &TenantId, camera: CameraId) -> Result<Vec<u32>, StoreError> {
        let db = sqlite_or!(self, cql => cql.days_recorded(tenant, camera));
        let tenant = tenant.clone();
        db.read(move |connection| {
            let sql = "SELECT DISTINCT day FROM segments WHERE tenant = ?1 AND camera = ?2 ORDER BY day";
            let mut statement = connection.prepare_cached(sql)?;
            let days = statement.query_map(params![Col(tenant), Col(camera)], |row| row.get(0))?;
            Ok(days.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The oldest segments of a camera on `node` that do not grow any more, up to `limit` (at most [`DELETION_BATCH_MAX`]).
    pub async fn oldest_segments(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        node: NodeId,
        limit: usize,
    ) -> Result<Vec<SegmentRow>, StoreError> {
        let db = sqlite_or!(self, cql => cql.oldest_segments(tenant, camera, node, limit.min(DELETION_BATCH_MAX)));
        let (tenant, limit) = (tenant.clone(), limit.min(DELETION_BATCH_MAX) as u32);
        db.read(move |connection| segments::oldest(connection, &tenant, camera, node, limit)).await
    }

    /// First phase: takes segments of one camera out of the index, with their copies and fragment tables, remembers which time
    /// they covered, and marks them for the second phase; all or none, together with the audit record and the event. Segments
    /// that grow, or are gone already, are passed over.
    ///
    /// # Errors
    /// [`StoreError::TooMany`] beyond [`DELETION_BATCH_MAX`].
    pub async fn mark_deleted(
        &self,
        rows: Vec<SegmentRow>,
        audit: AuditRecord,
        event: Event,
    ) -> Result<Vec<MarkedSegment>, StoreError> {
        if rows.len() > DELETION_BATCH_MAX {
            return Err(StoreError::TooMany { what: "segments in one deletion", max: DELETION_BATCH_MAX });
        }
        let db = sqlite_or!(self, cql => cql.mark_deleted(rows, audit, event));
        db.write(move |connection| {
            let mut marked = Vec::with_capacity(rows.len());
            for row in &rows {
                if segments::remove_closed(connection, row)? {
                    marked.push(mark(connection, row)?);
                    remember(connection, row)?;
                }
            }
            if !marked.is_empty() {
                connection
                    .prepare_cached(
                        "INSERT OR IGNORE INTO audit (tenant, time_us, id, record) VALUES (?1, ?2, ?3, ?4)",
                    )?
                    .execute(params![Col(audit.tenant.clone()), Col(audit.time), Col(audit.id), Json(&audit)])?;
                outbox::append(connection, [&event])?;
            }
            Ok(marked)
        })
        .await
    }

    /// Marked segments of **all tenants** whose second phase is not over; some of them where they are many.
    pub async fn marked_segments(&self) -> Result<Vec<MarkedSegment>, StoreError> {
        let db = sqlite_or!(self, cql => cql.marked_segments());
        db.read(|connection| {
            let sql = format!(
                "SELECT tenant, camera, slot, epoch, segment, start_us, key, bytes FROM deletions LIMIT {MARKS_MAX}"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let marks = statement.query_map([], read_mark)?.collect::<Result<_, _>>()?;
            Ok(marks)
        })
        .await
    }

    /// Second phase, once the file is gone: shreds the segment's key and removes its mark. Finishing twice is no error.
    pub async fn finish_deletion(&self, marked: MarkedSegment) -> Result<(), StoreError> {
        let db = sqlite_or!(self, cql => cql.finish_deletion(marked));
        db.write(move |connection| {
            let Placement { tenant, camera, .. } = marked.placement;
            if let Some(key) = marked.key {
                connection
                    .prepare_cached("DELETE FROM key_rows WHERE tenant = ?1 AND id = ?2")?
                    .execute(params![Col(tenant.clone()), Col(key)])?;
            }
            connection
                .prepare_cached("DELETE FROM deletions WHERE tenant = ?1 AND camera = ?2 AND segment = ?3")?
                .execute(params![Col(tenant), Col(camera), Col(marked.segment)])?;
            Ok(())
        })
        .await
    }
}

fn read_mark(row: &Row<'_>) -> rusqlite::Result<MarkedSegment> {
    Ok(MarkedSegment {
        placement: Placement { tenant: col(row, 0)?, camera: col(row, 1)?, slot: col(row, 2)?, epoch: col(row, 3)? },
        segment: col(row, 4)?,
        start: col(row, 5)?,
        key: row.get::<_, Option<Col<_>>>(6)?.map(|key| key.0),
        bytes: col(row, 7)?,
    })
}

fn mark(connection: &Connection, row: &SegmentRow) -> Result<MarkedSegment, StoreError> {
    let Placement { tenant, camera, slot, epoch } = row.placement.clone();
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO deletions (tenant, camera, segment, start_us, slot, epoch, key, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            Col(tenant),
            Col(camera),
            Col(row.segment),
            Col(row.start),
            Col(slot),
            Col(epoch),
            row.key.map(Col),
            Col(row.bytes)
        ])?;
    Ok(marked_of(row))
}

/// The mark of a segment.
pub(super) fn marked_of(row: &SegmentRow) -> MarkedSegment {
    let SegmentRow { placement, segment, start, key, bytes, .. } = row.clone();
    MarkedSegment { placement, segment, start, key, bytes }
}

fn day_start(day: u32) -> WallTime {
    WallTime::from_unix_us(i64::from(day) * 86_400_000_000)
}

/// Adds the runs of `row` to what was deleted of its day.
fn remember(connection: &Connection, row: &SegmentRow) -> Result<(), StoreError> {
    let (tenant, camera, day) = (&row.placement.tenant, row.placement.camera, row.start.utc_day());
    let stored = "SELECT runs FROM deleted_footage WHERE tenant = ?1 AND camera = ?2 AND day = ?3";
    let stored: Option<Vec<u8>> = connection
        .prepare_cached(stored)?
        .query_row(params![Col(tenant.clone()), Col(camera), day], |row| row.get(0))
        .optional()?;
    let mut runs = stored.map(|bytes| decode(day, &bytes)).transpose()?.unwrap_or_default();
    runs.extend(row.runs.iter().copied());
    let mut runs = joined(runs, crate::ledger::GAP_MIN);
    let bytes = loop {
        match runs_codec::encode(day_start(day), &runs) {
            Some(bytes) => break bytes,
            None => {
                let fewer = joined(runs.clone(), COARSE);
                if fewer.len() == runs.len() {
                    return Err(StoreError::damaged("segment", "its runs lie before its day"));
                }
                runs = fewer;
            }
        }
    };
    connection
        .prepare_cached(
            "INSERT INTO deleted_footage (tenant, camera, day, runs, segments, bytes) VALUES (?1, ?2, ?3, ?4, 1, ?5)
             ON CONFLICT DO UPDATE SET runs = excluded.runs, segments = segments + 1, bytes = bytes + excluded.bytes",
        )?
        .execute(params![Col(tenant.clone()), Col(camera), day, bytes, Col(row.bytes)])?;
    day_rollups::forget(connection, tenant, camera, TimeRange { start: row.start, end: row.end.max(row.start) })
}

fn decode(day: u32, bytes: &[u8]) -> Result<Vec<TimeRange>, StoreError> {
    runs_codec::decode(day_start(day), bytes).ok_or_else(|| StoreError::damaged("day of deleted footage", "not runs"))
}

/// The time within `range` that deleted segments of a camera covered: sorted, none touching the next.
pub(super) fn deleted(
    connection: &Connection,
    tenant: &TenantId,
    camera: CameraId,
    range: TimeRange,
) -> Result<Vec<TimeRange>, StoreError> {
    let sql = "SELECT day, runs FROM deleted_footage WHERE tenant = ?1 AND camera = ?2 AND day BETWEEN ?3 AND ?4";
    let mut statement = connection.prepare_cached(sql)?;
    let first = (range.start - super::SEGMENT_SPAN_MAX).utc_day();
    let mut rows = statement.query(params![Col(tenant.clone()), Col(camera), first, range.end.utc_day()])?;
    let mut runs = Vec::new();
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(1)?.as_blob().map_err(|error| StoreError::damaged("day of deleted footage", error))?;
        runs.extend(decode(row.get(0)?, bytes)?);
    }
    let runs = joined(runs, crate::ledger::GAP_MIN);
    Ok(runs.iter().filter_map(|run| run.intersect(&range)).collect())
}
