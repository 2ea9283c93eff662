use eyrie_storage::store::StoreError;

/// Why a node could not start, or no longer takes commands.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// No epoch: without one nothing may be written, for it could overwrite.
    #[error("the metadata store gave no epoch")]
    Epoch(#[source] StoreError),
    /// The tree could not be started.
    #[error("the supervision tree could not be started: {0}")]
    Start(String),
    /// The tree is gone, or too busy to answer in time.
    #[error("the node does not take commands: it is shutting down or overloaded")]
    NotRunning,
}
