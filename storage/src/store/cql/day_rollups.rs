//! Days of cameras drawn up once. Whatever changes a row of a day removes its rollup; one that is drawn from rows read before such
//! a change carries a timestamp from before it, so the removal takes it too.

use std::collections::BTreeMap;

use eyrie_types::{CameraId, NodeId, TenantId, TimeRange, WallTime};

use super::cells::cells;
use super::cql::Cql;
use crate::ledger::{DayRollup, Ledger};
use crate::store::StoreError;
use crate::store::day_rollups::{DRAWN_DAYS_MAX, DRAWN_SEGMENTS_MAX, days_touched};

const ROLLUP: &str = "rollup of a day";

impl Cql {
    pub(in crate::store) async fn day_rollups(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        first: u32,
        last: u32,
    ) -> Result<BTreeMap<u32, DayRollup>, StoreError> {
        let text = "SELECT day, rollup FROM day_rollups WHERE tenant = ? AND camera = ? AND day >= ? AND day <= ?";
        let values = cells![tenant, camera, first, last];
        let days = self.all(ROLLUP, text, values, |mut row| Ok((row.get(0)?, row.get::<Vec<u8>>(1)?))).await?;
        Ok(days.into_iter().filter_map(|(day, bytes)| Some((day, DayRollup::decode(&bytes)?))).collect())
    }

    pub(in crate::store) async fn draw_day_rollups(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        node: NodeId,
        days: Vec<u32>,
        now: WallTime,
    ) -> Result<BTreeMap<u32, DayRollup>, StoreError> {
        let (mut drawn, mut segments) = (BTreeMap::new(), 0);
        for day in days.into_iter().take(DRAWN_DAYS_MAX) {
            let range = DayRollup::range(day);
            let as_of = self.timestamp();
            let rows = self.ledger_rows(tenant, camera, node, range).await?;
            let rollup = DayRollup::of(&Ledger::of(&rows, range, now), day);
            let text = "INSERT INTO day_rollups (tenant, camera, day, rollup) VALUES (?, ?, ?, ?) USING TIMESTAMP ?";
            self.run(text, cells![tenant, camera, day, rollup.encode(), as_of]).await?;
            drawn.insert(day, rollup);
            segments += rows.segments.len();
            if segments >= DRAWN_SEGMENTS_MAX {
                break;
            }
        }
        Ok(drawn)
    }

    /// Forgets the rollups of the days that `range` touches.
    pub(in crate::store) async fn forget_rollups(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        range: TimeRange,
    ) -> Result<(), StoreError> {
        let (first, last) = days_touched(range);
        let today = self.0.clock.now().utc_day();
        for day in first..=last {
            // Days that are not over are not drawn up, and the rows of today are written all the time: there, what is not there is
            // not removed.
            if day >= today {
                let text = "SELECT day FROM day_rollups WHERE tenant = ? AND camera = ? AND day = ?";
                if self.one(ROLLUP, text, cells![tenant, camera, day]).await?.is_none() {
                    continue;
                }
            }
            let text = "DELETE FROM day_rollups USING TIMESTAMP ? WHERE tenant = ? AND camera = ? AND day = ?";
            self.run(text, cells![self.timestamp(), tenant, camera, day]).await?;
        }
        Ok(())
    }
}
