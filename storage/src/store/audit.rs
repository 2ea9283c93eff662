use eyrie_types::{AuditId, AuditRecord, TenantId, TimeRange, WallTime};
use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};

use super::column::{Col, Json, col};
use super::cursor::Cursor;
use super::store::sqlite_or;
use super::{Store, StoreError};

/// Most records on one page.
pub const AUDIT_PAGE_MAX: usize = 1000;

/// A page of the audit log, the newest first.
#[derive(Debug, Clone)]
pub struct AuditPage {
    /// The records.
    pub items: Vec<AuditRecord>,
    /// Where the next page begins; `None` on the last.
    pub next_cursor: Option<Cursor>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    #[serde(rename = "t")]
    pub(super) time: WallTime,
    #[serde(rename = "i")]
    pub(super) id: AuditId,
}

impl Store {
    /// Appends a record; records are never changed. Appending one again is no error.
    pub async fn append_audit(&self, record: AuditRecord) -> Result<(), StoreError> {
        let db = sqlite_or!(self, cql => cql.append_audit(record));
        db.write(move |connection| {
            connection
                .prepare_cached("INSERT OR IGNORE INTO audit (tenant, time_us, id, record) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![Col(record.tenant.clone()), Col(record.time), Col(record.id), Json(&record)])?;
            Ok(())
        })
        .await
    }

    /// A page of the records of `range`: up to `limit` (clamped to 1…[`AUDIT_PAGE_MAX`]) before `cursor`.
    ///
    /// # Errors
    /// [`StoreError::BadCursor`].
    pub async fn audit(
        &self,
        tenant: &TenantId,
        range: TimeRange,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> Result<AuditPage, StoreError> {
        let before: Option<Place> = cursor.map(Cursor::read).transpose()?;
        // Before the first page stands what no record can be after.
        let last = Place { time: range.end, id: AuditId::from_uuid(uuid::Uuid::nil()) };
        let before = before.filter(|place| place.time < range.end).unwrap_or(last);
        let (tenant, limit) = (tenant.clone(), limit.clamp(1, AUDIT_PAGE_MAX));
        let db = sqlite_or!(self, cql => cql.audit(&tenant, range, before, limit));
        db.read(move |connection| {
            let sql = "SELECT record FROM audit WHERE tenant = ?1 AND time_us >= ?2 AND (time_us, id) < (?3, ?4)
                       ORDER BY time_us DESC, id DESC LIMIT ?5";
            let mut statement = connection.prepare_cached(sql)?;
            let asked = params![Col(tenant), Col(range.start), Col(before.time), Col(before.id), limit as u32 + 1];
            let read = |row: &Row<'_>| row.get::<_, Json<AuditRecord>>(0).map(|record| record.0);
            let mut items = statement.query_map(asked, read)?.collect::<Result<Vec<_>, _>>()?;
            let more = items.len() > limit;
            items.truncate(limit);
            let next_cursor = match items.last() {
                Some(last) if more => Some(Cursor::write(&Place { time: last.time, id: last.id })?),
                _ => None,
            };
            Ok(AuditPage { items, next_cursor })
        })
        .await
    }

    /// Removes the records of **all tenants** before `before`, at most `limit` a call; returns how many.
    pub async fn purge_audit(&self, before: WallTime, limit: u32) -> Result<usize, StoreError> {
        let db = sqlite_or!(self, cql => cql.purge_audit(before, limit));
        db.write(move |connection| {
            let mut old =
                connection.prepare_cached("SELECT tenant, time_us, id FROM audit WHERE time_us < ?1 LIMIT ?2")?;
            let read =
                |row: &Row<'_>| Ok((col::<TenantId>(row, 0)?, col::<WallTime>(row, 1)?, col::<AuditId>(row, 2)?));
            let old = old.query_map(params![Col(before), limit], read)?.collect::<Result<Vec<_>, _>>()?;
            let count = old.len();
            for (tenant, time, id) in old {
                connection
                    .prepare_cached("DELETE FROM audit WHERE tenant = ?1 AND time_us = ?2 AND id = ?3")?
                    .execute(params![Col(tenant), Col(time), Col(id)])?;
            }
            Ok(count)
        })
        .await
    }
}
