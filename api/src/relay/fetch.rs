use std::time::Duration;

use axum::http::Request;
use bytes::{Bytes, BytesMut};
use eyrie_actors::media_link::{MediaBody, MediaLink, MediaLinkError};
use eyrie_actors::{LiveError, LiveHeard, LiveKeyframe, LiveQuestion, LiveWanted};
use eyrie_media::hls::{Rendition, WINDOW_BYTES_CEILING, is_plausible};
use eyrie_types::NodeId;

use super::answers::{Failed, Garbled, Heard};
use super::underway::Underway;

/// How long the rest of an answer of media may take after its head: 16 MiB over 100 Mbit/s, and a busy machine.
const MEDIA_WITHIN: Duration = Duration::from_secs(5);
/// The same of what is small.
const PLAYLIST_WITHIN: Duration = Duration::from_millis(1500);
/// Bytes of one answer of media: a segment of the largest camera that is packaged, and one unit too many.
const MEDIA_BYTES_MAX: usize = WINDOW_BYTES_CEILING as usize + UNIT_BYTES_MAX;
/// Bytes of a unit: all of a camera's ring.
const UNIT_BYTES_MAX: usize = 16 << 20;
/// Bytes of a playlist: a window of 30 s takes some 20 kB.
const PLAYLIST_BYTES_MAX: usize = 1 << 20;

/// Asks another node. What is no whole answer of a release that is known to what was asked is none.
pub(super) async fn fetch(
    link: &MediaLink,
    underway: &Underway,
    node: NodeId,
    asked: &LiveQuestion,
    within: Duration,
) -> Result<Heard, Failed> {
    let unfit = || MediaLinkError::Lost { node, why: "an unfit question".to_owned() };
    let request = Request::get(asked.to_string()).body(Bytes::new()).map_err(|_| Failed::Link(unfit()))?;
    let response = link.ask_within(node, request, within).await.map_err(Failed::Link)?;
    let (head, body) = response.into_parts();
    let (within, bytes_max) = match asked.wanted {
        LiveWanted::Media(..) => (MEDIA_WITHIN, MEDIA_BYTES_MAX),
        LiveWanted::Keyframe => (MEDIA_WITHIN, UNIT_BYTES_MAX),
        LiveWanted::Playlist(_) => (PLAYLIST_WITHIN, PLAYLIST_BYTES_MAX),
    };
    let body = tokio::time::timeout(within, whole(body, bytes_max, underway, node)).await;
    let bytes = body.unwrap_or(Err(Failed::Garbled(Garbled::Stalled)))?;
    let garbage = Failed::Garbled(Garbled::Garbage);
    match LiveHeard::read(head.status, &head.headers, &bytes) {
        LiveHeard::Answer(rendition) if fits(asked, rendition, &bytes) => {
            let keyframe = match asked.wanted {
                LiveWanted::Keyframe => Some(LiveKeyframe::read(&head.headers, bytes.clone()).ok_or(garbage)?),
                _ => None,
            };
            Ok(Heard { rendition, bytes, keyframe })
        }
        LiveHeard::Refused(error) => Err(Failed::Live(error)),
        LiveHeard::Answer(_) | LiveHeard::Unknown => Err(garbage),
    }
}

/// Whether `bytes` of `rendition` can be what was asked for.
fn fits(asked: &LiveQuestion, rendition: Rendition, bytes: &[u8]) -> bool {
    match &asked.wanted {
        LiveWanted::Media(wanted, request) => rendition == *wanted && is_plausible(request, bytes),
        LiveWanted::Playlist(request) => rendition.slot == asked.slot && is_plausible(request, bytes),
        LiveWanted::Keyframe => rendition.slot == asked.slot,
    }
}

