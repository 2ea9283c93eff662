use std::net::SocketAddr;

use crate::clip::ClipError;

/// Why the server does not start, or does not do what it is told.
#[derive(Debug, thiserror::Error)]
pub enum CamSimError {
    /// A clip is missing and cannot be made.
    #[error(transparent)]
    Clip(#[from] ClipError),
    /// An address could not be bound.
    #[error("cannot listen at {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// No two neighbouring UDP ports were free.
    #[error("no pair of neighbouring UDP ports is free")]
    NoUdpPair,
    /// Two streams have the same path, or a path is not usable.
    #[error("stream path {path:?} {reason}")]
    Path {
        /// The path.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A stream's alternate clip cannot take the place of its clip.
    #[error(
        "stream {path:?}: the alternate clip must have the codec, rate, GOP, length, B-frames and sound of the clip"
    )]
    Alternate {
        /// The stream.
        path: String,
    },
    /// No such stream.
    #[error("no stream at {0:?}")]
    NoStream(String),
}
