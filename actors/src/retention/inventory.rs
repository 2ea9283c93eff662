use std::collections::BTreeMap;

use eyrie_storage::store::{RECORDED_PAGE_MAX, RecordedDay, Store, StoreError};
use eyrie_types::{CameraId, NodeId, TenantId, WallTime};

/// How much each camera has recorded, by UTC day: read once, then only of the days that still change. A camera-year is 365 small
/// entries, 1,000 of them some 20 MB.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    cameras: BTreeMap<(TenantId, CameraId), BTreeMap<u32, RecordedDay>>,
}

impl Inventory {
    /// Reads what has changed until `now`.
    ///
    /// # Errors
    /// When the store does not answer; what was known before stays.
    pub(super) async fn refresh(&mut self, store: &Store, node: NodeId, now: WallTime) -> Result<(), StoreError> {
        let mut seen = BTreeMap::new();
        let mut after = None;
        loop {
            let page = store.recorded_cameras(after.take()).await?;
            let full = page.len() == RECORDED_PAGE_MAX;
            after = page.last().cloned();
            for (tenant, camera) in page {
                // A segment that began yesterday may grow until past midnight; a day of slack for clocks that are set.
                let known = self.cameras.get(&(tenant.clone(), camera));
                let from = known.map_or(0, |_| now.utc_day().saturating_sub(2));
                let fresh = store.recorded_days(&tenant, camera, node, from).await?;
                let mut days = known.cloned().unwrap_or_default();
                days.split_off(&from);
                days.extend(fresh);
                seen.insert((tenant, camera), days);
            }
            if !full {
                self.cameras = seen;
                return Ok(());
            }
        }
    }

    /// Takes note that the days of a camera have changed: read anew with the next refresh.
    pub(super) fn forget(&mut self, tenant: &TenantId, camera: CameraId) {
        self.cameras.remove(&(tenant.clone(), camera));
    }

    /// The cameras that have recordings.
    pub(super) fn cameras(&self) -> impl Iterator<Item = &(TenantId, CameraId)> {
        self.cameras.keys()
    }

    /// Bytes of a camera's recordings.
    pub(super) fn bytes(&self, key: &(TenantId, CameraId)) -> u64 {
        self.cameras.get(key).map_or(0, |days| days.values().map(|day| day.bytes).sum())
    }

    /// When a camera's oldest recording began.
    pub(super) fn oldest(&self, key: &(TenantId, CameraId)) -> Option<WallTime> {
        self.cameras.get(key)?.values().map(|day| day.first).min()
    }

    /// When the oldest recording of all began.
    pub(super) fn oldest_of_all(&self) -> Option<WallTime> {
        self.cameras.keys().filter_map(|key| self.oldest(key)).min()
    }

    /// Bytes a second a camera recorded since yesterday began, or since it began itself.
    pub(super) fn bytes_per_s(&self, key: &(TenantId, CameraId), now: WallTime) -> f64 {
        let Some(days) = self.cameras.get(key) else { return 0.0 };
        let recent = || days.range(now.utc_day().saturating_sub(1)..).map(|(_, day)| day);
        let Some(since) = recent().map(|day| day.first).min() else { return 0.0 };
        recent().map(|day| day.bytes).sum::<u64>() as f64 / now.since(since).as_secs_f64().max(1.0)
    }
}
