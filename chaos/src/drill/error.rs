use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why a drill could not be carried out. A drill whose hypothesis did not hold is no error: its report says so.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// The system refused something.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What it said.
        source: io::Error,
    },
    /// A tool of the system failed.
    #[error("{command}: {said}")]
    Tool {
        /// As it was called.
        command: String,
        /// What it said.
        said: String,
    },
    /// A node of the cell did not start, or ended by itself.
    #[error("node {node} {what}; the end of its log ({log}):\n{tail}", log = log.display())]
    Node {
        /// Its name.
        node: String,
        /// What it did.
        what: String,
        /// Its log.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
    },
    /// A node refused a request, or did not answer.
    #[error("{url}: {reason}")]
    Api {
        /// What was asked.
        url: String,
        /// What was answered instead.
        reason: String,
    },
    /// The simulated cameras could not be started.
    #[error("the simulated cameras: {0}")]
    Cameras(#[from] eyrie_camsim::CamSimError),
    /// Something that had to come true did not.
    #[error("{what}: not within {within:?}; last seen: {seen}")]
    NotReached {
        /// What.
        what: String,
        /// How long it was waited for.
        within: Duration,
        /// What there was instead.
        seen: String,
    },
    /// The drill cannot be run here, or not as it is written.
    #[error("{0}")]
    Refused(String),
}

impl DrillError {
    /// For `map_err`: what was tried.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
