use std::sync::Arc;

use eyrie_types::Event;
use rusqlite::{Connection, Row, params};

use super::column::{Col, Json, col};
use super::store::sqlite_or;
use super::{Store, StoreError};

/// Most events kept for those who read them; beyond it the oldest go, counted by `eyrie_store_outbox_dropped_total`: a
/// reader that is down for long must not fill the disk. At 500 bytes an event, some 50 MB.
pub const OUTBOX_MAX: u64 = 100_000;
/// Most events read at once.
pub const OUTBOX_PAGE_MAX: usize = 1000;
/// Most events appended at once: some 20 ms of the one writer that others wait for.
pub const OUTBOX_BATCH_MAX: usize = 1000;

/// An event in the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxEntry {
    /// Its place in the order of all events; rises, never used twice. Readers remember the last one they handled; where the
    /// next one read is further on than by one, events were dropped or another tenant's.
    pub seq: u64,
    /// The event.
    pub event: Event,
}

impl Store {
    /// Appends `events` in their order, all or none. Changes of cameras are not appended here: the change itself appends its
    /// event, in its own transaction.
    ///
    /// # Errors
    /// [`StoreError::TooMany`] beyond [`OUTBOX_BATCH_MAX`].
    pub async fn append_events(&self, events: Vec<Arc<Event>>) -> Result<(), StoreError> {
        if events.len() > OUTBOX_BATCH_MAX {
            return Err(StoreError::TooMany { what: "events in one write", max: OUTBOX_BATCH_MAX });
        }
        let db = sqlite_or!(self, cql => cql.append_events(events));
        db.write(move |connection| append(connection, events.iter().map(Arc::as_ref))).await
    }

    /// The events of **all tenants** after `seq`, oldest first, up to `limit` (clamped to 1…[`OUTBOX_PAGE_MAX`]).
    pub async fn events_after(&self, seq: u64, limit: usize) -> Result<Vec<OutboxEntry>, StoreError> {
        let limit = limit.clamp(1, OUTBOX_PAGE_MAX) as u32;
        let db = sqlite_or!(self, cql => cql.events_after(seq, limit as usize));
        db.read(move |connection| {
            let sql = "SELECT seq, event FROM outbox WHERE seq > ?1 ORDER BY seq LIMIT ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let read = |row: &Row<'_>| Ok(OutboxEntry { seq: col(row, 0)?, event: row.get::<_, Json<Event>>(1)?.0 });
            let entries = statement.query_map(params![Col(seq), limit], read)?.collect::<Result<_, _>>()?;
            Ok(entries)
        })
        .await
    }

    /// Removes the events up to and with `seq`: every reader has handled them. Returns how many.
    pub async fn trim_events(&self, seq: u64) -> Result<usize, StoreError> {
        let db = sqlite_or!(self, cql => cql.trim_events(seq));
        db.write(move |connection| {
            Ok(connection.prepare_cached("DELETE FROM outbox WHERE seq <= ?1")?.execute([Col(seq)])?)
        })
        .await
    }
}

/// Appends `events`, and lets the oldest go where there are too many. Part of the transaction of whoever calls it.
pub(super) fn append<'a>(
    connection: &Connection,
    events: impl IntoIterator<Item = &'a Event>,
) -> Result<(), StoreError> {
    let mut insert = connection.prepare_cached("INSERT INTO outbox (tenant, id, event) VALUES (?1, ?2, ?3)")?;
    let mut appended = false;
    for event in events {
        insert.execute(params![Col(event.tenant.clone()), Col(event.id), Json(event)])?;
        appended = true;
    }
    if appended {
        let dropped = connection
            .prepare_cached("DELETE FROM outbox WHERE seq <= ?1")?
            .execute([connection.last_insert_rowid().saturating_sub_unsigned(OUTBOX_MAX)])?;
        if dropped > 0 {
            metrics::counter!("eyrie_store_outbox_dropped_total").increment(dropped as u64);
        }
    }
    Ok(())
}
