use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use eyrie_types::{CameraId, TenantId, TimeRange, UserId};

use super::Prepared;
use crate::byte_lru::ByteLru;

/// Exports at once on a node. Each reads one fragment after the other, so that together they keep no more of the disk busy than
/// the readers of footage may, and holds three fragments (of up to 16 MiB; 0.5 MiB are usual) and its layout.
pub(crate) const EXPORTS_MAX: usize = 8;
/// Of these, one user's: nobody keeps the others out.
pub(crate) const EXPORTS_PER_USER_MAX: usize = 4;
/// Layouts kept for downloads that are resumed: a day of a camera takes some 50 MB, an hour 2 MB.
const LAYOUTS_BYTES_MAX: usize = 128 << 20;

/// What was asked for: the same question may get the same layout.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ExportKey {
    pub(crate) tenant: TenantId,
    pub(crate) camera: CameraId,
    pub(crate) range: TimeRange,
}

/// Who exports, and what is known of finished exports.
#[derive(Debug)]
pub(crate) struct Exports {
    running: Mutex<Running>,
    layouts: Mutex<ByteLru<ExportKey, Arc<Prepared>>>,
}

#[derive(Debug, Default)]
struct Running {
    all: usize,
    by_user: HashMap<UserId, usize>,
}

/// Why there is no place for another export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// The user has as many as a user may.
    User,
    /// The node has as many as it may.
    Node,
}

impl Exports {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            running: Mutex::default(),
            layouts: Mutex::new(ByteLru::new(LAYOUTS_BYTES_MAX, |prepared| prepared.memory_bytes())),
        })
    }

    /// Takes a place, which is free again when it is dropped.
    pub(crate) fn enter(self: &Arc<Self>, user: UserId) -> Result<ExportPlace, NoPlace> {
        let mut running = lock(&self.running);
        let refused = match running.by_user.get(&user) {
            Some(own) if *own >= EXPORTS_PER_USER_MAX => Some((NoPlace::User, "user")),
            _ if running.all >= EXPORTS_MAX => Some((NoPlace::Node, "node")),
            _ => None,
        };
        if let Some((refused, limit)) = refused {
            metrics::counter!("eyrie_exports_refused_total", "limit" => limit).increment(1);
            return Err(refused);
        }
        running.all += 1;
        *running.by_user.entry(user).or_default() += 1;
        metrics::gauge!("eyrie_exports_running").set(running.all as f64);
        Ok(ExportPlace { exports: Arc::clone(self), user })
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

/// A place among the running exports.
#[derive(Debug)]
pub(crate) struct ExportPlace {
    exports: Arc<Exports>,
    user: UserId,
}

impl Drop for ExportPlace {
    fn drop(&mut self) {
        let mut running = lock(&self.exports.running);
        running.all -= 1;
        if let Some(own) = running.by_user.get_mut(&self.user) {
            *own -= 1;
            if *own == 0 {
                running.by_user.remove(&self.user);
            }
        }
        metrics::gauge!("eyrie_exports_running").set(running.all as f64);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No method can leave what it guards half-changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_at_once_get_no_more_than_the_places_there_are_and_each_is_given_back() {
        let exports = Exports::new();
        let users: Vec<UserId> = (0..3).map(|_| UserId::generate()).collect();
        let mut places = Vec::new();
        let mut refused = [0, 0];
        for at in 0..1000 {
            match exports.enter(users[at % users.len()]) {
                Ok(place) => places.push(place),
                Err(NoPlace::User) => refused[0] += 1,
                Err(NoPlace::Node) => refused[1] += 1,
            }
        }
        assert_eq!(places.len(), EXPORTS_MAX);
        assert_eq!(refused[0] + refused[1], 1000 - EXPORTS_MAX);
        places.clear();
        let own: Vec<_> = (0..EXPORTS_PER_USER_MAX).map(|_| exports.enter(users[0]).unwrap()).collect();
        assert_eq!(exports.enter(users[0]).unwrap_err(), NoPlace::User);
        assert!(exports.enter(users[1]).is_ok());
        drop(own);
        assert!(lock(&exports.running).by_user.is_empty());
    }
}
