use std::sync::Arc;

use eyrie_types::NodeId;
use futures::future::BoxFuture;

use super::{LinkAnswer, LinkCast, LinkRequest};

/// Who answers peers.
pub trait LinkHandler: Send + Sync + 'static {
    /// Answers `request` of `from`. Runs beside others, at most [`super::CALLS_MAX`] of one peer at a time, and is dropped at the
    /// caller's deadline.
    fn call(self: Arc<Self>, from: NodeId, request: LinkRequest) -> BoxFuture<'static, LinkAnswer>;

    /// Takes note of what `from` said. Casts of one peer come in order. Runs on the gateway that all peers share: it must return at
    /// once.
    fn cast(&self, from: NodeId, cast: LinkCast);
}
