use eyrie_types::{CameraId, SegmentId, TenantId, TimeRange, WallTime};

use super::cells::{Cells, cells};
use super::cql::{Cql, Walk};
use crate::store::copies::COPIES_MAX;
use crate::store::{SEGMENT_SPAN_MAX, SegmentCopy, StoreError};

const COPY: &str = "copy";

impl Cql {
    pub(in crate::store) async fn put_copy(&self, copy: SegmentCopy) -> Result<(), StoreError> {
        let text = "INSERT INTO copies (tenant, camera, day, segment, node, disk, start_us, path, bytes, written_us)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let SegmentCopy { tenant, camera, segment, start, node, disk, path, bytes, written_at } = copy;
        let day = start.utc_day();
        self.run(text, cells![tenant, camera, day, segment, node, disk, start, path, bytes, written_at]).await
    }

    pub(in crate::store) async fn copies(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        range: TimeRange,
    ) -> Result<Vec<SegmentCopy>, StoreError> {
        let earliest = range.start - SEGMENT_SPAN_MAX;
        let mut copies = Vec::new();
        for day in self.days_within(tenant, camera, earliest, range.end).await? {
            let text = "SELECT tenant, camera, segment, start_us, node, disk, path, bytes, written_us FROM copies
                        WHERE tenant = ? AND camera = ? AND day = ?";
            self.walk(COPY, text, cells![tenant, camera, day], |row| {
                let copy = read(row)?;
                if (earliest..range.end).contains(&copy.start) {
                    copies.push(copy);
                }
                Ok(if copies.len() > COPIES_MAX { Walk::Enough } else { Walk::On })
            })
            .await?;
            if copies.len() > COPIES_MAX {
                return Err(StoreError::TooMany { what: "copies in the range", max: COPIES_MAX });
            }
        }
        Ok(copies)
    }

    pub(in crate::store) async fn copies_of_segment(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        start: WallTime,
        segment: SegmentId,
    ) -> Result<Vec<SegmentCopy>, StoreError> {
        let text = "SELECT tenant, camera, segment, start_us, node, disk, path, bytes, written_us FROM copies
                    WHERE tenant = ? AND camera = ? AND day = ? AND segment = ?";
        self.all(COPY, text, cells![tenant, camera, start.utc_day(), segment], read).await
    }

    pub(in crate::store) async fn remove_copy(&self, copy: SegmentCopy) -> Result<(), StoreError> {
        let text = "DELETE FROM copies WHERE tenant = ? AND camera = ? AND day = ? AND segment = ? AND node = ?
                    AND disk = ?";
        let day = copy.start.utc_day();
        self.run(text, cells![copy.tenant, copy.camera, day, copy.segment, copy.node, copy.disk]).await
    }
}

fn read(mut row: Cells) -> Result<SegmentCopy, StoreError> {
    Ok(SegmentCopy {
        tenant: row.get(0)?,
        camera: row.get(1)?,
        segment: row.get(2)?,
        start: row.get(3)?,
        node: row.get(4)?,
        disk: row.get(5)?,
        path: row.get(6)?,
        bytes: row.get(7)?,
        written_at: row.get(8)?,
    })
}
