use eyrie_storage::footage::FootageError;
use eyrie_types::NodeId;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};

use super::question::Question;
use super::tails::encode;
use crate::media_link::{BoxedMediaBody, MediaHandler, empty, full};
use crate::node::NodeHandle;

/// Hands over to other nodes what lies on this node's disks.
pub(crate) struct FootageHandler(NodeHandle);

impl FootageHandler {
    /// Answers for `node`.
    pub(crate) fn new(node: NodeHandle) -> Self {
        Self(node)
    }
}

impl MediaHandler for FootageHandler {
    fn answer(&self, peer: NodeId, request: Request<Incoming>) -> BoxFuture<'static, Response<BoxedMediaBody>> {
        let node = self.0.clone();
        let question = Question::parse(request.uri().path()).filter(|_| request.method() == Method::GET);
        async move {
            match question {
                Some(question) => answer(&node, peer, question).await,
                None => bare(StatusCode::BAD_REQUEST),
            }
        }
        .boxed()
    }
}

async fn answer(node: &NodeHandle, peer: NodeId, question: Question) -> Response<BoxedMediaBody> {
    let read = match question {
        Question::Reach => return bare(StatusCode::OK),
        Question::Tails { tenant, camera } => {
            let mut tails = node.open_tail(camera);
            tails.retain(|tail| tail.row.placement.tenant == tenant);
            return encode(&tails).map_or_else(too_much, |bytes| Response::new(full(bytes.into())));
        }
        Question::Head(name) => node.footage().stored_head(&name).await,
        Question::Fragment(name, place) => node.footage().stored_fragment(&name, place).await,
    };
    match read {
        Ok(bytes) => Response::new(full(bytes)),
        Err(FootageError::Lost(_)) => bare(StatusCode::NOT_FOUND),
        Err(error) if error.is_damage() => bare(StatusCode::UNPROCESSABLE_ENTITY),
        Err(error) => {
            tracing::warn!(%peer, %error, "footage could not be handed over");
            bare(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}

fn too_much() -> Response<BoxedMediaBody> {
    bare(StatusCode::INSUFFICIENT_STORAGE)
}

fn bare(status: StatusCode) -> Response<BoxedMediaBody> {
    let mut response = Response::new(empty());
    *response.status_mut() = status;
    response
}
