use std::time::Duration;

use eyrie_cluster::Refusal;

/// Why the cell did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// No leader is known, or most voters cannot be reached. What runs goes on.
    #[error(
        "the cell has no leader now: most of its voters cannot be reached. What is being recorded goes on; try again later"
    )]
    NoLeader,
    /// The leader did not answer in time; whether it was done is unknown.
    #[error("the cell's leader did not answer within {0:?}")]
    Deadline(Duration),
    /// The state machine refused it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Another node could not do it; these are its words.
    #[error("{0}")]
    Elsewhere(String),
    /// Something that should not happen; the text says what.
    #[error("the cell's log could not be written: {0}")]
    Raft(String),
}
