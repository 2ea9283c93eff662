use crate::codec::CodecError;

/// Why a file is no MP4 that can be played.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mp4Error {
    /// The bytes end within a box or a field of it.
    #[error("the {0} box ends too early")]
    Truncated(&'static str),
    /// A box or field holds what ISO/IEC 14496-12 forbids, or what its file cannot hold.
    #[error("the {structure} box holds an impossible {field}")]
    Invalid {
        /// The box.
        structure: &'static str,
        /// What in it.
        field: &'static str,
    },
    /// A mandatory box is missing.
    #[error("the file has no {0} box")]
    Missing(&'static str),
    /// The file is larger than a named limit allows.
    #[error("the file has more {what} than the {limit} that are allowed")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        limit: u64,
    },
    /// The file is sound, and holds nothing that is carried.
    #[error("{0} is not supported")]
    Unsupported(&'static str),
    /// The decoder configuration of a track cannot be read.
    #[error("the decoder configuration cannot be read")]
    Codec(#[from] CodecError),
}
