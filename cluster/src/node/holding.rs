use std::collections::BTreeMap;

use eyrie_types::{Epoch, Monotonic, NodeId};

use super::Duty;
use super::timing::HANDOVER;
use crate::{CellState, Charge, EPOCHS_PER_GRANT, PlacementKey, SpentEpochs};

/// The incarnations this node has chosen for its placements.
#[derive(Debug, Clone)]
pub(super) struct Holding {
    held: BTreeMap<PlacementKey, Hold>,
    spent: SpentEpochs,
}

#[derive(Debug, Clone, Copy)]
struct Hold {
    epoch: Epoch,
    since: Monotonic,
}

impl Holding {
    pub(super) fn new(spent: SpentEpochs) -> Self {
        Self { held: BTreeMap::new(), spent }
    }

    pub(super) fn spent(&self) -> &SpentEpochs {
        &self.spent
    }

    /// An incarnation has ended by itself: the next one takes another epoch. Whether it was the present one.
    pub(super) fn fell(&mut self, key: &PlacementKey, epoch: Epoch) -> bool {
        let present = self.held.get(key).is_some_and(|hold| hold.epoch == epoch);
        if present {
            self.held.remove(key);
        }
        present
    }

    /// Brings the incarnations in line with what the cell asks for. One that runs goes on, also under a renewed grant; one that
    /// has to start takes the next epoch. `None` for placements whose epochs are all spent: they wait for a renewal.
    pub(super) fn update(
        &mut self,
        now: Monotonic,
        charges: &BTreeMap<PlacementKey, Charge>,
    ) -> BTreeMap<PlacementKey, Duty> {
        let fits = |charge: &Charge, epoch| charge.enabled && charge.since <= epoch && epoch <= charge.grant.last();
        self.held.retain(|key, hold| charges.get(key).is_some_and(|charge| fits(charge, hold.epoch)));
        let duty = |(key, charge): (&PlacementKey, &Charge)| {
            let hold =
                if charge.enabled { self.hold(now, key, charge)? } else { Hold { epoch: charge.since, since: now } };
            let waits = charge.taken && now.since(hold.since) < HANDOVER;
            let Charge { revision, enabled, feed_from, owner, .. } = *charge;
            Some((key.clone(), Duty { epoch: hold.epoch, revision, enabled, feed_from, live: owner && !waits }))
        };
        charges.iter().filter_map(duty).collect()
    }

    fn hold(&mut self, now: Monotonic, key: &PlacementKey, charge: &Charge) -> Option<Hold> {
        if let Some(hold) = self.held.get(key) {
            return Some(*hold);
        }
        let hold = Hold { epoch: self.spent.take(key, &charge.grant)?, since: now };
        self.held.insert(key.clone(), hold);
        Some(hold)
    }

    /// Forgets what is long no longer ours. A placement that stops here for a move is still ours: the move may be abandoned.
    pub(super) fn forget(&mut self, state: &CellState, node: NodeId) {
        let mine =
            |key: &PlacementKey| state.placement(key).is_some_and(|placement| placement.grant_of(node).is_some());
        self.spent.forget(mine);
    }

    /// Placements whose grant is half spent.
    pub(super) fn to_renew(
        &self,
        charges: &BTreeMap<PlacementKey, Charge>,
    ) -> impl Iterator<Item = (PlacementKey, Epoch)> {
        let low = |(key, charge): (&PlacementKey, &Charge)| {
            let left = charge.grant.left(self.spent.last(key));
            (left <= EPOCHS_PER_GRANT / 2 && !charge.moving).then_some((key.clone(), charge.grant.first))
        };
        charges.iter().filter_map(low)
    }
}
