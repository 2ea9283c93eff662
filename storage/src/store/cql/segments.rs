//! The index of recordings. A row's write carries a timestamp that says how much it knows: the number of fragments while the
//! segment grows, the time once it does not. So a late refresh undoes neither a newer one nor a close nor a removal, without a
//! transaction.

use std::collections::BTreeMap;

use eyrie_types::{CameraId, NodeId, Placement, SegmentId, SegmentRow, SegmentState, TenantId, TimeRange, WallTime};
use futures::{StreamExt as _, TryStreamExt as _};

use super::cells::{Cell, Cells, cells};
use super::cql::{Cql, Walk, all_of};
use super::directories::Of;
use crate::store::segments::{ROWS_MAX, encoded_runs, reach};
use crate::store::{SEGMENT_SPAN_MAX, StoreError, runs_codec};

const SEGMENT: &str = "segment";
/// Days read at the same time.
pub(in crate::store) const DAYS_AT_ONCE: usize = 8;
/// An empty day this old is taken off the list; a younger one may be about to be written to.
pub(in crate::store) const EMPTY_DAYS: u32 = 2;
/// Timestamps of what leads to an open segment: that it was closed outlives that it was opened.
const OPENED: i64 = 1;
const CLOSED: i64 = 2;

/// The columns [`read`] takes, in its order.
macro_rules! columns {
    () => {
        "tenant, camera, start_us, slot, epoch, segment, node, state, end_us, runs, fragments, bytes, key, merkle_root"
    };
}
pub(in crate::store) use columns;

pub(in crate::store) fn read(mut row: Cells) -> Result<SegmentRow, StoreError> {
    let (start, runs): (WallTime, Vec<u8>) = (row.get(2)?, row.get(9)?);
    let runs = runs_codec::decode(start, &runs).ok_or_else(|| StoreError::damaged(SEGMENT, "not a column of runs"))?;
    Ok(SegmentRow {
        placement: Placement { tenant: row.get(0)?, camera: row.get(1)?, slot: row.get(3)?, epoch: row.get(4)? },
        segment: row.get(5)?,
        node: row.get(6)?,
        state: row.get(7)?,
        start,
        end: row.get(8)?,
        runs,
        fragments: row.get(10)?,
        bytes: row.get(11)?,
        key: row.get(12)?,
        merkle_root: row.get(13)?,
    })
}

/// A segment's key: `tenant, camera, day, start_us, slot, epoch, segment`.
pub(in crate::store) fn key(row: &SegmentRow) -> Vec<Cell> {
    let Placement { tenant, camera, slot, epoch } = &row.placement;
    cells![tenant, camera, row.start.utc_day(), row.start, slot, epoch, row.segment]
}

impl Cql {
    /// As on SQLite, but for an error in the midst of it: some rows may be written then. Writing them again is right.
    pub(in crate::store) async fn put_segments(&self, rows: Vec<SegmentRow>) -> Result<(), StoreError> {
        let runs = rows.iter().map(encoded_runs).collect::<Result<Vec<_>, _>>()?;
        let puts = rows.iter().zip(runs).map(|(row, runs)| self.put_segment(row, runs));
        all_of(puts.collect()).await?;
        // Once for each day: a batch is mostly of one or few.
        let mut told: BTreeMap<(TenantId, CameraId), TimeRange> = BTreeMap::new();
        for row in &rows {
            let range = reach(row);
            let key = (row.placement.tenant.clone(), row.placement.camera);
            let whole = told.entry(key).or_insert(range);
            *whole = TimeRange { start: whole.start.min(range.start), end: whole.end.max(range.end) };
        }
        for ((tenant, camera), range) in told {
            self.forget_rollups(&tenant, camera, range).await?;
        }
        let open = rows.iter().filter(|row| row.state == SegmentState::Open).count();
        metrics::counter!("eyrie_store_segment_refreshes_total").increment(open as u64);
        Ok(())
    }

