use eyrie_types::{CameraId, NodeId, SegmentId, TenantId, TimeRange, WallTime};
use rusqlite::{Row, params};

use super::column::{Col, col};
use super::store::sqlite_or;
use super::{SEGMENT_SPAN_MAX, Store, StoreError};

/// Most copies in an answer: two of every segment of a month cut every minute.
pub(super) const COPIES_MAX: usize = 100_000;

/// Where a segment's file lies. A segment can have several copies; each is a row of its own, so that adding one touches no
/// index row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentCopy {
    /// Whose camera.
    pub tenant: TenantId,
    /// Which camera.
    pub camera: CameraId,
    /// Which segment.
    pub segment: SegmentId,
    /// When the segment begins: with it its index row is found.
    pub start: WallTime,
    /// The node that holds the copy.
    pub node: NodeId,
    /// The disk, by the name its configuration gives it.
    pub disk: String,
    /// The file, relative to the disk's root.
    pub path: String,
    /// Its durable bytes.
    pub bytes: u64,
    /// When the copy was last written to.
    pub written_at: WallTime,
}

impl Store {
    /// Writes or refreshes a copy's row; it is found again by (segment, node, disk).
    pub async fn put_copy(&self, copy: SegmentCopy) -> Result<(), StoreError> {
        let db = sqlite_or!(self, cql => cql.put_copy(copy));
        db.write(move |connection| {
            connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO copies (tenant, camera, day, segment, start_us, node, disk, path, bytes,
                       written_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                )?
                .execute(params![
                    Col(copy.tenant),
                    Col(copy.camera),
                    copy.start.utc_day(),
                    Col(copy.segment),
                    Col(copy.start),
                    Col(copy.node),
                    copy.disk,
                    copy.path,
                    Col(copy.bytes),
                    Col(copy.written_at),
                ])?;
            Ok(())
        })
        .await
    }

    /// The copies of a camera's segments that can overlap `range`: of each segment that begins within it, or no longer before
    /// it than a segment can be. Sorted by day, segment, node, disk.
    ///
    /// # Errors
    /// [`StoreError::TooMany`].
    pub async fn copies(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        range: TimeRange,
    ) -> Result<Vec<SegmentCopy>, StoreError> {
        let db = sqlite_or!(self, cql => cql.copies(tenant, camera, range));
        let tenant = tenant.clone();
        db.read(move |connection| {
            let earliest = range.start - SEGMENT_SPAN_MAX;
            let sql = format!(
                "SELECT {COLUMNS} FROM copies WHERE tenant = ?1 AND camera = ?2 AND day BETWEEN ?3 AND ?4
                   AND start_us >= ?5 AND start_us < ?6 ORDER BY day, segment, node, disk LIMIT {}",
                COPIES_MAX + 1
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let (first, last) = (earliest.utc_day(), range.end.utc_day());
            let asked = params![Col(tenant), Col(camera), first, last, Col(earliest), Col(range.end)];
            let copies = statement.query_map(asked, read)?.collect::<Result<Vec<_>, _>>()?;
            if copies.len() > COPIES_MAX {
                return Err(StoreError::TooMany { what: "copies in the range", max: COPIES_MAX });
            }
            Ok(copies)
        })
        .await
    }

    /// The copies of one segment, which begins at `start`.
    pub async fn copies_of_segment(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        start: WallTime,
        segment: SegmentId,
    ) -> Result<Vec<SegmentCopy>, StoreError> {
        let db = sqlite_or!(self, cql => cql.copies_of_segment(tenant, camera, start, segment));
        let tenant = tenant.clone();
        db.read(move |connection| {
            let sql = format!(
                "SELECT {COLUMNS} FROM copies WHERE tenant = ?1 AND camera = ?2 AND day = ?3 AND segment = ?4
                 ORDER BY node, disk LIMIT {COPIES_MAX}"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let asked = params![Col(tenant), Col(camera), start.utc_day(), Col(segment)];
            let copies = statement.query_map(asked, read)?.collect::<Result<_, _>>()?;
            Ok(copies)
        })
        .await
    }

    /// Removes a copy's row. Removing what is not there is no error.
    pub async fn remove_copy(&self, copy: SegmentCopy) -> Result<(), StoreError> {
        let db = sqlite_or!(self, cql => cql.remove_copy(copy));
        db.write(move |connection| {
            connection
                .prepare_cached(
                    "DELETE FROM copies WHERE tenant = ?1 AND camera = ?2 AND day = ?3 AND segment = ?4 AND node = ?5
                       AND disk = ?6",
                )?
                .execute(params![
                    Col(copy.tenant),
                    Col(copy.camera),
                    copy.start.utc_day(),
                    Col(copy.segment),
                    Col(copy.node),
                    copy.disk
                ])?;
            Ok(())
        })
        .await
    }
}

const COLUMNS: &str = "tenant, camera, segment, start_us, node, disk, path, bytes, written_us";

fn read(row: &Row<'_>) -> rusqlite::Result<SegmentCopy> {
    Ok(SegmentCopy {
        tenant: col(row, 0)?,
        camera: col(row, 1)?,
        segment: col(row, 2)?,
        start: col(row, 3)?,
        node: col(row, 4)?,
        disk: row.get(5)?,
        path: row.get(6)?,
        bytes: col(row, 7)?,
        written_at: col(row, 8)?,
    })
}
