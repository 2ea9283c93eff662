use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eyrie_types::{CameraId, TenantId, TimeRange, UserId};

use super::Prepared;
use crate::byte_lru::ByteLru;
use crate::fair_places::{FairPlace, FairPlaces, NoPlace, PlaceLimits};

/// Exports at once on a node. Each reads one fragment after the other, so that together they keep no more of the disk busy than
/// the readers of footage may, and holds three fragments (of up to 16 MiB; 0.5 MiB are usual) and its layout. A user has half:
/// nobody keeps the others out. Nothing waits: an export may take an hour.
const EXPORTS: PlaceLimits = PlaceLimits { of: "export", all: 8, share: 4, waiting: 0, patience: Duration::ZERO };
/// Layouts kept for downloads that are resumed: a day of a camera takes some 50 MB, an hour 2 MB.
const LAYOUTS_BYTES_MAX: usize = 128 << 20;

/// What was asked for: the same question may get the same layout.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ExportKey {
    pub(crate) tenant: TenantId,
    pub(crate) camera: CameraId,
    pub(crate) range: TimeRange,
}

/// A place among the running exports.
pub(crate) type ExportPlace = FairPlace<UserId>;

/// Who exports, and what is known of finished exports.
#[derive(Debug)]
pub(crate) struct Exports {
    running: Arc<FairPlaces<UserId>>,
    layouts: Mutex<ByteLru<ExportKey, Arc<Prepared>>>,
}

impl Exports {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            running: FairPlaces::new(EXPORTS),
            layouts: Mutex::new(ByteLru::new(LAYOUTS_BYTES_MAX, |prepared| prepared.memory_bytes())),
        })
    }

    /// Takes a place, which is free again when it is dropped.
    pub(crate) async fn enter(&self, user: UserId) -> Result<ExportPlace, NoPlace> {
        self.running.take(user).await
    }

    /// The layout made last for `key`.
    pub(crate) fn layout(&self, key: &ExportKey) -> Option<Arc<Prepared>> {
        lock(&self.layouts).get(key)
    }

    /// Keeps a layout, and drops those not used for the longest time beyond the limit.
    pub(crate) fn keep(&self, key: ExportKey, prepared: Arc<Prepared>) {
        let bytes = lock(&self.layouts).keep(key, prepared);
        metrics::gauge!("eyrie_export_layouts_bytes").set(bytes as f64);
    }

    /// The layout of `key` cannot be sent: the next export makes another.
    pub(crate) fn forget(&self, key: &ExportKey) {
        let bytes = lock(&self.layouts).forget(key);
        metrics::gauge!("eyrie_export_layouts_bytes").set(bytes as f64);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No method can leave what it guards half-changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_thousand_at_once_get_no_more_than_the_places_there_are_and_each_is_given_back() {
        let exports = Exports::new();
        let users: Vec<UserId> = (0..3).map(|_| UserId::generate()).collect();
        let mut places = Vec::new();
        let mut refused = [0, 0];
        for at in 0..1000 {
            match exports.enter(users[at % users.len()]).await {
                Ok(place) => places.push(place),
                Err(NoPlace::Share) => refused[0] += 1,
                Err(NoPlace::All) => refused[1] += 1,
            }
        }
        assert_eq!(places.len(), EXPORTS.all);
        assert_eq!(refused[0] + refused[1], 1000 - EXPORTS.all);
        places.clear();
        for _ in 0..EXPORTS.share {
            places.push(exports.enter(users[0]).await.unwrap());
        }
        assert_eq!(exports.enter(users[0]).await.unwrap_err(), NoPlace::Share);
        assert!(exports.enter(users[1]).await.is_ok());
    }
}
