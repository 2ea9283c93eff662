use std::fmt;
use std::str::FromStr;

use eyrie_types::{Epoch, Slot};

/// The directory of a rendition below a camera's live address: which placement made it, so that caches never mix owners.
/// Written `<slot>-<epoch>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rendition {
    /// Owner or twin.
    pub slot: Slot,
    /// Which incarnation.
    pub epoch: Epoch,
}

/// A directory name that is no rendition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a rendition is written <slot>-<epoch>, such as 0-4294967297")]
pub struct RenditionError;

impl fmt::Display for Rendition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.slot, self.epoch)
    }
}

impl FromStr for Rendition {
    type Err = RenditionError;

    fn from_str(text: &str) -> Result<Self, RenditionError> {
        let (slot, epoch) = text.split_once('-').ok_or(RenditionError)?;
        let slot = super::request::decimal(slot).and_then(|slot| u8::try_from(slot).ok()).ok_or(RenditionError)?;
        let epoch = super::request::decimal(epoch).and_then(Epoch::from_u64).ok_or(RenditionError)?;
        Ok(Self { slot: Slot(slot), epoch })
    }
}
