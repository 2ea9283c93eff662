use crate::mp4_file::Mp4Error;

/// Why fragments cannot be put into a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// An init segment or a `moof` is damaged.
    #[error(transparent)]
    Boxes(#[from] Mp4Error),
    /// A named limit leaves no room for more.
    #[error("the range has more {what} than the {limit} that fit into one file")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        limit: u64,
    },
    /// There is no sample at all.
    #[error("there is nothing to put into the file")]
    Empty,
}