    async fn put_segment(&self, row: &SegmentRow, runs: Vec<u8>) -> Result<(), StoreError> {
        let open = row.state == SegmentState::Open;
        let timestamp = if open { i64::from(row.fragments) + 1 } else { self.timestamp() };
        if open {
            // First of all, so that a start finds it.
            self.list_open(row).await?;
        }
        let text =
            "INSERT INTO segments (tenant, camera, day, start_us, slot, epoch, segment, node, state, end_us, runs,
                      fragments, bytes, key, merkle_root) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    USING TIMESTAMP ?";
        let mut values = key(row);
        values.extend(cells![row.node, row.state, row.end, runs, row.fragments, row.bytes, row.key, row.merkle_root]);
        values.extend(cells![timestamp]);
        self.run(text, values).await?;
        // After the row: whoever takes an empty day off the list looks at its rows first.
        let Placement { tenant, camera, .. } = &row.placement;
        self.know_tenant(tenant).await?;
        let (days, day) = (Of::RecordedDays(tenant, *camera), row.start.utc_day());
        // Whoever retains may have taken the lists apart since this process wrote them: the camera's with its last day, an old
        // day's once it was empty.
        let old = day + EMPTY_DAYS < self.0.clock.now().utc_day();
        if old || !self.is_listed(days, day.into(), &[]) {
            self.list_anew(Of::RecordedCameras(tenant), 0, camera.as_uuid().as_bytes()).await?;
            self.list_anew(days, day.into(), &[]).await?;
        }
        if !open {
            self.unlist_open(row).await?;
        }
        Ok(())
    }

    /// Leads to a segment that is open; written once by each process.
    async fn list_open(&self, row: &SegmentRow) -> Result<(), StoreError> {
        let name = row.segment.as_uuid().as_bytes();
        if self.knows_open(row.node, name) {
            return Ok(());
        }
        self.list(Of::OpenDays(row.node), row.start.utc_day().into(), &[]).await?;
        let Placement { tenant, camera, slot, epoch } = &row.placement;
        let text = "INSERT INTO open_segments (node, day, tenant, camera, start_us, slot, epoch, segment)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?";
        let values = cells![row.node, row.start.utc_day(), tenant, camera, row.start, slot, epoch, row.segment, OPENED];
        self.run(text, values).await?;
        self.know_open(row.node, name);
        Ok(())
    }

    async fn unlist_open(&self, row: &SegmentRow) -> Result<(), StoreError> {
        let Placement { tenant, camera, slot, epoch } = &row.placement;
        let text =
            "DELETE FROM open_segments USING TIMESTAMP ? WHERE node = ? AND day = ? AND tenant = ? AND camera = ?
                    AND start_us = ? AND slot = ? AND epoch = ? AND segment = ?";
        let values = cells![CLOSED, row.node, row.start.utc_day(), tenant, camera, row.start, slot, epoch, row.segment];
        self.run(text, values).await
    }

    pub(in crate::store) async fn segments(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        range: TimeRange,
    ) -> Result<Vec<SegmentRow>, StoreError> {
        let earliest = range.start - SEGMENT_SPAN_MAX;
        let days = self.days_within(tenant, camera, earliest, range.end).await?;
        let days = days.into_iter().map(|day| async move {
            let text = concat!(
                "SELECT ",
                columns!(),
                " FROM segments WHERE tenant = ? AND camera = ? AND day = ? AND start_us >= ? AND start_us < ?"
            );
            let mut rows = Vec::new();
            self.walk(SEGMENT, text, cells![tenant, camera, day, earliest, range.end], |row| {
                // Most of what is read overlaps, so the rest is left out here.
                if row.peek::<WallTime>(8)? > range.start {
                    rows.push(read(row)?);
                }
                Ok(if rows.len() > ROWS_MAX { Walk::Enough } else { Walk::On })
            })
            .await?;
            Ok::<_, StoreError>(rows)
        });
        let mut rows = Vec::new();
        let mut days = futures::stream::iter(days.collect::<Vec<_>>()).buffered(DAYS_AT_ONCE);
        while let Some(day) = days.try_next().await? {
            rows.extend(day);
            if rows.len() > ROWS_MAX {
                return Err(StoreError::TooMany { what: "segments in the range", max: ROWS_MAX });
            }
        }
        Ok(rows)
    }

    /// The days to be read for what begins between two moments: those that are listed where they are many.
    pub(in crate::store) async fn days_within(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        from: WallTime,
        to: WallTime,
    ) -> Result<Vec<i64>, StoreError> {
        const FEW: i64 = 4;
        let (first, last) = (i64::from(from.utc_day()), i64::from(to.utc_day()));
        if last - first < FEW {
            return Ok((first..=last).collect());
        }
        self.numbers(Of::RecordedDays(tenant, camera), first, last).await
    }

    pub(in crate::store) async fn open_segments(&self, node: NodeId) -> Result<Vec<SegmentRow>, StoreError> {
        let of = Of::OpenDays(node);
        let days = self.numbers(of, 0, i64::MAX).await?;
        let newest = days.last().copied();
        let mut found = Vec::new();
        for day in days {
            let text = "SELECT tenant, camera, start_us, slot, epoch, segment FROM open_segments
                        WHERE node = ? AND day = ?";
            let keys = self.all(SEGMENT, text, cells![node, day], |mut row| {
                let placement =
                    Placement { tenant: row.get(0)?, camera: row.get(1)?, slot: row.get(3)?, epoch: row.get(4)? };
                Ok((placement, row.get::<WallTime>(2)?, row.get::<SegmentId>(5)?))
            });
            let keys = keys.await?;
            if keys.is_empty() && Some(day) != newest {
                self.unlist(of, day, &[]).await?;
            }
            let rows = keys
                .iter()
                .map(|(placement, start, segment)| async move { self.segment(placement, *segment, *start).await });
            let rows = all_of(rows.collect()).await?;
            found.extend(rows.into_iter().flatten().filter(|row| row.state == SegmentState::Open && row.node == node));
            found.truncate(ROWS_MAX);
        }
        Ok(found)
    }

    /// The row of one segment.
    pub(in crate::store) async fn segment(
        &self,
        placement: &Placement,
        segment: SegmentId,
        start: WallTime,
    ) -> Result<Option<SegmentRow>, StoreError> {
        let Placement { tenant, camera, slot, epoch } = placement;
        let text = concat!(
            "SELECT ",
            columns!(),
            " FROM segments WHERE tenant = ? AND camera = ? AND day = ? AND start_us = ? AND slot = ? AND epoch = ?
             AND segment = ?"
        );
        let values = cells![tenant, camera, start.utc_day(), start, slot, epoch, segment];
        self.one(SEGMENT, text, values).await?.map(read).transpose()
    }

    pub(in crate::store) async fn knows_segment(
        &self,
        placement: &Placement,
        segment: SegmentId,
        start: WallTime,
    ) -> Result<bool, StoreError> {
        let known = self.segment(placement, segment, start).await?.is_some();
        Ok(known || self.is_marked(&placement.tenant, placement.camera, segment).await?)
    }

    pub(in crate::store) async fn remove_segment(&self, row: SegmentRow) -> Result<(), StoreError> {
        let cql = self.clone();
        self.whole(async move { cql.take_out(&row).await }).await
    }

    /// Takes a segment out of the index, with its copies and its fragment table.
    pub(in crate::store) async fn take_out(&self, row: &SegmentRow) -> Result<(), StoreError> {
        let Placement { tenant, camera, .. } = &row.placement;
        let day = row.start.utc_day();
        self.run(
            "DELETE FROM segments WHERE tenant = ? AND camera = ? AND day = ? AND start_us = ? AND slot = ? AND epoch = ?
             AND segment = ?",
            key(row),
        )
        .await?;
        let text = "DELETE FROM fragments WHERE tenant = ? AND camera = ? AND segment = ?";
        self.run(text, cells![tenant, camera, row.segment]).await?;
        let text = "DELETE FROM copies WHERE tenant = ? AND camera = ? AND day = ? AND segment = ?";
        self.run(text, cells![tenant, camera, day, row.segment]).await?;
        let text = "DELETE FROM second_copies WHERE tenant = ? AND camera = ? AND day = ? AND segment = ?";
        self.run(text, cells![tenant, camera, day, row.segment]).await?;
        self.unlist_open(row).await?;
        self.forget_rollups(tenant, *camera, reach(row)).await
    }
}
