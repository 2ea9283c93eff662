use std::ffi::OsString;
use std::path::PathBuf;

/// How an agent has its node started and stopped.
#[derive(Debug, Clone)]
pub enum Means {
    /// The agent starts it with this command line, and is its parent.
    Parent(Vec<OsString>),
    /// Somebody else does, such as systemd; the agent stands beside.
    Beside(Service),
}

/// What starts a node that an agent stands beside. Both commands are lines for `sh -c`.
#[derive(Debug, Clone)]
pub struct Service {
    /// Where the number of the node's process is written, by whoever starts it.
    pub pid_file: PathBuf,
    /// Has it started.
    pub start: String,
    /// Has it stopped, and not started again by itself.
    pub stop: String,
}

impl Means {
    /// The arguments that tell `eyrie drill undo` the same.
    pub(super) fn undo_args(&self) -> Vec<OsString> {
        match self {
            Self::Parent(command) => std::iter::once("--".into()).chain(command.iter().cloned()).collect(),
            Self::Beside(service) => vec!["--start-command".into(), service.start.clone().into()],
        }
    }
}
