use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use eyrie_types::NodeId;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, SizeHint};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use metrics::Counter;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::body::told;
use super::{
    BoxedMediaBody, FRAME_BYTES_MAX, MediaHandlers, PEERS_MAX, PING_AFTER, PONG_WITHIN, STREAM_WINDOW_BYTES,
    STREAMS_MAX,
};
use crate::peer::PeerStream;

/// Serves connections of peers until the queue closes or the future is dropped. A peer's new connection replaces its last: it dials
/// again only when it takes that for lost.
pub(super) async fn serve(mut incoming: mpsc::Receiver<PeerStream>, handlers: MediaHandlers) {
    let open: Arc<Mutex<HashMap<NodeId, AbortHandle>>> = Arc::default();
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            stream = incoming.recv() => match stream {
                Some(stream) => stream,
                None => return,
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
        };
        let peer = stream.peer().node;
        let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, connection| !connection.is_finished());
        if open.len() >= PEERS_MAX && !open.contains_key(&peer) {
            metrics::counter!("eyrie_media_link_closed_total", "side" => "answers", "reason" => "full").increment(1);
            continue;
        }
        let connection = connections.spawn(answer_peer(peer, stream, handlers.clone()));
        if let Some(last) = open.insert(peer, connection) {
            last.abort();
        }
    }
}

async fn answer_peer(peer: NodeId, stream: PeerStream, handlers: MediaHandlers) {
    let gauge = metrics::gauge!("eyrie_media_link_connections", "side" => "answers");
    gauge.increment(1.0);
    let _counted = one_less_at_the_end(gauge);
    let service = service_fn(move |request| {
        let handlers = handlers.clone();
        async move {
            let (prefix, response) = handlers.answer(peer, request).await;
            let status = response.status().as_str().to_owned();
            metrics::counter!("eyrie_media_link_answers_total", "prefix" => prefix, "status" => status).increment(1);
            let sent = metrics::counter!("eyrie_media_link_sent_bytes_total", "prefix" => prefix);
            Ok::<_, Infallible>(response.map(|body| CountedBody { body, sent }.boxed_unsync()))
        }
    });
    let mut http = http2::Builder::new(TokioExecutor::new());
    http.timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX as u32)
        .max_frame_size(FRAME_BYTES_MAX)
        .max_send_buf_size(STREAM_WINDOW_BYTES as usize)
        .keep_alive_interval(PING_AFTER)
        .keep_alive_timeout(PONG_WITHIN);
    let ended = http.serve_connection(TokioIo::new(stream), service).await;
    let reason = if ended.is_ok() { "ended" } else { "failed" };
    metrics::counter!("eyrie_media_link_closed_total", "side" => "answers", "reason" => reason).increment(1);
    if let Err(error) = ended {
        tracing::debug!(%peer, "a peer's connection for media ended: {}", told(&error));
    }
}

/// Takes one off `gauge` at the end of the scope, however that ends.
pub(super) fn one_less_at_the_end(gauge: metrics::Gauge) -> impl Drop {
    struct Counted(metrics::Gauge);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.decrement(1.0);
        }
    }
    Counted(gauge)
}

/// Counts what is sent.
struct CountedBody {
    body: BoxedMediaBody,
    sent: Counter,
}

impl Body for CountedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame {
            self.sent.increment(frame.data_ref().map_or(0, Bytes::len) as u64);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
