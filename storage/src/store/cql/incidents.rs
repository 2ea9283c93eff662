//! Incidents: open ones stand in a table of their own, and move to the month of their start when they close.

use eyrie_types::{CameraId, Epoch, Incident, Slot, TenantId, TimeRange, WallTime};

use super::cells::{Cells, cells};
use super::cql::{Cql, Walk};
use super::directories::Of;
use crate::store::StoreError;
use crate::store::incidents::INCIDENTS_MAX;

const INCIDENT: &str = "incident";
/// Partitions that open incidents and unfinished deletions are spread over.
pub(in crate::store) const BUCKETS: i64 = 16;
/// Days whose closed incidents of a camera share a partition.
const DAYS: u32 = 30;
/// Timestamps of an open incident: that it was closed outlives that it was opened, so a late write opens none again.
const OPENED: i64 = 1;
const CLOSED: i64 = 2;

/// The partition of a camera.
pub(in crate::store) fn bucket(camera: CameraId) -> i64 {
    i64::from(camera.as_uuid().as_bytes()[15]) % BUCKETS
}

fn month_of(start: WallTime) -> i64 {
    i64::from(start.utc_day() / DAYS)
}

impl Cql {
    pub(in crate::store) async fn put_incident(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        incident: Incident,
    ) -> Result<(), StoreError> {
        let (cql, tenant) = (self.clone(), tenant.clone());
        self.whole(async move {
            let Incident { slot, epoch, cause, start, end } = incident;
            // Days of which it is still open are not over; those that it reached into before are drawn up anew.
            let told = TimeRange { start, end: end.unwrap_or(start).max(start) };
            let closed = "SELECT end_us FROM incidents WHERE tenant = ? AND camera = ? AND month = ? AND start_us = ?
                          AND slot = ? AND epoch = ? AND cause = ?";
            let key = cells![tenant, camera, month_of(start), start, slot, epoch, cause];
            if cql.one(INCIDENT, closed, key).await?.is_some() {
                return Ok(());
            }
            match end {
                Some(end) => cql.close_incident(&tenant, camera, incident, end.max(start)).await?,
                None => {
                    let text = "INSERT INTO open_incidents (bucket, tenant, camera, start_us, slot, epoch, cause)
                                VALUES (?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?";
                    let values = cells![bucket(camera), tenant, camera, start, slot, epoch, cause, OPENED];
                    cql.run(text, values).await?;
                }
            }
            cql.forget_rollups(&tenant, camera, told).await
        })
        .await
    }

    /// Keeps it closed at `end`, and then no longer open.
    async fn close_incident(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        incident: Incident,
        end: WallTime,
    ) -> Result<(), StoreError> {
        let Incident { slot, epoch, cause, start, .. } = incident;
        // The month first: once the row is there, it is found.
        self.list_most(Of::IncidentMonths(tenant, camera), month_of(start), end.as_unix_us()).await?;
        let text = "INSERT INTO incidents (tenant, camera, month, start_us, slot, epoch, cause, end_us)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
        self.run(text, cells![tenant, camera, month_of(start), start, slot, epoch, cause, end]).await?;
        let text = "DELETE FROM open_incidents USING TIMESTAMP ? WHERE bucket = ? AND tenant = ? AND camera = ?
                    AND start_us = ? AND slot = ? AND epoch = ? AND cause = ?";
        self.run(text, cells![CLOSED, bucket(camera), tenant, camera, start, slot, epoch, cause]).await
    }

    pub(in crate::store) async fn remove_incident(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        incident: Incident,
    ) -> Result<(), StoreError> {
        let (cql, tenant) = (self.clone(), tenant.clone());
        self.whole(async move {
            let Incident { slot, epoch, cause, start, end } = incident;
            let text =
                "DELETE FROM incidents WHERE tenant = ? AND camera = ? AND month = ? AND start_us = ? AND slot = ?
                        AND epoch = ? AND cause = ?";
            cql.run(text, cells![tenant, camera, month_of(start), start, slot, epoch, cause]).await?;
            let told = TimeRange { start, end: end.unwrap_or(start).max(start) };
            cql.forget_rollups(&tenant, camera, told).await
        })
        .await
    }

    pub(in crate::store) async fn close_incidents_before(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        slot: Slot,
        epoch: Epoch,
        at: WallTime,
    ) -> Result<usize, StoreError> {
        let (cql, tenant) = (self.clone(), tenant.clone());
        self.whole(async move {
            let text = "SELECT start_us, slot, epoch, cause FROM open_incidents
                        WHERE bucket = ? AND tenant = ? AND camera = ?";
            let open = cql.all(INCIDENT, text, cells![bucket(camera), tenant, camera], read_open).await?;
            let left = open.into_iter().filter(|one| one.slot == slot && one.epoch < epoch);
            let mut closed = 0;
            for incident in left {
                cql.close_incident(&tenant, camera, incident, at.max(incident.start)).await?;
                closed += 1;
            }
            Ok(closed)
        })
        .await
    }

    pub(in crate::store) async fn incidents(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        range: TimeRange,
    ) -> Result<Vec<Incident>, StoreError> {
        // The open ones first: one that closes in between is found twice, not never.
        let text = "SELECT start_us, slot, epoch, cause FROM open_incidents
                    WHERE bucket = ? AND tenant = ? AND camera = ? AND start_us < ?";
        let open = self.all(INCIDENT, text, cells![bucket(camera), tenant, camera, range.end], read_open).await?;
        let mut found: Vec<Incident> = Vec::new();
        let last = month_of(range.end);
        for (month, latest_end) in self.numbers_with_values(Of::IncidentMonths(tenant, camera)).await? {
            if month > last || latest_end <= range.start.as_unix_us() {
                continue;
            }
            let text = "SELECT start_us, slot, epoch, cause, end_us FROM incidents WHERE tenant = ? AND camera = ?
                        AND month = ? AND start_us < ?";
            self.walk(INCIDENT, text, cells![tenant, camera, month, range.end], |mut row| {
                let end: WallTime = row.get(4)?;
                if end > range.start {
                    found.push(Incident {
                        start: row.get(0)?,
                        slot: row.get(1)?,
                        epoch: row.get(2)?,
                        cause: row.get(3)?,
                        end: Some(end),
                    });
                }
                Ok(if found.len() > INCIDENTS_MAX { Walk::Enough } else { Walk::On })
            })
            .await?;
        }
        let key = |one: &Incident| (one.start, one.slot, one.epoch, one.cause.as_str());
        let closed: std::collections::HashSet<_> = found.iter().map(key).collect();
        let open: Vec<_> = open.into_iter().filter(|one| !closed.contains(&key(one))).collect();
        found.extend(open);
        if found.len() > INCIDENTS_MAX {
            return Err(StoreError::TooMany { what: "incidents in the range", max: INCIDENTS_MAX });
        }
        found.sort_by(|a, b| key(a).cmp(&key(b)));
        Ok(found)
    }
}

fn read_open(mut row: Cells) -> Result<Incident, StoreError> {
    Ok(Incident { start: row.get(0)?, slot: row.get(1)?, epoch: row.get(2)?, cause: row.get(3)?, end: None })
}
