use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;

/// Longest cursor taken from outside, in bytes: a name of 128 characters with room.
const CURSOR_BYTES_MAX: usize = 2048;

/// Where the next page of a list begins: an opaque text for the client, made by the page before. It names the last row seen,
/// so rows that come and go between pages neither repeat nor hide others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// Takes a cursor that a client sent back; it is checked when it is used.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text to hand out.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn write<T: Serialize>(place: &T) -> Result<Self, StoreError> {
        let json = serde_json::to_vec(place).map_err(|error| StoreError::damaged("cursor", error))?;
        Ok(Self(URL_SAFE_NO_PAD.encode(json)))
    }

    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, StoreError> {
        if self.0.len() > CURSOR_BYTES_MAX {
            return Err(StoreError::BadCursor);
        }
        let json = URL_SAFE_NO_PAD.decode(&self.0).map_err(|_| StoreError::BadCursor)?;
        serde_json::from_slice(&json).map_err(|_| StoreError::BadCursor)
    }
}
