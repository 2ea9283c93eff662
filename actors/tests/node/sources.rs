use eyrie_camsim::{AudioCodec, AudioSpec, Auth, ClipSpec, Clips, StreamConfig, VideoCodec};
use eyrie_types::{CameraState, FileSource, RtspTransport, Secret, SourceSpec};

use crate::rig::{Rig, clip, rtsp, sim, source};

#[tokio::test(flavor = "multi_thread")]
async fn every_codec_and_transport_comes_online_and_says_what_it_sends() {
    let sound = |codec| Some(AudioSpec { codec });
    let h265 = ClipSpec { codec: VideoCodec::H265, ..clip() };
    let rows = [
        ("b-frames", ClipSpec { b_frames: 2, ..clip() }, "H264"),
        ("h265", h265, "H265"),
        ("aac", ClipSpec { audio: sound(AudioCodec::Aac), ..clip() }, "Aac"),
        ("pcma", ClipSpec { audio: sound(AudioCodec::Pcma), ..clip() }, "G711A"),
        ("pcmu", ClipSpec { audio: sound(AudioCodec::Pcmu), ..clip() }, "G711U"),
    ];
    let mut streams: Vec<_> = rows.iter().map(|(path, clip, _)| StreamConfig::new(*path, clip.clone())).collect();
    streams.iter_mut().for_each(|stream| stream.sender_reports = stream.path != "h265");
    let (sim, rig) = (sim(streams).await, Rig::start().await);
    let mut cameras = Vec::new();
    for (path, _, words) in &rows {
        for transport in [RtspTransport::Tcp, RtspTransport::Udp] {
            let source = eyrie_types::RtspSource { transport, ..source(&sim.url(path)) };
            cameras.push((rig.add(SourceSpec::Rtsp(source)).await, words));
        }
    }
    for (camera, words) in cameras {
        let status = rig.state(camera, CameraState::Online).await;
        assert!(status.reason.contains(*words), "{}", status.reason);
        rig.recorded(camera, 2).await;
    }
    rig.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn basic_and_digest_credentials_are_given_when_asked_for() {
    let streams = vec![
        StreamConfig::new("basic", clip()).with_auth(Auth::basic("viewer", "secret")),
        StreamConfig::new("digest", clip()).with_auth(Auth::digest("viewer", "secret")),
    ];
    let (sim, rig) = (sim(streams).await, Rig::start().await);
    for path in ["basic", "digest"] {
        let mut source = source(&sim.url(path));
        source.username = Some("viewer".to_owned());
        source.password = Some(Secret::new("secret"));
        let camera = rig.add(SourceSpec::Rtsp(source)).await;
        rig.state(camera, CameraState::Online).await;
    }
    let without = rig.add(rtsp(&sim.url("digest"))).await;
    rig.state(without, CameraState::Refused).await;
    rig.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_played_over_and_over_in_one_stream() {
    let short = ClipSpec { seconds: 1, ..clip() };
    let clips = Clips::ensure(Clips::default_dir());
    let made = clips.clone();
    let encoded = tokio::task::spawn_blocking(move || made.encode(&short)).await.unwrap().unwrap();
    let files = tempfile::tempdir().unwrap();
    std::fs::copy(&encoded, files.path().join("lobby.mp4")).unwrap();
    let root = files.path().to_owned();
    let rig = Rig::start_with(|node, _| node.file_sources = Some(root)).await;
    let camera = rig.add(SourceSpec::File(FileSource { path: "lobby.mp4".to_owned() })).await;
    rig.state(camera, CameraState::Online).await;
    rig.recorded(camera, 4).await;
    rig.node.shutdown().await;
    let rows = rig.indexed(camera).await;
    assert_eq!((rows.len(), rows[0].runs.len()), (1, 1), "no discontinuity from one round to the next: {rows:?}");
    assert!(rows[0].end.since(rows[0].start).as_secs() < 60);
}
