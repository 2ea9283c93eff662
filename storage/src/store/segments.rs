//! The index of recordings: segment rows, partitioned by (tenant, camera, UTC day of the start), clustered by (start, slot,
//! epoch, segment).

use std::time::Duration;

use eyrie_types::{CameraId, NodeId, Placement, SegmentId, SegmentRow, SegmentState, TenantId, TimeRange, WallTime};
use rusqlite::{Connection, Row, params};

use super::column::{Col, col};
use super::store::sqlite_or;
use super::{Store, StoreError, day_rollups, runs_codec};

/// No segment is longer: they are cut after 1 h and at 00:00 UTC, and a slow disk or a late keyframe adds to that. What
/// overlaps a range began at most this long before it.
pub const SEGMENT_SPAN_MAX: Duration = Duration::from_secs(2 * 3600);
/// Most rows in an answer: a month of two placements with a new segment every minute.
pub(super) const ROWS_MAX: usize = 100_000;
/// Most rows written by one call.
pub const SEGMENT_BATCH_MAX: usize = 1000;
/// Most rows on one page of a walk through the index.
pub const SEGMENT_PAGE_MAX: usize = 1000;

impl Store {
    /// Writes or refreshes index rows, all or none. A row that says `Open` replaces only an open row that knows no more
    /// fragments, so a late refresh undoes neither a close nor a newer refresh; a closed or scanned row replaces any.
    ///
    /// # Errors
    /// [`StoreError::TooMany`] beyond [`SEGMENT_BATCH_MAX`], [`StoreError::Invalid`] when runs are not sorted.
    pub async fn put_segments(&self, rows: Vec<SegmentRow>) -> Result<(), StoreError> {
        if rows.len() > SEGMENT_BATCH_MAX {
            return Err(StoreError::TooMany { what: "segment rows in one write", max: SEGMENT_BATCH_MAX });
        }
        let db = sqlite_or!(self, cql => cql.put_segments(rows));
        db.write(move |connection| rows.iter().try_for_each(|row| put(connection, row))).await
    }

    /// The segments of a camera that overlap `range`, sorted by (start, slot, epoch, segment).
    ///
    /// # Errors
    /// [`StoreError::TooMany`].
    pub async fn segments(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        range: TimeRange,
    ) -> Result<Vec<SegmentRow>, StoreError> {
        let db = sqlite_or!(self, cql => cql.segments(tenant, camera, range));
        let tenant = tenant.clone();
        db.read(move |connection| overlapping(connection, &tenant, camera, range)).await
    }

