use std::sync::{Arc, Weak};

use bytes::Bytes;
use eyrie_types::NodeId;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode, Uri};

use super::giving::Giving;
use super::{FeedQuery, Source};
use crate::context::NodeContext;
use crate::media_link::{BoxedMediaBody, MediaHandler, full};

/// Gives what this node receives of its cameras to nodes that record them too. Whoever asks has proved the cell's secret.
pub(crate) struct FeedHandler {
    /// The node holds the link that holds this.
    node: Weak<NodeContext>,
}

impl FeedHandler {
    pub(crate) fn new(node: &Arc<NodeContext>) -> Self {
        Self { node: Arc::downgrade(node) }
    }

    fn give(&self, peer: NodeId, uri: &Uri) -> Response<BoxedMediaBody> {
        let given = self.node.upgrade().ok_or_else(stopping).and_then(|node| give(&node, uri));
        given.unwrap_or_else(|Refused(status, reason)| {
            metrics::counter!("eyrie_feeds_refused_total", "status" => status.as_str().to_owned()).increment(1);
            tracing::debug!(%peer, %uri, %status, reason, "a feed was refused");
            let mut response = Response::new(full(Bytes::from(reason)));
            *response.status_mut() = status;
            response
        })
    }
}

impl MediaHandler for FeedHandler {
    fn answer(&self, peer: NodeId, request: Request<Incoming>) -> BoxFuture<'static, Response<BoxedMediaBody>> {
        let response = self.give(peer, request.uri());
        async move { response }.boxed()
    }
}

/// Why there is no feed, with the status that says so.
struct Refused(StatusCode, String);

fn stopping() -> Refused {
    Refused(StatusCode::NOT_FOUND, "it is stopping".to_owned())
}

fn give(node: &Arc<NodeContext>, uri: &Uri) -> Result<Response<BoxedMediaBody>, Refused> {
    let query = FeedQuery::parse(uri.path(), uri.query());
    let query = query.ok_or_else(|| Refused(StatusCode::BAD_REQUEST, "no such question".to_owned()))?;
    let running = node.directory.owner(query.camera).map(|running| running.context);
    let camera = running.filter(|camera| camera.placement.tenant == query.tenant);
    let camera = camera.ok_or_else(|| Refused(StatusCode::NOT_FOUND, "it does not run the camera".to_owned()))?;
    if *camera.source.borrow() != Source::Camera {
        let status = node.events.status(query.camera);
        let reason = status.map_or_else(|| "it has none yet".to_owned(), |status| status.reason);
        return Err(Refused(StatusCode::SERVICE_UNAVAILABLE, reason));
    }
    let place = Arc::clone(&camera.feeds).try_acquire_owned();
    let place =
        place.map_err(|_| Refused(StatusCode::TOO_MANY_REQUESTS, "it feeds enough nodes already".to_owned()))?;
    let feed = Giving::new(&camera, query.after, place);
    Ok(Response::new(StreamBody::new(feed.frames()).boxed_unsync()))
}
