use eyrie_camsim::StreamConfig;
use eyrie_types::{CameraState, TenantId};

use crate::rig::{Rig, clip, missing, rtsp, sim};

#[tokio::test(flavor = "multi_thread")]
async fn fifty_cameras_start_together_and_none_times_out() {
    let paths: Vec<_> = (0..50).map(|n| format!("cam{n}")).collect();
    let sim = sim(paths.iter().map(|path| StreamConfig::new(path, clip())).collect()).await;
    let rig = Rig::start().await;
    let mut cameras = Vec::new();
    for path in &paths {
        cameras.push(rig.add(rtsp(&sim.url(path))).await);
    }
    for camera in &cameras {
        rig.state(*camera, CameraState::Online).await;
    }
    for (camera, path) in cameras.iter().zip(&paths) {
        rig.recorded(*camera, 2).await;
        assert_eq!(sim.stats(path).unwrap().sessions_total, 1, "{path} was connected at the first attempt");
    }
    rig.node.shutdown().await;
    for camera in &cameras {
        let numbers = rig.all_numbers(*camera).await;
        assert!(missing(&numbers).is_empty(), "{:?}", missing(&numbers));
    }
}

/// Cameras of a large directory.
const MANY: usize = 5_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_of_thousands_is_handed_over_to_the_last_camera() {
    let rig = Rig::start().await;
    for n in 0..2 * MANY {
        // Nobody listens there: each connection is refused at once.
        let mut camera = rig.camera(rtsp("rtsp://127.0.0.1:9/nobody"));
        camera.spec.enabled = n >= MANY;
        rig.put(camera).await;
    }
    let counts = rig.node.camera_counts(&TenantId::default_tenant());
    assert_eq!(counts.values().sum::<u64>(), 2 * MANY as u64);
    assert_eq!(counts[&CameraState::Disabled], MANY as u64);
}
