use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use arc_swap::ArcSwap;
use eyrie_types::NodeId;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};

use super::{BoxedMediaBody, empty};

/// Answers peers' questions of one prefix.
pub trait MediaHandler: Send + Sync + 'static {
    /// Answers `request` of `peer`. Dropped when the peer no longer wants the answer.
    fn answer(&self, peer: NodeId, request: Request<Incoming>) -> BoxFuture<'static, Response<BoxedMediaBody>>;
}

type ByPrefix = BTreeMap<&'static str, Arc<dyn MediaHandler>>;

/// Who answers what: the first element of a question's path names the handler. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub struct MediaHandlers(Arc<ArcSwap<ByPrefix>>);

impl MediaHandlers {
    /// From now on, `handler` answers what begins with `/prefix/`.
    pub fn serve(&self, prefix: &'static str, handler: Arc<dyn MediaHandler>) {
        self.0.rcu(|known| {
            let mut known = ByPrefix::clone(known);
            known.insert(prefix, Arc::clone(&handler));
            known
        });
    }

    /// Answers `request`: 404 where no handler knows its prefix, 500 where one panics.
    pub(super) async fn answer(
        &self,
        peer: NodeId,
        request: Request<Incoming>,
    ) -> (&'static str, Response<BoxedMediaBody>) {
        let known = self.0.load_full();
        let found = known.get_key_value(prefix(request.uri().path()));
        let Some((prefix, handler)) = found else { return ("unknown", bare(StatusCode::NOT_FOUND)) };
        let answered = AssertUnwindSafe(async { handler.answer(peer, request).await }).catch_unwind().await;
        let response = answered.unwrap_or_else(|_| {
            tracing::error!(%peer, prefix, "answering a peer's question for media panicked");
            bare(StatusCode::INTERNAL_SERVER_ERROR)
        });
        (prefix, response)
    }
}

/// The first element of a path.
pub(super) fn prefix(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}

fn bare(status: StatusCode) -> Response<BoxedMediaBody> {
    let mut response = Response::new(empty());
    *response.status_mut() = status;
    response
}

impl std::fmt::Debug for MediaHandlers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.load().keys()).finish()
    }
}
