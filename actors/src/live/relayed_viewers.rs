use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use eyrie_types::{CameraId, Monotonic, TenantId};
use lru::LruCache;

use super::viewers::Viewers;

/// Cameras of other nodes whose viewers are counted here; beyond, those that nobody asked for lately are not.
const CAMERAS_MAX: NonZeroUsize = NonZeroUsize::new(1024).expect("not zero");

/// Who watches cameras of other nodes through this one.
#[derive(Debug)]
pub(crate) struct RelayedViewers(Mutex<LruCache<(TenantId, CameraId), Arc<Viewers>>>);

impl Default for RelayedViewers {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(CAMERAS_MAX)))
    }
}

impl RelayedViewers {
    /// `viewer` asks for `camera` at `now`.
    pub(crate) fn seen(&self, camera: (TenantId, CameraId), viewer: u64, now: Monotonic) {
        let viewers = {
            let mut cameras = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(cameras.get_or_insert(camera, Arc::default))
        };
        viewers.seen(viewer, now);
    }

    /// How many watch each camera at `now`; cameras that nobody watches any more are forgotten.
    pub(crate) fn counts(&self, now: Monotonic) -> Vec<((TenantId, CameraId), u64)> {
        let mut cameras = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counts: Vec<_> = cameras.iter().map(|(camera, viewers)| (camera.clone(), viewers.count(now))).collect();
        for (camera, _) in counts.iter().filter(|(_, count)| *count == 0) {
            cameras.pop(camera);
        }
        counts.into_iter().filter(|(_, count)| *count > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn viewers_of_each_camera_are_told_apart_and_forgotten() {
        let (viewers, start) = (RelayedViewers::default(), Monotonic::from_start(Duration::from_secs(100)));
        let cameras = [(); 2].map(|()| (TenantId::default_tenant(), CameraId::random()));
        viewers.seen(cameras[0].clone(), 1, start);
        viewers.seen(cameras[0].clone(), 2, start);
        viewers.seen(cameras[1].clone(), 1, start);
        let mut counts = viewers.counts(start);
        counts.sort_by_key(|(_, count)| *count);
        assert_eq!(counts, [(cameras[1].clone(), 1), (cameras[0].clone(), 2)]);
        assert_eq!(viewers.counts(start + Duration::from_secs(60)), []);
    }
}
