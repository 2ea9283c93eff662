use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use eyrie_types::CameraId;

use crate::keys::KeyError;

/// Why the mirror could not keep something, or let go of it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum MirrorError {
    /// The file cannot be opened, read or made.
    #[error("the mirror {path} cannot be opened: {source}")]
    Open {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        source: Arc<io::Error>,
    },
    /// The file cannot be written or synced.
    #[error("the mirror cannot be written: {0}")]
    Write(Arc<io::Error>),
    /// A camera's spec is too long to be mirrored by every node.
    #[error("the spec of {camera} has {bytes} bytes and may have {max}: shorten its labels, name or address")]
    TooLong {
        /// Which camera.
        camera: CameraId,
        /// Its spec's size, as it is kept.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// The bytes are no camera.
    #[error("these bytes are no camera's spec, or one of a newer release")]
    NotACamera,
    /// The bytes are no tenant's key pair.
    #[error("these bytes are no tenant's key pair, or one of a newer release")]
    NotATenantKey,
    /// As many entries are there as may.
    #[error("the mirror holds {0} entries of this kind, and no more may")]
    Full(usize),
    /// An entry cannot be sealed.
    #[error(transparent)]
    Seal(#[from] KeyError),
    /// Its disk did not get to it in time.
    #[error("the disk of the mirror did not answer within {0:?}")]
    Slow(Duration),
    /// Its thread is gone.
    #[error("the mirror is closed")]
    Closed,
}

impl MirrorError {
    /// One word for metrics.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::Write(_) => "write",
            Self::TooLong { .. } => "too_long",
            Self::NotACamera => "not_a_camera",
            Self::NotATenantKey => "not_a_tenant_key",
            Self::Full(_) => "full",
            Self::Seal(_) => "seal",
            Self::Slow(_) => "slow",
            Self::Closed => "closed",
        }
    }
}
