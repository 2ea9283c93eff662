use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use eyrie_types::NodeId;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use metrics::Counter;
use tokio::sync::OwnedSemaphorePermit;

use super::MediaLinkError;

/// What a handler answers with. An error in the middle resets the stream, so that the peer knows the end is missing.
pub type BoxedMediaBody = UnsyncBoxBody<Bytes, io::Error>;

/// A body of nothing.
pub fn empty() -> BoxedMediaBody {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// A body of `bytes`.
pub fn full(bytes: Bytes) -> BoxedMediaBody {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

/// The body of a peer's answer, as it streams in. Dropped, it resets the stream; unread, it lets at most
/// [`super::STREAM_WINDOW_BYTES`] come.
pub struct MediaBody {
    node: NodeId,
    body: Incoming,
    received: Counter,
    /// A place among the questions to this peer.
    _place: OwnedSemaphorePermit,
}

impl MediaBody {
    pub(super) fn new(node: NodeId, body: Incoming, received: Counter, place: OwnedSemaphorePermit) -> Self {
        Self { node, body, received, _place: place }
    }

    /// The next bytes; `None` at the end of the answer.
    ///
    /// # Errors
    /// [`MediaLinkError::Lost`] when it ended too early.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, MediaLinkError> {
        while let Some(frame) = self.frame().await {
            // Trailers say nothing to anybody here.
            if let Ok(bytes) = frame?.into_data() {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// All of it, as long as it has at most `bytes_max`.
    ///
    /// # Errors
    /// [`MediaLinkError::Lost`], [`MediaLinkError::TooLong`].
    pub async fn bytes(mut self, bytes_max: usize) -> Result<Bytes, MediaLinkError> {
        let mut all = BytesMut::new();
        while let Some(bytes) = self.chunk().await? {
            if all.len() + bytes.len() > bytes_max {
                return Err(MediaLinkError::TooLong { node: self.node, bytes_max });
            }
            if all.is_empty() && self.is_end_stream() {
                return Ok(bytes);
            }
            all.extend_from_slice(&bytes);
        }
        Ok(all.freeze())
    }
}

impl Body for MediaBody {
    type Data = Bytes;
    type Error = MediaLinkError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, MediaLinkError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame {
            self.received.increment(frame.data_ref().map_or(0, Bytes::len) as u64);
        }
        let node = self.node;
        Poll::Ready(frame.map(|frame| frame.map_err(|error| MediaLinkError::Lost { node, why: told(&error) })))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl std::fmt::Debug for MediaBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MediaBody").field("node", &self.node).finish_non_exhaustive()
    }
}

/// What hyper says, with the cause that it leaves out.
pub(super) fn told(error: &hyper::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
