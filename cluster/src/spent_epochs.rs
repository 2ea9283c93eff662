use std::collections::BTreeMap;

use eyrie_types::Epoch;
use serde::{Deserialize, Serialize};

use crate::{EpochGrant, PlacementKey};

/// The last epoch a node has used of each placement it holds. Durable before the epoch is used; so a node that starts again without
/// anybody to ask takes the next one of its grant and never the same.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SpentEpochs(BTreeMap<PlacementKey, Epoch>);

impl SpentEpochs {
    /// The last epoch used of a placement.
    pub fn last(&self, key: &PlacementKey) -> Option<Epoch> {
        self.0.get(key).copied()
    }

    /// Takes the next epoch of a grant; `None` when all are spent.
    pub fn take(&mut self, key: &PlacementKey, grant: &EpochGrant) -> Option<Epoch> {
        let epoch = grant.after(self.last(key))?;
        self.0.insert(key.clone(), epoch);
        Some(epoch)
    }

    /// Forgets placements that are no longer ours: should one come back, it comes with a later grant.
    pub fn keep(&mut self, mut ours: impl FnMut(&PlacementKey) -> bool) {
        self.0.retain(|key, _| ours(key));
    }

    /// How many placements it knows.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