    /// The segments, of **all tenants**, that `node` left open: what its start has to scan and repair.
    pub async fn open_segments(&self, node: NodeId) -> Result<Vec<SegmentRow>, StoreError> {
        let db = sqlite_or!(self, cql => cql.open_segments(node));
        db.read(move |connection| {
            let sql = format!("SELECT {COLUMNS} FROM segments WHERE node = ?1 AND state = 'open' LIMIT {ROWS_MAX}");
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map([Col(node)], read)?.collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }

    /// Whether the index has a row of the segment that began at `start`, or holds it for one that is being deleted.
    pub async fn knows_segment(
        &self,
        placement: &Placement,
        segment: SegmentId,
        start: WallTime,
    ) -> Result<bool, StoreError> {
        let db = sqlite_or!(self, cql => cql.knows_segment(placement, segment, start));
        let Placement { tenant, camera, slot, epoch } = placement.clone();
        db.read(move |connection| {
            let sql =
                "SELECT EXISTS (SELECT 1 FROM segments WHERE tenant = ?1 AND camera = ?2 AND day = ?3 AND start_us = ?4
                                        AND slot = ?5 AND epoch = ?6 AND segment = ?7)
                           OR EXISTS (SELECT 1 FROM deletions WHERE tenant = ?1 AND camera = ?2 AND segment = ?7)";
            let asked =
                params![Col(tenant), Col(camera), start.utc_day(), Col(start), Col(slot), Col(epoch), Col(segment)];
            Ok(connection.prepare_cached(sql)?.query_row(asked, |row| row.get(0))?)
        })
        .await
    }

    /// A page of a walk through all segments of **all tenants**, in the order of their keys, after `after`: for checking disk
    /// against index. Shorter than [`SEGMENT_PAGE_MAX`] only at the end.
    pub async fn segments_after(&self, after: Option<SegmentRow>) -> Result<Vec<SegmentRow>, StoreError> {
        let db = sqlite_or!(self, cql => cql.segments_after(after));
        db.read(move |connection| {
            let order = "ORDER BY tenant, camera, day, start_us, slot, epoch, segment";
            let mut rows = Vec::new();
            if let Some(after) = after {
                let sql = format!(
                    "SELECT {COLUMNS} FROM segments
                     WHERE (tenant, camera, day, start_us, slot, epoch, segment) > (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                     {order} LIMIT {SEGMENT_PAGE_MAX}"
                );
                let Placement { tenant, camera, slot, epoch } = after.placement;
                let day = after.start.utc_day();
                let start = Col(after.start);
                let key = params![Col(tenant), Col(camera), day, start, Col(slot), Col(epoch), Col(after.segment)];
                let mut statement = connection.prepare_cached(&sql)?;
                for row in statement.query_map(key, read)? {
                    rows.push(row?);
                }
            } else {
                let sql = format!("SELECT {COLUMNS} FROM segments {order} LIMIT {SEGMENT_PAGE_MAX}");
                let mut statement = connection.prepare_cached(&sql)?;
                for row in statement.query_map([], read)? {
                    rows.push(row?);
                }
            }
            Ok(rows)
        })
        .await
    }

    /// Removes a segment from the index, with its copies and its fragment table: a file that is lost. Its key row stays until it
    /// is shredded. Removing what is not there is no error.
    pub async fn remove_segment(&self, row: SegmentRow) -> Result<(), StoreError> {
        let db = sqlite_or!(self, cql => cql.remove_segment(row));
        db.write(move |connection| remove(connection, &row, "").map(drop)).await
    }
}

/// Removes a segment that does not grow; `false` where there is none, or it grows.
pub(super) fn remove_closed(connection: &Connection, row: &SegmentRow) -> Result<bool, StoreError> {
    remove(connection, row, "AND state <> 'open'")
}

fn remove(connection: &Connection, row: &SegmentRow, only: &str) -> Result<bool, StoreError> {
    let Placement { tenant, camera, slot, epoch } = row.placement.clone();
    let (tenant, camera, day, segment) = (Col(tenant), Col(camera), row.start.utc_day(), Col(row.segment));
    let sql = format!(
        "DELETE FROM segments WHERE tenant = ?1 AND camera = ?2 AND day = ?3 AND start_us = ?4 AND slot = ?5
           AND epoch = ?6 AND segment = ?7 {only}"
    );
    let gone = connection.prepare_cached(&sql)?.execute(params![
        tenant,
        camera,
        day,
        Col(row.start),
        Col(slot),
        Col(epoch),
        segment
    ])?;
    if gone == 0 && !only.is_empty() {
        return Ok(false);
    }
    connection
        .prepare_cached("DELETE FROM fragments WHERE tenant = ?1 AND camera = ?2 AND segment = ?3")?
        .execute(params![tenant, camera, segment])?;
    connection
        .prepare_cached("DELETE FROM copies WHERE tenant = ?1 AND camera = ?2 AND day = ?3 AND segment = ?4")?
        .execute(params![tenant, camera, day, segment])?;
    connection
        .prepare_cached("DELETE FROM second_copies WHERE tenant = ?1 AND camera = ?2 AND day = ?3 AND segment = ?4")?
        .execute(params![tenant, camera, day, segment])?;
    day_rollups::forget(connection, &row.placement.tenant, row.placement.camera, reach(row))?;
    Ok(gone > 0)
}

/// The time a row says something about.
pub(super) fn reach(row: &SegmentRow) -> TimeRange {
    TimeRange { start: row.start, end: row.end.max(row.start) }
}

/// The oldest segments of a camera on `node` that do not grow.
pub(super) fn oldest(
    connection: &Connection,
    tenant: &TenantId,
    camera: CameraId,
    node: NodeId,
    limit: u32,
) -> Result<Vec<SegmentRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM segments WHERE tenant = ?1 AND camera = ?2 AND node = ?3 AND state <> 'open'
         ORDER BY day, start_us, slot, epoch, segment LIMIT ?4"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let asked = params![Col(tenant.clone()), Col(camera), Col(node), limit];
    let rows = statement.query_map(asked, read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

const COLUMNS: &str = "tenant, camera, start_us, slot, epoch, segment, node, state, end_us, runs, fragments, bytes, key, \
                       merkle_root";

fn read(row: &Row<'_>) -> rusqlite::Result<SegmentRow> {
    let start = col(row, 2)?;
    let runs = runs_codec::decode(start, row.get_ref(9)?.as_blob()?).ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(9, rusqlite::types::Type::Blob, "not a column of runs".into())
    })?;
    Ok(SegmentRow {
        placement: Placement { tenant: col(row, 0)?, camera: col(row, 1)?, slot: col(row, 3)?, epoch: col(row, 4)? },
        segment: col(row, 5)?,
        node: col(row, 6)?,
        state: col(row, 7)?,
        start,
        end: col(row, 8)?,
        runs,
        fragments: row.get(10)?,
        bytes: col::<u64>(row, 11)?,
        key: row.get::<_, Option<Col<_>>>(12)?.map(|key| key.0),
        merkle_root: row.get(13)?,
    })
}

/// The column of a segment's runs.
pub(super) fn encoded_runs(row: &SegmentRow) -> Result<Vec<u8>, StoreError> {
    runs_codec::encode(row.start, &row.runs).ok_or_else(|| {
        let segment = row.segment;
        StoreError::Invalid(format!("segment {segment}: its runs must be sorted, apart, within it and not too many"))
    })
}

fn put(connection: &Connection, row: &SegmentRow) -> Result<(), StoreError> {
    let runs = encoded_runs(row)?;
    connection
        .prepare_cached(
            "INSERT INTO segments (tenant, camera, day, start_us, slot, epoch, segment, node, state, end_us, runs,
               fragments, bytes, key, merkle_root)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
             ON CONFLICT DO UPDATE SET node = excluded.node, state = excluded.state, end_us = excluded.end_us,
               runs = excluded.runs, fragments = excluded.fragments, bytes = excluded.bytes, key = excluded.key,
               merkle_root = excluded.merkle_root
             WHERE excluded.state <> 'open' OR (state = 'open' AND excluded.fragments >= fragments)",
        )?
        .execute(params![
            Col(row.placement.tenant.clone()),
            Col(row.placement.camera),
            row.start.utc_day(),
            Col(row.start),
            Col(row.placement.slot),
            Col(row.placement.epoch),
            Col(row.segment),
            Col(row.node),
            Col(row.state),
            Col(row.end),
            runs,
            row.fragments,
            Col(row.bytes),
            row.key.map(Col),
            row.merkle_root,
        ])?;
    day_rollups::forget(connection, &row.placement.tenant, row.placement.camera, reach(row))?;
    if row.state == SegmentState::Open {
        metrics::counter!("eyrie_store_segment_refreshes_total").increment(1);
    }
    Ok(())
}

