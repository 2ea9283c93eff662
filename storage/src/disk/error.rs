use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use eyrie_types::{ByteSize, GapCause};
use rustix::io::Errno;

use crate::segment::FormatError;

/// Why a segment could not be written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DiskError {
    /// The file system refused.
    #[error("cannot {action} {path}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// The system's answer.
        source: Arc<io::Error>,
    },
    /// Less room is free than must stay free.
    #[error("{root}: {free} free, and {reserve} must stay free")]
    NoRoom {
        /// The recordings directory.
        root: PathBuf,
        /// What is free.
        free: ByteSize,
        /// What must stay free.
        reserve: ByteSize,
    },
    /// The disk did not get to it in time.
    #[error("the disk did not {action} within {waited:?}")]
    Slow {
        /// What was waited for.
        action: &'static str,
        /// How long.
        waited: Duration,
    },
    /// The segment failed before; this is why.
    #[error("the segment failed before")]
    Failed(#[source] Arc<DiskError>),
    /// The value cannot be written in format v1; the segment is as it was.
    #[error("not a part of a segment")]
    Refused(#[from] FormatError),
    /// As many segments are open as may be.
    #[error("{0} segments are open, and no more may be")]
    TooManyOpen(usize),
    /// Another process holds the recordings directory.
    #[error("{0} is in use by another process")]
    InUse(PathBuf),
    /// Its writer gave it up.
    #[error("the segment was given up")]
    Abandoned,
    /// The disk was shut down.
    #[error("the disk was shut down")]
    ShutDown,
}

impl DiskError {
    pub(super) fn io(action: &'static str, path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source: Arc::new(source) }
    }

    /// What the gap ledger calls it.
    pub fn cause(&self) -> GapCause {
        match self {
            Self::Io { source, .. } => match Errno::from_io_error(source) {
                Some(Errno::NOSPC | Errno::DQUOT) => GapCause::DiskFull,
                Some(Errno::ROFS) => GapCause::DiskReadOnly,
                Some(Errno::TIMEDOUT) => GapCause::DiskSlow,
                _ => GapCause::DiskError,
            },
            Self::NoRoom { .. } => GapCause::DiskFull,
            Self::Slow { .. } => GapCause::DiskSlow,
            Self::Failed(why) => why.cause(),
            Self::Refused(_) => GapCause::StreamInvalid,
            Self::TooManyOpen(_) => GapCause::MemoryLimit,
            Self::InUse(_) => GapCause::DiskError,
            Self::Abandoned => GapCause::Unknown,
            Self::ShutDown => GapCause::NodeDown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_of_the_system_has_its_cause() {
        let cause = |errno: Errno| DiskError::io("write", Path::new("x"))(errno.into()).cause();
        assert_eq!(cause(Errno::NOSPC), GapCause::DiskFull);
        assert_eq!(cause(Errno::DQUOT), GapCause::DiskFull);
        assert_eq!(cause(Errno::ROFS), GapCause::DiskReadOnly);
        assert_eq!(cause(Errno::IO), GapCause::DiskError);
        assert_eq!(cause(Errno::FBIG), GapCause::DiskError);
        let slow = DiskError::Slow { action: "write", waited: Duration::from_secs(10) };
        assert_eq!(DiskError::Failed(Arc::new(slow)).cause(), GapCause::DiskSlow);
    }
}