/// All of an answer, as long as it and what else comes of its node is not too much.
async fn whole(mut body: MediaBody, bytes_max: usize, underway: &Underway, node: NodeId) -> Result<Bytes, Failed> {
    let (mut all, mut counted) = (BytesMut::new(), underway.answer(node));
    while let Some(bytes) = body.chunk().await.map_err(Failed::Link)? {
        if all.len() + bytes.len() > bytes_max {
            return Err(Failed::Garbled(Garbled::TooLong));
        }
        if !counted.more(bytes.len()) {
            return Err(Failed::Live(LiveError::Busy));
        }
        all.extend_from_slice(&bytes);
    }
    Ok(all.freeze())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::http::{Response, StatusCode};
    use eyrie_actors::media_link::{BoxedMediaBody, MediaHandler, MediaHandlers, MediaLinkConfig, MediaPeer, full};
    use eyrie_actors::peer::{PROTOCOL_MAX, PeerConfig, PeerRoutes, PeerTls, Peers};
    use eyrie_media::hls::{LiveRequest, Rendition};
    use eyrie_types::{CameraId, Epoch, Secret, Slot, SystemClock, TenantId};
    use futures::FutureExt as _;
    use futures::future::BoxFuture;
    use futures::stream::{self, StreamExt as _};
    use http_body_util::{BodyExt as _, StreamBody};
    use hyper::Request;
    use hyper::body::{Frame, Incoming};
    use tokio::net::TcpListener;
    use tokio::sync::mpsc;

    use super::*;

    /// A node that has proved the secret, and answers something else than what it is asked for: which, by the number of a segment.
    struct Liar;

    impl MediaHandler for Liar {
        fn answer(&self, _: NodeId, request: Request<Incoming>) -> BoxFuture<'static, Response<BoxedMediaBody>> {
            let which = request.uri().path().rsplit("/s").next().and_then(|name| name.strip_suffix(".m4s"));
            let which: u32 = which.and_then(|number| number.parse().ok()).unwrap_or_default();
            async move { lie(which) }.boxed()
        }
    }

    /// A part, as far as it is looked at.
    const MEDIA: &[u8] = b"\0\0\0\x0cmoof1234\0\0\0\x0emdat123456";

    fn half() -> Bytes {
        Bytes::from_static(&MEDIA[..20])
    }

    fn lie(which: u32) -> Response<BoxedMediaBody> {
        let head =
            |name: &str, value: &str, body: BoxedMediaBody| Response::builder().header(name, value).body(body).unwrap();
        let media = || full(Bytes::from_static(MEDIA));
        match which {
            // Whole and well.
            1 => head("eyrie-rendition", "0-5", media()),
            // Nobody says whose it is, or says it in no way that is known.
            2 => Response::new(media()),
            3 => head("eyrie-rendition", "0-5-5", media()),
            4 => head("eyrie-rendition", "", media()),
            // Half of a part: the stream breaks off, or ends as if that were all.
            5 => {
                let frames = [Ok(Frame::data(half())), Err(std::io::Error::other("it broke"))];
                head("eyrie-rendition", "0-5", StreamBody::new(stream::iter(frames)).boxed_unsync())
            }
            10 => head("eyrie-rendition", "0-5", full(half())),
            // Another's, an older one's, and something else altogether.
            11 => head("eyrie-rendition", "1-5", media()),
            12 => head("eyrie-rendition", "0-4", media()),
            13 => head("eyrie-rendition", "0-5", full(Bytes::from_static(b"<html>no</html>"))),
            // It begins, and never goes on.
            14 => {
                let frames = stream::iter([Ok(Frame::data(half()))]).chain(stream::pending());
                head("eyrie-rendition", "0-5", StreamBody::new(frames).boxed_unsync())
            }
            // More than anything has.
            6 => {
                let frames =
                    stream::repeat_with(|| Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(&[0; 1 << 20]))));
                head("eyrie-rendition", "0-5", StreamBody::new(frames).boxed_unsync())
            }
            // Reasons that no release has, and a status that is none.
            7 => refused(StatusCode::NOT_FOUND, "because", Bytes::new()),
            8 => refused(StatusCode::SERVICE_UNAVAILABLE, "not_live", Bytes::from_static(b"{\"state\":")),
            _ => panic!("as it does"),
        }
    }

    fn refused(status: StatusCode, why: &str, body: Bytes) -> Response<BoxedMediaBody> {
        Response::builder().status(status).header("eyrie-refused", why).body(full(body)).unwrap()
    }

    fn peers(node: NodeId) -> Peers {
        let config = PeerConfig {
            secret: Secret::new("a secret that both of them know"),
            cell: None,
            node,
            start: 1,
            name: "test".to_owned(),
            tls: PeerTls::SelfSigned,
        };
        Peers::new(&config, Arc::new(SystemClock::new())).unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_a_peer_garbles_halves_or_never_ends_is_no_answer_and_the_next_one_is() {
        let (liar, me) = (NodeId::generate(), NodeId::generate());
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap().to_string();
        let (media, incoming) = mpsc::channel(4);
        let (theirs, handlers) = (peers(liar), MediaHandlers::default());
        tokio::spawn(theirs.listener(socket).run(PeerRoutes { media: Some(media), ..PeerRoutes::default() }));
        handlers.serve("live", Arc::new(Liar));
        let config = MediaLinkConfig { node: liar, dialer: theirs.dialer(), incoming: Some(incoming), handlers };
        let _their_link = MediaLink::start(config);
        let config = MediaLinkConfig {
            node: me,
            dialer: peers(me).dialer(),
            incoming: None,
            handlers: MediaHandlers::default(),
        };
        let link = MediaLink::start(config);
        link.set_peers([(liar, MediaPeer { address, protocol_max: PROTOCOL_MAX.into() })].into());

        let underway = Underway::default();
        let ask = |msn: u64| {
            let rendition = Rendition { slot: Slot::OWNER, epoch: Epoch::from_u64(5).unwrap() };
            let (tenant, camera) = (TenantId::default_tenant(), CameraId::from_uuid(uuid::Uuid::nil()));
            let wanted = LiveWanted::Media(rendition, LiveRequest::Segment { msn });
            let question = LiveQuestion { tenant, camera, slot: Slot::OWNER, wanted };
            let (link, underway) = (link.clone(), &underway);
            async move { fetch(&link, underway, liar, &question, Duration::from_secs(10)).await }
        };
        let no_answer = |heard: &Result<Heard, Failed>, why: Option<Garbled>| match (heard, why) {
            (Err(Failed::Garbled(found)), Some(why)) => *found == why,
            (Err(Failed::Link(_)), None) => true,
            _ => false,
        };
        use Garbled::{Garbage, Stalled, TooLong};
        let all = [
            (2, Some(Garbage)),
            (3, Some(Garbage)),
            (4, Some(Garbage)),
            (5, None),
            (6, Some(TooLong)),
            (7, Some(Garbage)),
            (8, Some(Garbage)),
            // It panicked, and answers 500.
            (9, Some(Garbage)),
            (10, Some(Garbage)),
            (11, Some(Garbage)),
            (12, Some(Garbage)),
            (13, Some(Garbage)),
            (14, Some(Stalled)),
        ];
        for (which, why) in all {
            let heard = ask(which).await;
            assert!(no_answer(&heard, why), "{which}: {heard:?}");
            assert_eq!(&ask(1).await.unwrap().bytes[..], MEDIA, "after {which}");
        }
    }
}
