use eyrie_types::Epoch;
use futures::future::BoxFuture;

/// No epoch can be had now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no epoch: {0}")]
pub struct NoEpoch(pub String);

/// Gives out epochs: each higher than every one given out before, to whomever, and durably so before it is given.
pub trait EpochSource: Send + Sync {
    /// The next one, for this node alone.
    fn next(&self) -> BoxFuture<'static, Result<Epoch, NoEpoch>>;
}
