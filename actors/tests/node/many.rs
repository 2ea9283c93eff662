use eyrie_camsim::StreamConfig;
use eyrie_types::CameraState;

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
