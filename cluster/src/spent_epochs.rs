use std::collections::BTreeMap;

use eyrie_types::Epoch;
use serde::{Deserialize, Serialize};

use crate::{EpochGrant, PlacementKey};

/// Placements that are no longer ours and are remembered all the same: the state on disk may be older than the one that took them
/// away, and a node that starts alone goes by it. More than a node loses between two snapshots.
const FORMER_MAX: usize = 1_024;

/// The last epoch a node has used of each placement it holds or held. Durable before the epoch is used; so a node that starts
/// again without anybody to ask takes the next one of its grant and never the same.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SpentEpochs {
    last: BTreeMap<PlacementKey, Epoch>,
    /// The highest that was forgotten: of a placement not in the map, everything up to it may have been used.
    forgotten: Option<Epoch>,
}

impl SpentEpochs {
    /// The last epoch that was, or may have been, used of a placement.
    pub fn last(&self, key: &PlacementKey) -> Option<Epoch> {
        self.last.get(key).copied().or(self.forgotten)
    }

    /// Notes an epoch that was used in an earlier run.
    pub fn note(&mut self, key: PlacementKey, epoch: Epoch) {
        let last = self.last.entry(key).or_insert(epoch);
        *last = epoch.max(*last);
    }

    /// The last epoch used of each placement.
    pub fn iter(&self) -> impl Iterator<Item = (&PlacementKey, Epoch)> {
        self.last.iter().map(|(key, epoch)| (key, *epoch))
    }

    /// Takes the next epoch of a grant; `None` when all are spent.
    pub fn take(&mut self, key: &PlacementKey, grant: &EpochGrant) -> Option<Epoch> {
        let epoch = grant.after(self.last(key))?;
        self.last.insert(key.clone(), epoch);
        Some(epoch)
    }

    /// Forgets the oldest of those that are no longer ours, when there are too many. Should one come back, it comes with a later
    /// grant; else it waits for a renewal.
    pub fn forget(&mut self, mut ours: impl FnMut(&PlacementKey) -> bool) {
        if self.last.len() <= FORMER_MAX {
            return;
        }
        let mut former: Vec<_> =
            self.last.iter().filter(|(key, _)| !ours(key)).map(|(key, e)| (*e, key.clone())).collect();
        former.sort_unstable();
        let surplus = former.len().saturating_sub(FORMER_MAX);
        for (epoch, key) in former.drain(..surplus) {
            self.last.remove(&key);
            self.forgotten = self.forgotten.max(Some(epoch));
        }
    }

    /// How many placements it knows.
    pub fn len(&self) -> usize {
        self.last.len()
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.last.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::testing::owner;

    #[test]
    fn what_is_forgotten_is_not_used_again() {
        let grant = |n: u32| EpochGrant { first: Epoch::new(0, 16 * n + 1).unwrap(), count: 16 };
        let mut spent = SpentEpochs::default();
        let all = FORMER_MAX as u32 + 10;
        (0..all).for_each(|n| assert_eq!(spent.take(&owner(n), &grant(n)), Some(grant(n).first)));
        spent.forget(|key| *key == owner(3));
        assert_eq!(spent.len(), FORMER_MAX + 1, "ours are kept beside");
        let second = Epoch::from_u64(grant(3).first.as_u64() + 1);
        assert_eq!(spent.take(&owner(3), &grant(3)), second);
        assert_eq!(spent.take(&owner(1), &grant(1)), None, "it waits for a renewal");
        assert_eq!(spent.take(&owner(1), &grant(all)), Some(grant(all).first));
    }
}
