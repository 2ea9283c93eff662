use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{CameraId, TenantId};

/// Which of a camera's placements: 0 is the owner, 1 the twin.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(transparent)]
pub struct Slot(pub u8);

impl Slot {
    /// The placement that answers as live owner.
    pub const OWNER: Self = Self(0);
    /// The second recording of a camera with `redundancy = 2`.
    pub const TWIN: Self = Self(1);
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why two numbers are not an epoch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EpochError {
    /// The generation does not fit its 21 bits.
    #[error("generation {0} is past the last one an epoch can hold ({max})", max = Epoch::GENERATION_MAX)]
    Generation(u64),
}

/// The number of a placement's incarnation: generation · 2³² + counter, below 2⁵³ so that JSON readers keep it whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct Epoch(u64);

impl Epoch {
    /// The last generation: forced recoveries and restores raise it by one.
    pub const GENERATION_MAX: u64 = (1 << 21) - 1;

    /// The epoch `counter` of `generation`.
    ///
    /// # Errors
    /// When `generation` does not fit.
    pub const fn new(generation: u64, counter: u32) -> Result<Self, EpochError> {
        if generation > Self::GENERATION_MAX {
            return Err(EpochError::Generation(generation));
        }
        Ok(Self((generation << 32) | counter as u64))
    }

    /// Reads back a stored epoch; `None` when it is no epoch.
    pub const fn from_u64(value: u64) -> Option<Self> {
        if value < (1 << 53) { Some(Self(value)) } else { None }
    }

    /// The number as stored.
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// The recoveries and restores before it.
    pub const fn generation(self) -> u64 {
        self.0 >> 32
    }

    /// The count within its generation.
    pub const fn counter(self) -> u32 {
        self.0 as u32
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One incarnation of (camera, slot) on a node. What it writes is keyed by all four parts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Placement {
    /// Whose camera.
    pub tenant: TenantId,
    /// Which camera.
    pub camera: CameraId,
    /// Owner or twin.
    pub slot: Slot,
    /// The incarnation.
    pub epoch: Epoch,
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.tenant, self.camera, self.slot, self.epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_generation_outranks_any_counter() {
        let old = Epoch::new(1, u32::MAX).unwrap();
        let new = Epoch::new(2, 0).unwrap();
        assert!(new > old);
        assert!(Epoch::new(Epoch::GENERATION_MAX, u32::MAX).unwrap().as_u64() < 1 << 53);
        assert_eq!(Epoch::from_u64(1 << 53), None);
    }
}
