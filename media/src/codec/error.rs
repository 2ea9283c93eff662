use crate::VideoCodec;

/// Why bytes are not the codec structure they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The bytes end within a field.
    #[error("{0} ends too early")]
    Truncated(&'static str),
    /// A field holds what its specification forbids.
    #[error("{structure} holds an impossible {field}")]
    Invalid {
        /// The structure, such as "H.264 SPS".
        structure: &'static str,
        /// The field by its name in the specification.
        field: &'static str,
    },
    /// Valid, but of a kind that is not carried.
    #[error("{0} is not supported")]
    Unsupported(&'static str),
    /// A parameter set that decoding needs is missing.
    #[error("{codec:?} needs a {missing}, and none came")]
    MissingParameterSet {
        /// The codec.
        codec: VideoCodec,
        /// What is missing.
        missing: &'static str,
    },
}
