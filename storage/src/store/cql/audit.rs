use eyrie_types::{AuditId, AuditRecord, TenantId, TimeRange, WallTime};

use super::cells::{cells, json};
use super::cql::{Cql, Walk};
use super::directories::Of;
use crate::store::audit::Place;
use crate::store::{AuditPage, Cursor, StoreError};

const RECORD: &str = "audit record";

/// The partition of a record.
pub(in crate::store) fn hour_of(time: WallTime) -> i64 {
    time.as_unix_secs().div_euclid(3600)
}

impl Cql {
    pub(in crate::store) async fn append_audit(&self, record: AuditRecord) -> Result<(), StoreError> {
        let AuditRecord { tenant, time, id, .. } = &record;
        self.list_audit(tenant, *time).await?;
        let text = "INSERT INTO audit (tenant, hour, time_us, id, record) VALUES (?, ?, ?, ?, ?)";
        self.run(text, cells![tenant, hour_of(*time), time, id, json(&record)?]).await
    }

    /// Leads to the records of `time`; their partition.
    pub(in crate::store) async fn list_audit(&self, tenant: &TenantId, time: WallTime) -> Result<i64, StoreError> {
        self.know_tenant(tenant).await?;
        self.list(Of::AuditHours(tenant), hour_of(time), &[]).await?;
        Ok(hour_of(time))
    }

    pub(in crate::store) async fn audit(
        &self,
        tenant: &TenantId,
        range: TimeRange,
        before: Place,
        limit: usize,
    ) -> Result<AuditPage, StoreError> {
        let mut items: Vec<AuditRecord> = Vec::new();
        let hours = self.numbers(Of::AuditHours(tenant), hour_of(range.start), hour_of(before.time)).await?;
        for hour in hours.into_iter().rev() {
            let text =
                "SELECT record FROM audit WHERE tenant = ? AND hour = ? AND time_us >= ? AND (time_us, id) < (?, ?)";
            self.walk(RECORD, text, cells![tenant, hour, range.start, before.time, before.id], |mut row| {
                items.push(row.json(0)?);
                Ok(if items.len() > limit { Walk::Enough } else { Walk::On })
            })
            .await?;
            if items.len() > limit {
                break;
            }
        }
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = match items.last() {
            Some(last) if more => Some(Cursor::write(&Place { time: last.time, id: last.id })?),
            _ => None,
        };
        Ok(AuditPage { items, next_cursor })
    }

    pub(in crate::store) async fn purge_audit(&self, before: WallTime, limit: u32) -> Result<usize, StoreError> {
        let (limit, mut removed) = (limit as usize, 0);
        for tenant in self.tenants().await? {
            let of = Of::AuditHours(&tenant);
            for hour in self.numbers(of, i64::MIN, hour_of(before)).await? {
                let text =
                    "SELECT time_us, id FROM audit WHERE tenant = ? AND hour = ? AND time_us < ? ORDER BY time_us, id";
                let mut old: Vec<(WallTime, AuditId)> = Vec::new();
                let room = limit - removed;
                if room > 0 {
                    self.walk(RECORD, text, cells![tenant, hour, before], |mut row| {
                        old.push((row.get(0)?, row.get(1)?));
                        Ok(if old.len() < room { Walk::On } else { Walk::Enough })
                    })
                    .await?;
                }
                let text = "DELETE FROM audit WHERE tenant = ? AND hour = ? AND time_us = ? AND id = ?";
                self.run_each(text, old.iter().map(|(time, id)| cells![tenant, hour, time, id]).collect()).await?;
                removed += old.len();
                if removed >= limit {
                    return Ok(removed);
                }
                if hour < hour_of(before) {
                    self.unlist_now(of, hour, &[]).await?;
                }
            }
        }
        Ok(removed)
    }
}
