use std::time::Duration;

use axum::http::Request;
use bytes::Bytes;
use eyrie_actors::media_link::{MediaLink, MediaLinkError};
use eyrie_actors::{LiveHeard, LiveKeyframe, LiveQuestion, LiveWanted};
use eyrie_types::NodeId;

use super::answers::{Failed, Heard};

/// How long the rest of an answer may take after its head.
const BODY_WITHIN: Duration = Duration::from_secs(5);
/// Bytes of one answer: a segment of the largest camera that is let in, and some.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// Asks another node. What is no whole answer of a release that is known is none.
pub(super) async fn fetch(
    link: MediaLink,
    node: NodeId,
    asked: LiveQuestion,
    within: Duration,
) -> Result<Heard, Failed> {
    let unreadable = |why: &str| Failed::Link(MediaLinkError::Lost { node, why: why.to_owned() });
    let request = Request::get(asked.to_string()).body(Bytes::new()).map_err(|_| unreadable("an unfit question"))?;
    let response = link.ask_within(node, request, within).await.map_err(Failed::Link)?;
    let (head, body) = response.into_parts();
    let body = tokio::time::timeout(BODY_WITHIN, body.bytes(ANSWER_BYTES_MAX)).await;
    let body = body.unwrap_or(Err(MediaLinkError::TooSlow { node, within: BODY_WITHIN })).map_err(Failed::Link)?;
    match LiveHeard::read(head.status, &head.headers, &body) {
        LiveHeard::Answer(rendition) => {
            let wants_keyframe = asked.wanted == LiveWanted::Keyframe;
            let keyframe = if wants_keyframe { LiveKeyframe::read(&head.headers, body.clone()) } else { None };
            Ok(Heard { rendition, bytes: body, keyframe })
        }
        LiveHeard::Refused(error) => Err(Failed::Live(error)),
        LiveHeard::Unknown => Err(unreadable("an answer of another release")),
    }
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
    use futures::stream;
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

    fn lie(which: u32) -> Response<BoxedMediaBody> {
        let head =
            |name: &str, value: &str, body: BoxedMediaBody| Response::builder().header(name, value).body(body).unwrap();
        let media = || full(Bytes::from_static(b"media"));
        match which {
            // Whole and well.
            1 => head("eyrie-rendition", "0-5", media()),
            // Nobody says whose it is, or says it in no way that is known.
            2 => Response::new(media()),
            3 => head("eyrie-rendition", "0-5-5", media()),
            4 => head("eyrie-rendition", "", media()),
            // Half of a part: the stream breaks off.
            5 => {
                let frames = [Ok(Frame::data(Bytes::from_static(b"half"))), Err(std::io::Error::other("it broke"))];
                head("eyrie-rendition", "0-5", StreamBody::new(stream::iter(frames)).boxed_unsync())
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

        let ask = |msn: u64| {
            let rendition = Rendition { slot: Slot::OWNER, epoch: Epoch::from_u64(5).unwrap() };
            let (tenant, camera) = (TenantId::default_tenant(), CameraId::from_uuid(uuid::Uuid::nil()));
            let wanted = LiveWanted::Media(rendition, LiveRequest::Segment { msn });
            let question = LiveQuestion { tenant, camera, slot: Slot::OWNER, wanted };
            fetch(link.clone(), liar, question, Duration::from_secs(10))
        };
        for which in [2, 3, 4, 5, 6, 7, 8, 9] {
            let heard = ask(which).await;
            assert!(matches!(heard, Err(Failed::Link(_))), "{which}: {heard:?}");
            assert_eq!(&ask(1).await.unwrap().bytes[..], b"media", "after {which}");
        }
    }
}
