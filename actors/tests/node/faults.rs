use std::time::Duration;

use eyrie_camsim::{Auth, CamSim, ClipSpec, Fault, StreamConfig};
use eyrie_cluster::PlacementKey;
use eyrie_types::{CameraState, GapCause, Secret, Slot, SourceSpec};

use crate::rig::{Rig, clip, one_camera, rtsp, sim, source, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_camera_is_noticed_within_three_seconds_and_comes_back() {
    let (sim, rig) = (one_camera().await, Rig::start().await);
    let camera = rig.add(rtsp(&sim.url("cam"))).await;
    rig.state(camera, CameraState::Online).await;
    rig.recorded(camera, 1).await;
    let mut events = rig.node.events();
    sim.set_fault("cam", Fault::Silence).unwrap();
    rig.state(camera, CameraState::Silent).await;
    sim.clear_fault("cam").unwrap();
    rig.state(camera, CameraState::Online).await;
    let silent = until("a closed incident", async || {
        let found = rig.incidents(camera).await;
        found.into_iter().find(|incident| incident.cause == GapCause::CameraSilent && incident.end.is_some())
    })
    .await;
    // The incident begins with the last picture, the status when it was noticed.
    let noticed = loop {
        let event = events.recv().await.unwrap();
        if let eyrie_types::EventKind::CameraStatus { status, .. } = &event.kind
            && status.state == CameraState::Silent
        {
            break status.since;
        }
    };
    let after = noticed.since(silent.start);
    assert!(after >= Duration::from_secs(2) && after <= Duration::from_secs(10), "noticed after {after:?}");
    rig.node.shutdown().await;
}

/// A camera whose keyframes are `seconds` apart, somewhere between two of them.
async fn rare_keyframes(seconds: u32, start_at_keyframe: bool) -> CamSim {
    let rare = ClipSpec { gop: 25 * seconds, seconds, ..clip() };
    let sim = sim(vec![StreamConfig { start_at_keyframe, ..StreamConfig::new("cam", rare) }]).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    sim
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_with_rare_keyframes_is_waited_for_in_its_first_session() {
    let (sim, rig) = (rare_keyframes(8, false).await, Rig::start().await);
    let camera = rig.add(rtsp(&sim.url("cam"))).await;
    rig.state(camera, CameraState::Online).await;
    assert_eq!(sim.stats("cam").unwrap().sessions_total, 1);
    rig.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_begins_with_its_next_keyframe_is_given_more_time_with_each_session() {
    let (sim, rig) = (rare_keyframes(10, true).await, Rig::start().await);
    let camera = rig.add(rtsp(&sim.url("cam"))).await;
    rig.state(camera, CameraState::Online).await;
    rig.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_never_sends_a_keyframe_is_given_up_with_a_reason() {
    let (sim, rig) = (rare_keyframes(60, false).await, Rig::start().await);
    let camera = rig.add(rtsp(&sim.url("cam"))).await;
    let status = rig.state(camera, CameraState::Silent).await;
    assert!(status.reason.contains("keyframe"), "{status:?}");
    rig.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_drops_the_connection_is_back_at_once() {
    let (sim, rig) = (one_camera().await, Rig::start().await);
    let camera = rig.add(rtsp(&sim.url("cam"))).await;
    rig.recorded(camera, 1).await;
    let before = sim.stats("cam").unwrap().sessions_total;
    sim.set_fault("cam", Fault::Close { reset: true }).unwrap();
    until("another session", async || (sim.stats("cam").unwrap().sessions_total > before).then_some(())).await;
    rig.state(camera, CameraState::Online).await;
    rig.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_refused_with_a_reason_and_not_hammered() {
    let stream = StreamConfig::new("cam", clip()).with_auth(Auth::digest("viewer", "right"));
    let (sim, rig) = (sim(vec![stream]).await, Rig::start().await);
    let mut wrong = source(&sim.url("cam"));
    wrong.username = Some("viewer".to_owned());
    wrong.password = Some(Secret::new("hunter2"));
    let mut camera = rig.camera(SourceSpec::Rtsp(wrong.clone()));
    rig.put(camera.clone()).await;
    let status = rig.state(camera.id, CameraState::Refused).await;
    assert!(status.reason.contains("password") && !status.reason.contains("hunter2"), "{}", status.reason);
    // The next attempt is seconds away: a changed spec is taken up at once all the same.
    let refused = sim.stats("cam").unwrap().refused;
    assert!(refused <= 3, "{refused} attempts");
    wrong.password = Some(Secret::new("right"));
    camera.spec.source = SourceSpec::Rtsp(wrong);
    camera.revision += 1;
    rig.put(camera.clone()).await;
    rig.state(camera.id, CameraState::Online).await;
    rig.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_has_its_state_and_its_reason() {
    let rows = [
        ("missing", Fault::Refuse { status: 404 }, CameraState::Refused, "404"),
        ("busy", Fault::Refuse { status: 453 }, CameraState::Refused, "no further session"),
        ("garbage", Fault::Garbage, CameraState::Refused, "cannot be understood"),
        ("huge", Fault::HugeSdp { bytes: 1 << 20 }, CameraState::Refused, "session description"),
        (
            "astray",
            Fault::Redirect { url: "rtsp://169.254.169.254/latest".to_owned() },
            CameraState::Refused,
            "metadata",
        ),
    ];
    let streams = rows.iter().map(|(path, ..)| StreamConfig::new(*path, clip())).collect();
    let (sim, rig) = (sim(streams).await, Rig::start().await);
    let mut cameras = Vec::new();
    for (path, fault, state, words) in rows {
        sim.set_fault(path, fault).unwrap();
        cameras.push((rig.add(rtsp(&sim.url(path))).await, state, words));
    }
    for (camera, state, words) in cameras {
        rig.status(camera, words, |status| status.state == state && status.reason.contains(words)).await;
    }
    let closed = rig.add(rtsp("rtsp://[::1]:8554/a")).await;
    rig.status(closed, "a closed address", |status| status.reason.contains("loopback")).await;
    rig.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_followed() {
    let streams = vec![StreamConfig::new("old", clip()), StreamConfig::new("new", clip())];
    let (sim, rig) = (sim(streams).await, Rig::start().await);
    sim.set_fault("old", Fault::Redirect { url: sim.url("new") }).unwrap();
    let camera = rig.add(rtsp(&sim.url("old"))).await;
    rig.state(camera, CameraState::Online).await;
    assert_eq!(sim.stats("new").unwrap().sessions, 1);
    rig.node.shutdown().await;
    until("the session torn down", async || (sim.stats("new").unwrap().sessions == 0).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn switching_off_and_removing_a_camera_ends_its_session() {
    let (sim, rig) = (one_camera().await, Rig::start().await);
    let mut camera = rig.camera(rtsp(&sim.url("cam")));
    rig.put(camera.clone()).await;
    rig.state(camera.id, CameraState::Online).await;
    let first = rig.node.live(&camera.tenant, camera.id).unwrap().rendition();
    camera.spec.enabled = false;
    camera.revision += 1;
    rig.put(camera.clone()).await;
    rig.state(camera.id, CameraState::Disabled).await;
    until("no session", async || (sim.stats("cam").unwrap().sessions == 0).then_some(())).await;
    camera.spec.enabled = true;
    camera.revision += 1;
    rig.put(camera.clone()).await;
    rig.state(camera.id, CameraState::Online).await;
    let second = rig.node.live(&camera.tenant, camera.id).unwrap().rendition();
    assert!(second.epoch > first.epoch, "another incarnation has a later epoch");
    let (tenant, slot) = (camera.tenant.clone(), Slot::OWNER);
    rig.node.withdraw(PlacementKey { tenant, camera: camera.id, slot }).await.unwrap();
    assert_eq!(rig.node.status(camera.id), None);
    until("no session", async || (sim.stats("cam").unwrap().sessions == 0).then_some(())).await;
    rig.node.shutdown().await;
}
