/// Why boxes could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Fmp4Error {
    /// A box does not fit its 32-bit size, or a value does not fit its field.
    #[error("cannot write MP4 boxes: {0}")]
    Boxes(#[from] mp4_atom::Error),
    /// The samples of one fragment do not fit one `mdat` with a 32-bit size.
    #[error("a fragment of {bytes} bytes does not fit an mdat box of at most 4 GiB")]
    TooLarge {
        /// How many bytes it has.
        bytes: u64,
    },
    /// The stream has no track that may be written for this purpose.
    #[error("the stream has no track to write")]
    NoTrack,
    /// The AudioSpecificConfig is longer than any that exists.
    #[error("an AudioSpecificConfig of {bytes} bytes is not credible")]
    AudioConfig {
        /// How many bytes it has.
        bytes: usize,
    },
}
