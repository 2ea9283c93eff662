use std::time::Duration;

use eyrie_actors::{LiveError, LiveResponse};
use eyrie_media::hls::LiveRequest;
use eyrie_types::{CameraId, CameraState, TenantId};

use crate::rig::{Rig, one_camera, rtsp, until};

fn text(response: LiveResponse) -> String {
    String::from_utf8(response.chunks.concat()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_gets_playlists_init_and_parts_and_waits_for_the_next_one() {
    let (sim, rig) = (one_camera().await, Rig::start().await);
    let camera = rig.add(rtsp(&sim.url("cam"))).await;
    let live = rig.node.live(&TenantId::default_tenant(), camera).unwrap();
    let multivariant = text(live.get(LiveRequest::Multivariant).await.unwrap());
    assert!(multivariant.ends_with("\nmedia.m3u8\n"), "{multivariant}");
    let playlist = text(live.get(LiveRequest::parse("media.m3u8", "").unwrap()).await.unwrap());
    let directory = format!("{}/", live.rendition());
    let names = playlist.split(['"', '\n']).filter_map(|word| word.strip_prefix(&directory));
    let name = |prefix: &str| names.clone().rfind(|word| word.starts_with(prefix)).unwrap().to_owned();
    let init = live.get(LiveRequest::parse(&name("i"), "").unwrap()).await.unwrap();
    assert_eq!(&init.chunks.concat()[4..8], b"ftyp");
    // The last part named is the one hinted at: it does not exist yet, and is waited for.
    let part = live.get(LiveRequest::parse(&name("p"), "").unwrap()).await.unwrap();
    assert!(!part.chunks.concat().is_empty());
    let ahead = LiveRequest::parse("media.m3u8", "_HLS_msn=99999999999").unwrap();
    assert_eq!(live.get(ahead).await.err(), Some(LiveError::TooFarAhead));
    rig.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn packaging_ends_when_nobody_watches_and_goes_on_with_the_same_numbers() {
    let (sim, rig) = (one_camera().await, Rig::start_with(|node, _| node.live_idle = Duration::from_millis(300)).await);
    let camera = rig.add(rtsp(&sim.url("cam"))).await;
    let live = rig.node.live(&TenantId::default_tenant(), camera).unwrap();
    let media = LiveRequest::parse("media.m3u8", "").unwrap();
    let first = text(live.get(media).await.unwrap());
    let sequence = |playlist: &str| {
        let line = playlist.lines().find_map(|line| line.strip_prefix("#EXT-X-MEDIA-SEQUENCE:")).unwrap();
        line.parse::<u64>().unwrap()
    };
    until("nobody packages", async || (!live.is_packaging()).then_some(())).await;
    let again = text(live.get(media).await.unwrap());
    assert!(sequence(&again) >= sequence(&first), "{} then {}", sequence(&first), sequence(&again));
    assert!(sequence(&again) - sequence(&first) < 60);
    rig.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_tenants_and_unknown_cameras_find_nothing() {
    let (sim, rig) = (one_camera().await, Rig::start().await);
    let camera = rig.add(rtsp(&sim.url("cam"))).await;
    rig.state(camera, CameraState::Online).await;
    let other: TenantId = "other".parse().unwrap();
    assert_eq!(rig.node.live(&other, camera).err(), Some(LiveError::NotFound));
    let unknown = rig.node.live(&TenantId::default_tenant(), CameraId::random());
    assert_eq!(unknown.err(), Some(LiveError::NotFound));
    rig.node.shutdown().await;
}