/// Walks the day partitions that can hold an overlapping segment, as a ScyllaDB reader would.
pub(super) fn overlapping(
    connection: &Connection,
    tenant: &TenantId,
    camera: CameraId,
    range: TimeRange,
) -> Result<Vec<SegmentRow>, StoreError> {
    let earliest = range.start - SEGMENT_SPAN_MAX;
    let sql = format!(
        "SELECT {COLUMNS} FROM segments WHERE tenant = ?1 AND camera = ?2 AND day = ?3
           AND start_us >= ?4 AND start_us < ?5 AND end_us > ?6
         ORDER BY start_us, slot, epoch, segment LIMIT ?7"
    );
    let mut partition = connection.prepare_cached(&sql)?;
    let mut rows = Vec::new();
    for day in earliest.utc_day()..=range.end.utc_day() {
        let room = (ROWS_MAX - rows.len()) as u32 + 1;
        let (tenant, camera) = (Col(tenant.clone()), Col(camera));
        let asked = params![tenant, camera, day, Col(earliest), Col(range.end), Col(range.start), room];
        for row in partition.query_map(asked, read)? {
            rows.push(row?);
        }
        if rows.len() > ROWS_MAX {
            return Err(StoreError::TooMany { what: "segments in the range", max: ROWS_MAX });
        }
    }
    Ok(rows)
}
