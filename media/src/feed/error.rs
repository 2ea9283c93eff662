use crate::codec::CodecError;

/// Why bytes are no feed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// They begin with something else.
    #[error("what the other node sends is no feed")]
    Magic,
    /// A version that this release does not know.
    #[error("the other node feeds in version {0} of the framing; upgrade one release at a time")]
    Version(u8),
    /// A body that is longer than any may be.
    #[error("a record of kind {kind} with {bytes} bytes")]
    TooLong {
        /// The record's kind.
        kind: u8,
        /// Its length.
        bytes: u32,
    },
    /// A body that ends within a field, or holds an impossible value.
    #[error("{0}")]
    Invalid(&'static str),
    /// Parameter sets that cannot be read.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// More bytes after the end, or after an error.
    #[error("the feed is over")]
    Over,
}
