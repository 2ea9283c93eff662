use eyrie_types::{NodeId, Slot};

use super::loads::{WHOLE, siblings};
use super::moves::mode;
use super::planner::Planner;
use crate::{CameraKey, CameraNeeds, CellPlacement, MoveMode, PlacementKey};

impl Planner<'_> {
    /// Moves cameras from the fullest node to the emptiest when they are further apart than the settings say, until half of that.
    /// A camera that allows no session more stays: its only one would end, and a full node is no reason to lose pictures.
    pub(super) fn rebalance(&mut self) {
        let apart = u64::from(self.state.settings().rebalance_apart_percent.max(1)) * (WHOLE / 100);
        let limit = usize::from(self.state.settings().moves_in_flight_max);
        // Shares with moves already finished: a leaving camera no longer counts.
        let mut after = self.loads.clone();
        let mut wanted = apart;
        while self.in_flight < limit {
            let shares = || {
                after
                    .iter()
                    .filter(|(_, load)| load.takes && load.member.capacity > 0)
                    .map(|(node, load)| (load.share(0), node))
            };
            let (Some((most, full)), Some((least, empty))) = (shares().max(), shares().min()) else { return };
            if most - least <= wanted {
                return;
            }
            wanted = apart / 2;
            let found = self.state.placements().iter().find_map(|(key, placement)| {
                let eligible = placement.node == full && placement.next.is_none() && !self.is_busy(key);
                let needs = self.state.camera(&CameraKey::from(key)).filter(|needs| eligible && needs.enabled)?;
                let evens_out = self.evens_out(&after, key, needs, placement, empty);
                let loses_nothing = || mode(self.state, key, needs) == MoveMode::Overlap;
                (evens_out && loses_nothing()).then_some((key, needs, placement))
            });
            let Some((key, needs, placement)) = found else { return };
            after.add(full, -i64::from(needs.load()));
            after.add(empty, i64::from(needs.load()));
            self.begin(key, needs, placement, empty);
        }
    }

    /// Whether moving this placement leaves the full node no emptier than the other one becomes, and breaks no rule.
    fn evens_out(
        &self,
        after: &super::loads::Loads<'_>,
        key: &PlacementKey,
        needs: &CameraNeeds,
        placement: &CellPlacement,
        to: NodeId,
    ) -> bool {
        let (Some(old), Some(new)) = (after.get(placement.node), self.loads.get(to)) else { return false };
        let weight = u64::from(needs.load());
        let siblings = siblings(self.state, key);
        let clash = |node: NodeId| siblings.iter().any(|sibling| self.loads.zone(*sibling) == self.loads.zone(node));
        let remains = old.used.saturating_sub(weight) * WHOLE / u64::from(old.member.capacity).max(1);
        let may =
            new.fits(weight) && new.allows(needs) && !siblings.contains(&to) && (clash(placement.node) || !clash(to));
        may && !self.facts.cooling.contains(key)
            && key.slot <= Slot(1)
            && remains >= after.get(to).map_or(u64::MAX, |load| load.share(weight))
    }
}
