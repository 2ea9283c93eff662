//! Days of cameras drawn up once: a cache of what the ledger derives, for ranges too long to derive anew. Whatever writes a row
//! that a day is derived from forgets that day, in the same transaction.

use std::collections::BTreeMap;

use eyrie_types::{CameraId, NodeId, TenantId, TimeRange, WallTime};
use rusqlite::{Connection, params};

use super::column::Col;
use super::store::sqlite_or;
use super::{Store, StoreError, ledger_rows};
use crate::ledger::{DayRollup, Ledger, STARTING_MAX};

/// Most days read at once: two years and a bit.
pub const ROLLUP_DAYS_MAX: usize = 800;
/// Most days drawn up by one write: others that write wait for some milliseconds meanwhile.
pub(super) const DRAWN_DAYS_MAX: usize = 64;
/// A write that has looked at so many segments draws up no further day: the same, of cameras that break off all the time.
pub(super) const DRAWN_SEGMENTS_MAX: usize = 5000;

impl Store {
    /// The rollups kept of a camera, by UTC day, from `first` to `last` (both included). Days that were never drawn up, or have
    /// changed since, are missing, and so are those that a later release wrote.
    ///
    /// # Errors
    /// [`StoreError::TooMany`] beyond [`ROLLUP_DAYS_MAX`].
    pub async fn day_rollups(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        first: u32,
        last: u32,
    ) -> Result<BTreeMap<u32, DayRollup>, StoreError> {
        if last.saturating_sub(first) as usize >= ROLLUP_DAYS_MAX {
            return Err(StoreError::TooMany { what: "days in the range", max: ROLLUP_DAYS_MAX });
        }
        let db = sqlite_or!(self, cql => cql.day_rollups(tenant, camera, first, last));
        let tenant = tenant.clone();
        db.read(move |connection| {
            let sql = "SELECT day, rollup FROM day_rollups WHERE tenant = ?1 AND camera = ?2 AND day BETWEEN ?3 AND ?4";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query(params![Col(tenant), Col(camera), first, last])?;
            let mut days = BTreeMap::new();
            while let Some(row) = rows.next()? {
                let bytes = row.get_ref(1)?.as_blob().map_err(|error| StoreError::damaged("rollup of a day", error))?;
                if let Some(rollup) = DayRollup::decode(bytes) {
                    days.insert(row.get(0)?, rollup);
                }
            }
            Ok(days)
        })
        .await
    }

    /// Draws up UTC days of a camera that `node` ran, as known at `now`, and keeps them. For days that are over. Answers those that
    /// it drew: from the first of `days` on at least one, and as many as one write takes, of which the last may be a busy one. All
    /// in one transaction of the writer, so that no change of a row comes between reading and keeping, and one sync serves many
    /// days; some milliseconds.
    ///
    /// # Errors
    /// [`StoreError::TooMany`] when a day holds more rows than one answer may.
    pub async fn draw_day_rollups(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        node: NodeId,
        days: Vec<u32>,
        now: WallTime,
    ) -> Result<BTreeMap<u32, DayRollup>, StoreError> {
        let db = sqlite_or!(self, cql => cql.draw_day_rollups(tenant, camera, node, days, now));
        let tenant = tenant.clone();
        db.write(move |connection| {
            let (mut drawn, mut segments) = (BTreeMap::new(), 0);
            for day in days.into_iter().take(DRAWN_DAYS_MAX) {
                let range = DayRollup::range(day);
                let rows = ledger_rows::within(connection, &tenant, camera, node, range)?;
                let rollup = DayRollup::of(&Ledger::of(&rows, range, now), day);
                connection
                    .prepare_cached(
                        "INSERT OR REPLACE INTO day_rollups (tenant, camera, day, rollup) VALUES (?1, ?2, ?3, ?4)",
                    )?
                    .execute(params![Col(tenant.clone()), Col(camera), day, rollup.encode()])?;
                drawn.insert(day, rollup);
                segments += rows.segments.len();
                if segments >= DRAWN_SEGMENTS_MAX {
                    break;
                }
            }
            Ok(drawn)
        })
        .await
    }
}

/// The first and the last day that `range` touches, with a slack of a segment's edges.
pub(super) fn days_touched(range: TimeRange) -> (u32, u32) {
    ((range.start - STARTING_MAX).utc_day(), (range.end + STARTING_MAX).utc_day())
}

/// Forgets the rollups of the days that `range` touches, with a slack of a segment's edges. Part of the transaction of whoever
/// changes rows of it.
pub(super) fn forget(
    connection: &Connection,
    tenant: &TenantId,
    camera: CameraId,
    range: TimeRange,
) -> Result<(), StoreError> {
    let (first, last) = days_touched(range);
    connection
        .prepare_cached("DELETE FROM day_rollups WHERE tenant = ?1 AND camera = ?2 AND day BETWEEN ?3 AND ?4")?
        .execute(params![Col(tenant.clone()), Col(camera), first, last])?;
    Ok(())
}
