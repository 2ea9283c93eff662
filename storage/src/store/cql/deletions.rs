//! Deleting recordings. On SQLite the first phase is one transaction; here it is a row at a time, in an order that leaves nothing
//! undone: what is to be deleted is marked first, and a mark is only finished once its segment is out of the index.

use eyrie_types::{
    AuditRecord, CameraId, Event, NodeId, Placement, SegmentId, SegmentRow, SegmentState, TenantId, TimeRange,
};

use super::cells::{Cells, cells};
use super::cql::{Cql, Walk, all_of};
use super::incidents::{BUCKETS, bucket};
use crate::ledger::joined;
use crate::store::deletions::{MARKS_MAX, marked_of};
use crate::store::segments::{encoded_runs, reach};
use crate::store::{MarkedSegment, SEGMENT_SPAN_MAX, StoreError, runs_codec};

const MARK: &str = "mark of a deletion";
const DELETED: &str = "deleted footage";
const DAYS_OF_YEAR: u32 = 366;

impl Cql {
    pub(in crate::store) async fn mark_deleted(
        &self,
        rows: Vec<SegmentRow>,
        audit: AuditRecord,
        event: Event,
    ) -> Result<Vec<MarkedSegment>, StoreError> {
        let cql = self.clone();
        self.whole(async move {
            let marked = all_of(rows.iter().map(|row| cql.mark(row)).collect()).await?;
            let marked: Vec<MarkedSegment> = marked.into_iter().flatten().collect();
            if !marked.is_empty() {
                cql.append_audit(audit).await?;
                cql.append([&event]).await?;
            }
            Ok(marked)
        })
        .await
    }

    /// Marks a segment and takes it out of the index; `None` where it grows or is gone. Whoever dies in between leaves a mark, and
    /// [`Self::marked_segments`] takes its segment out.
    async fn mark(&self, row: &SegmentRow) -> Result<Option<MarkedSegment>, StoreError> {
        let found = self.segment(&row.placement, row.segment, row.start).await?;
        let Some(row) = found.filter(|found| found.state != SegmentState::Open) else { return Ok(None) };
        let Placement { tenant, camera, slot, epoch } = &row.placement;
        let text = "INSERT INTO deletions (bucket, tenant, camera, segment, node, start_us, slot, epoch, key, bytes)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let mut values = cells![bucket(*camera), tenant, camera, row.segment, row.node, row.start, slot, epoch];
        values.extend(cells![row.key, row.bytes]);
        self.run(text, values).await?;
        self.forget_segment(&row).await?;
        Ok(Some(marked_of(&row)))
    }

    /// Remembers which time a segment covered, and takes it out.
    async fn forget_segment(&self, row: &SegmentRow) -> Result<(), StoreError> {
        let (Placement { tenant, camera, .. }, day) = (&row.placement, row.start.utc_day());
        // As they stand in the index: the start comes with them, in front.
        let mut runs = row.start.as_unix_us().to_be_bytes().to_vec();
        runs.extend(encoded_runs(row)?);
        let text = "INSERT INTO deleted_footage (tenant, camera, year, day, segment, runs, bytes)
                    VALUES (?, ?, ?, ?, ?, ?, ?)";
        self.run(text, cells![tenant, camera, year_of(day), day, row.segment, runs, row.bytes]).await?;
        self.take_out(row).await?;
        self.forget_rollups(tenant, *camera, reach(row)).await
    }

    /// Those of this node, once it knows which it is: others of the cell finish theirs.
    pub(in crate::store) async fn marked_segments(&self) -> Result<Vec<MarkedSegment>, StoreError> {
        let mut marks = Vec::new();
        for bucket in 0..BUCKETS {
            let text = "SELECT tenant, camera, slot, epoch, segment, start_us, key, bytes, node FROM deletions
                        WHERE bucket = ?";
            self.walk(MARK, text, cells![bucket], |row| {
                let (mark, node) = read(row)?;
                if self.0.node.get().is_none_or(|own| *own == node) {
                    marks.push(mark);
                }
                Ok(if marks.len() < MARKS_MAX { Walk::On } else { Walk::Enough })
            })
            .await?;
            if marks.len() >= MARKS_MAX {
                break;
            }
        }
        // Whoever marked them may have died before they were out of the index.
        let left = marks.iter().map(|mark| async move {
            match self.segment(&mark.placement, mark.segment, mark.start).await? {
                Some(row) => self.forget_segment(&row).await,
                None => Ok(()),
            }
        });
        all_of(left.collect()).await?;
        Ok(marks)
    }

    pub(in crate::store) async fn finish_deletion(&self, marked: MarkedSegment) -> Result<(), StoreError> {
        let Placement { tenant, camera, .. } = &marked.placement;
        if let Some(key) = marked.key {
            self.shred_key(tenant, key).await?;
        }
        let text = "DELETE FROM deletions WHERE bucket = ? AND tenant = ? AND camera = ? AND segment = ?";
        self.run(text, cells![bucket(*camera), tenant, camera, marked.segment]).await
    }

    pub(in crate::store) async fn is_marked(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        segment: SegmentId,
    ) -> Result<bool, StoreError> {
        let text = "SELECT segment FROM deletions WHERE bucket = ? AND tenant = ? AND camera = ? AND segment = ?";
        Ok(self.one(MARK, text, cells![bucket(camera), tenant, camera, segment]).await?.is_some())
    }

    /// The time within `range` that deleted segments of a camera covered: sorted, none touching the next.
    pub(in crate::store) async fn deleted(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        range: TimeRange,
    ) -> Result<Vec<TimeRange>, StoreError> {
        let (first, last) = ((range.start - SEGMENT_SPAN_MAX).utc_day(), range.end.utc_day());
        let mut runs = Vec::new();
        for year in year_of(first)..=year_of(last) {
            let text = "SELECT runs FROM deleted_footage WHERE tenant = ? AND camera = ? AND year = ? AND day >= ?
                        AND day <= ?";
            self.walk(DELETED, text, cells![tenant, camera, year, first, last], |mut row| {
                runs.extend(decode(&row.get::<Vec<u8>>(0)?)?);
                Ok(Walk::On)
            })
            .await?;
        }
        let runs = joined(runs, crate::ledger::GAP_MIN);
        Ok(runs.iter().filter_map(|run| run.intersect(&range)).collect())
    }
}

/// The partition of a day of deleted footage.
pub(in crate::store) fn year_of(day: u32) -> u32 {
    day / DAYS_OF_YEAR
}

/// The runs of a deleted segment, or of a day of them.
fn decode(bytes: &[u8]) -> Result<Vec<TimeRange>, StoreError> {
    let damaged = || StoreError::damaged(DELETED, "not runs");
    let (start, runs) = bytes.split_first_chunk::<8>().ok_or_else(damaged)?;
    let start = eyrie_types::WallTime::from_unix_us(i64::from_be_bytes(*start));
    runs_codec::decode(start, runs).ok_or_else(damaged)
}

fn read(mut row: Cells) -> Result<(MarkedSegment, NodeId), StoreError> {
    let placement = Placement { tenant: row.get(0)?, camera: row.get(1)?, slot: row.get(2)?, epoch: row.get(3)? };
    let (segment, start, key, bytes) = (row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?);
    Ok((MarkedSegment { placement, segment, start, key, bytes }, row.get(8)?))
}
