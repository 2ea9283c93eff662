use std::path::Path;
use std::sync::Arc;

use eyrie_storage::store::{Store, StoreConfig};
use eyrie_types::{By, Camera, CameraId, CameraSpec, Clock as _, FileSource, SourceSpec, SystemClock, TenantId};
use futures::future::try_join_all;

/// Cameras being made at one time: the store commits what waits together, so that each does not cost a sync of its own.
const MAKING_AT_ONCE: usize = 1000;

/// Makes `count` disabled cameras, named `Camera 000000` onwards, in the store of a data directory whose node is stopped.
///
/// # Errors
/// When the store cannot be opened or written.
pub(super) async fn make_cameras(data_dir: &Path, count: usize) -> anyhow::Result<Vec<CameraId>> {
    let clock = Arc::new(SystemClock::new());
    let store = Store::open(StoreConfig::Sqlite { path: data_dir.join("metadata.sqlite") }, clock.clone()).await?;
    let cameras: Vec<Camera> = (0..count).map(|number| camera(number, &clock)).collect();
    for batch in cameras.chunks(MAKING_AT_ONCE) {
        try_join_all(batch.iter().map(|camera| store.create_camera(camera.clone(), None, By::system()))).await?;
    }
    store.close().await?;
    Ok(cameras.iter().map(|camera| camera.id).collect())
}

fn camera(number: usize, clock: &SystemClock) -> Camera {
    let spec = CameraSpec {
        name: format!("Camera {number:06}"),
        enabled: false,
        labels: [format!("floor {}", number % 100)].into_iter().collect(),
        site: None,
        source: SourceSpec::File(FileSource { path: "a.mp4".to_owned() }),
        recording: Default::default(),
        placement: Default::default(),
    };
    let now = clock.now();
    let tenant = TenantId::default_tenant();
    Camera { id: CameraId::generate(), tenant, revision: 1, created_at: now, updated_at: now, spec }
}
