use std::collections::BTreeMap;

use eyrie_types::{Epoch, Monotonic};

use super::Duty;
use super::timing::HANDOVER;
use crate::{CellState, Charge, EPOCHS_PER_GRANT, PlacementKey, SpentEpochs, duties};

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

    /// Brings the incarnations in line with what the cell asks for. One that runs goes on, also under a renewed grant; one that has to
    /// start takes the next epoch. `None` for placements whose epochs are all spent: they wait for a renewal.
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

    /// Forgets what is no longer ours. Only with a state known to be recent: an older one may not yet know what is ours.
    pub(super) fn forget(&mut self, charges: &BTreeMap<PlacementKey, Charge>) {
        self.spent.keep(|key| charges.contains_key(key));
    }

    /// Placements whose grant is half spent.
    pub(super) fn to_renew(&self, state: &CellState, node: eyrie_types::NodeId) -> Vec<(PlacementKey, Epoch)> {
        let low = |(key, charge): (PlacementKey, Charge)| {
            let left = charge.grant.left(self.spent.last(&key));
            (left <= EPOCHS_PER_GRANT / 2 && !charge.moving).then_some((key, charge.grant.first))
        };
        duties(state, node).into_iter().filter_map(low).collect()
    }
}
