use crate::codec::CodecError;

/// Why a publisher's bytes are not taken. The text is for its operator; names in it are ours, or four printable characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RtmpError {
    /// The first byte is no version of the protocol.
    #[error("the handshake begins with version {0}, not 3: is this RTMP?")]
    Version(u8),
    /// A field that cannot be.
    #[error("{structure} holds an impossible {field}")]
    Invalid {
        /// Where.
        structure: &'static str,
        /// Which field.
        field: &'static str,
    },
    /// Bytes that end within a field.
    #[error("{0} ends too early")]
    Truncated(&'static str),
    /// More than a named limit allows.
    #[error("more than {max} {what}")]
    TooMuch {
        /// Of what, in the plural.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// Media before the publisher was let in.
    #[error("pictures or sound before the server let them in")]
    MediaTooEarly,
    /// A command at the wrong time.
    #[error("the command {0} at a time when it means nothing")]
    Unexpected(&'static str),
    /// Video that is not carried. The name says which.
    #[error("{0} video is not supported; send H.264 or H.265")]
    UnsupportedVideo(String),
    /// A form of the protocol that is not carried.
    #[error("{0} is not supported")]
    Unsupported(&'static str),
    /// Parameter sets that cannot be read.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// Bytes after an error, or after the end.
    #[error("the session is over")]
    Over,
}
