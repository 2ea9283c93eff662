use std::collections::BTreeSet;
use std::fmt;

use eyrie_types::{CameraId, Slot, TenantId};
use serde::{Deserialize, Serialize};

use crate::PlacementKey;

/// A camera of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CameraKey {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub camera: CameraId,
}

impl CameraKey {
    /// One of its placements.
    pub fn slot(&self, slot: Slot) -> PlacementKey {
        PlacementKey { tenant: self.tenant.clone(), camera: self.camera, slot }
    }
}

impl From<&PlacementKey> for CameraKey {
    fn from(key: &PlacementKey) -> Self {
        Self { tenant: key.tenant.clone(), camera: key.camera }
    }
}

impl fmt::Display for CameraKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tenant, self.camera)
    }
}

/// What placing a camera depends on; the spec itself is mirrored by every node under the same revision.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CameraNeeds {
    /// Of the spec; only rises.
    pub revision: u64,
    /// Off: it keeps its placements and nothing runs.
    pub enabled: bool,
    /// 1, or 2 for a twin.
    pub redundancy: u8,
    /// Labels its nodes must carry.
    pub labels: BTreeSet<String>,
    /// How many connections it takes at once; at least 1.
    pub max_sessions: u16,
    /// What it takes of a node's capacity; at least 1.
    pub weight: u32,
}

impl CameraNeeds {
    /// The slots it is to have.
    pub fn slots(&self) -> impl Iterator<Item = Slot> {
        (0..self.redundancy).map(Slot)
    }

    /// What one of its placements takes of a node.
    pub fn load(&self) -> u32 {
        if self.enabled { self.weight } else { 0 }
    }
}
