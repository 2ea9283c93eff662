/// Why a node could not start, or no longer takes commands.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The tree could not be started.
    #[error("the supervision tree could not be started: {0}")]
    Start(String),
    /// The tree is gone, or too busy to answer in time.
    #[error("the node does not take commands: it is shutting down or overloaded")]
    NotRunning,
}
