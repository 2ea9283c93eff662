use serde::{Deserialize, Serialize};

use super::{CellCommand, CellState};

/// First byte of an encoded command or state. A release reads its own version and the one before.
pub const WIRE_VERSION: u8 = 1;

/// Why bytes are not a command or a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// Written by another release.
    #[error("format version {0} is not readable by this release ({WIRE_VERSION})")]
    Version(u8),
    /// Damaged or foreign bytes.
    #[error("bytes do not decode: {0}")]
    Bytes(#[from] postcard::Error),
}

fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, CodecError> {
    Ok(postcard::to_extend(value, vec![WIRE_VERSION])?)
}

fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, CodecError> {
    match bytes.split_first() {
        Some((&WIRE_VERSION, rest)) => Ok(postcard::from_bytes(rest)?),
        Some((&version, _)) => Err(CodecError::Version(version)),
        None => Err(CodecError::Bytes(postcard::Error::DeserializeUnexpectedEnd)),
    }
}

impl CellCommand {
    /// Version byte, then postcard.
    ///
    /// # Errors
    /// When the serializer fails, which no command makes it do.
    pub fn encode(&self) -> Result<Vec<u8>, CodecError> {
        encode(self)
    }

    /// Reads what [`CellCommand::encode`] wrote.
    ///
    /// # Errors
    /// When the bytes are of another version, or damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        decode(bytes)
    }
}

impl CellState {
    /// Version byte, then postcard: the body of a snapshot.
    ///
    /// # Errors
    /// When the serializer fails, which no state makes it do.
    pub fn encode(&self) -> Result<Vec<u8>, CodecError> {
        encode(self)
    }

    /// Reads what [`CellState::encode`] wrote.
    ///
    /// # Errors
    /// When the bytes are of another version, or damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        decode(bytes)
    }
}
