//! Going along the index: all of it, by camera, by day.

use std::collections::BTreeMap;

use eyrie_types::{CameraId, NodeId, SegmentRow, SegmentState, TenantId, WallTime};
use futures::{StreamExt as _, TryStreamExt as _};

use super::cells::cells;
use super::cql::{Cql, Walk, all_of};
use super::directories::Of;
use super::segments::{DAYS_AT_ONCE, EMPTY_DAYS, columns, key, read};
use crate::store::{RECORDED_PAGE_MAX, RecordedDay, SEGMENT_PAGE_MAX, StoreError};

const SEGMENT: &str = "segment";

impl Cql {
    pub(in crate::store) async fn segments_after(
        &self,
        after: Option<SegmentRow>,
    ) -> Result<Vec<SegmentRow>, StoreError> {
        let mut rows = Vec::new();
        let mut at = None;
        if let Some(after) = &after {
            let (tenant, camera) = (after.placement.tenant.clone(), after.placement.camera);
            let text = concat!(
                "SELECT ",
                columns!(),
                " FROM segments WHERE tenant = ? AND camera = ? AND day = ?
                 AND (start_us, slot, epoch, segment) > (?, ?, ?, ?)"
            );
            self.walk(SEGMENT, text, key(after), |row| page(&mut rows, read(row)?)).await?;
            let next = i64::from(after.start.utc_day()) + 1;
            self.add_days(&tenant, camera, next, &mut rows).await?;
            at = Some((tenant, camera));
        }
        while rows.len() < SEGMENT_PAGE_MAX {
            let cameras = self.recorded_cameras(at.clone()).await?;
            let Some(last) = cameras.last().cloned() else { break };
            // Most cameras have far fewer segments than a page holds, so several are read at the same time.
            let parts = cameras.into_iter().map(|(tenant, camera)| async move {
                let mut rows = Vec::new();
                self.add_days(&tenant, camera, 0, &mut rows).await.map(|()| rows)
            });
            let mut parts = futures::stream::iter(parts.collect::<Vec<_>>()).buffered(DAYS_AT_ONCE);
            while let Some(part) = parts.try_next().await? {
                rows.extend(part);
                if rows.len() >= SEGMENT_PAGE_MAX {
                    rows.truncate(SEGMENT_PAGE_MAX);
                    return Ok(rows);
                }
            }
            at = Some(last);
        }
        Ok(rows)
    }

    /// Adds a camera's segments from day `first` on, until there are enough for a page.
    async fn add_days(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        first: i64,
        rows: &mut Vec<SegmentRow>,
    ) -> Result<(), StoreError> {
        for day in self.numbers(Of::RecordedDays(tenant, camera), first, i64::MAX).await? {
            if rows.len() >= SEGMENT_PAGE_MAX {
                break;
            }
            let text = concat!("SELECT ", columns!(), " FROM segments WHERE tenant = ? AND camera = ? AND day = ?");
            self.walk(SEGMENT, text, cells![tenant, camera, day], |row| page(rows, read(row)?)).await?;
        }
        Ok(())
    }

    pub(in crate::store) async fn recorded_cameras(
        &self,
        after: Option<(TenantId, CameraId)>,
    ) -> Result<Vec<(TenantId, CameraId)>, StoreError> {
        let mut found = Vec::new();
        for tenant in self.tenants().await? {
            let from = match &after {
                Some((last, _)) if tenant < *last => continue,
                Some((last, camera)) if tenant == *last => Some(camera.as_uuid().as_bytes().to_vec()),
                _ => None,
            };
            let room = RECORDED_PAGE_MAX - found.len();
            for name in self.some_names(Of::RecordedCameras(&tenant), from.as_deref(), room).await? {
                let id = <[u8; 16]>::try_from(&name[..]).map(uuid::Uuid::from_bytes);
                let id = id.map_err(|_| StoreError::damaged("recorded camera", "its id has another length"))?;
                found.push((tenant.clone(), CameraId::from_uuid(id)));
            }
        }
        Ok(found)
    }

    /// As on SQLite; a day that has nothing any more may be among them.
    pub(in crate::store) async fn days_recorded(
        &self,
        tenant: &TenantId,
        camera: CameraId,
    ) -> Result<Vec<u32>, StoreError> {
        let days = self.numbers(Of::RecordedDays(tenant, camera), 0, i64::MAX).await?;
        Ok(days.into_iter().filter_map(|day| u32::try_from(day).ok()).collect())
    }

    /// As on SQLite; and takes days off the list that have none any more, and the camera when it has no day left.
    pub(in crate::store) async fn recorded_days(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        node: NodeId,
        day: u32,
    ) -> Result<BTreeMap<u32, RecordedDay>, StoreError> {
        let of = Of::RecordedDays(tenant, camera);
        let listed = self.numbers(of, day.into(), i64::MAX).await?;
        // Of each day, whether any node has something of it, and what this one has.
        let days = listed.iter().map(|day| async move {
            let text = "SELECT node, bytes, start_us FROM segments WHERE tenant = ? AND camera = ? AND day = ?";
            let (mut any, mut own) = (false, None::<RecordedDay>);
            self.walk(SEGMENT, text, cells![tenant, camera, day], |mut row| {
                any = true;
                let (of, bytes, first): (NodeId, u64, WallTime) = (row.get(0)?, row.get(1)?, row.get(2)?);
                if of == node {
                    let before = own.unwrap_or(RecordedDay { bytes: 0, first });
                    own = Some(RecordedDay { bytes: before.bytes + bytes, first: before.first.min(first) });
                }
                Ok(Walk::On)
            })
            .await?;
            Ok::<_, StoreError>((*day, any, own))
        });
        let days = all_of(days.collect()).await?;
        let today = self.0.clock.now().utc_day();
        let empty = days.iter().filter(|(_, any, _)| !any).map(|(day, ..)| *day);
        for gone in empty.filter(|gone| *gone + i64::from(EMPTY_DAYS) < i64::from(today)) {
            self.unlist(of, gone, &[]).await?;
        }
        if days.iter().all(|(_, any, _)| !any) && self.numbers(of, 0, i64::MAX).await?.is_empty() {
            self.unlist(Of::RecordedCameras(tenant), 0, camera.as_uuid().as_bytes()).await?;
        }
        let found = days.into_iter().filter_map(|(day, _, own)| Some((u32::try_from(day).ok()?, own?)));
        Ok(found.collect())
    }

    pub(in crate::store) async fn oldest_segments(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        node: NodeId,
        limit: usize,
    ) -> Result<Vec<SegmentRow>, StoreError> {
        let mut rows = Vec::new();
        for day in self.numbers(Of::RecordedDays(tenant, camera), 0, i64::MAX).await? {
            if rows.len() >= limit {
                break;
            }
            let text = concat!("SELECT ", columns!(), " FROM segments WHERE tenant = ? AND camera = ? AND day = ?");
            self.walk(SEGMENT, text, cells![tenant, camera, day], |row| {
                let row = read(row)?;
                if row.node == node && row.state != SegmentState::Open {
                    rows.push(row);
                }
                Ok(if rows.len() < limit { Walk::On } else { Walk::Enough })
            })
            .await?;
        }
        Ok(rows)
    }
}

fn page(rows: &mut Vec<SegmentRow>, row: SegmentRow) -> Result<Walk, StoreError> {
    rows.push(row);
    Ok(if rows.len() < SEGMENT_PAGE_MAX { Walk::On } else { Walk::Enough })
}
