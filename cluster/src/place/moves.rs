use eyrie_types::{NodeId, Slot};

use super::MoveReport;
use super::loads::siblings;
use super::planner::Planner;
use crate::{CameraKey, CameraNeeds, CellCommand, CellPlacement, CellState, MoveMode, PendingMove, PlacementKey};

/// A placement that should be elsewhere; it is recorded meanwhile.
pub(super) struct Mover<'a> {
    pub(super) key: PlacementKey,
    pub(super) needs: &'a CameraNeeds,
    placement: &'a CellPlacement,
    reason: Reason,
}

/// Why it should move; the urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// Its node drains, or lacks a label.
    Must,
    /// Its node carries more than it can.
    Crowded,
    /// Its sibling is in the same zone; only worth it if the zone becomes another.
    Zone,
}

impl<'a> Planner<'a> {
    /// What becomes of a pending move; `None`: it goes on.
    pub(super) fn judge(
        &self,
        key: &PlacementKey,
        placement: &CellPlacement,
        next: PendingMove,
    ) -> Option<CellCommand> {
        let takes = self.state.member(next.node).is_some_and(|member| member.takes_placements());
        let report = |node| self.facts.reports.get(&(next.grant.first, node)).copied();
        let (old, new) = (report(placement.node), report(next.node));
        let finish = || Some(CellCommand::FinishMove { key: key.clone(), next: next.grant.first });
        let abandon = || Some(CellCommand::AbandonMove { key: key.clone(), next: next.grant.first });
        let overdue = self.facts.overdue.contains(&next.grant.first);
        let enabled = self.state.camera(&CameraKey::from(key)).is_some_and(|needs| needs.enabled);
        if !takes {
            return abandon();
        }
        if !self.lives(placement.node) || new == Some(MoveReport::Recording) || !enabled {
            return finish();
        }
        match next.mode {
            MoveMode::StopFirst if old == Some(MoveReport::Stopped) => finish(),
            // The old one does not record either: the camera is silent, and loses nothing by moving.
            MoveMode::Overlap | MoveMode::Feed if overdue && old == Some(MoveReport::Running) => finish(),
            _ if overdue => abandon(),
            _ => None,
        }
    }

    /// Whether a placement has to leave its node.
    pub(super) fn must_move(
        &self,
        key: &PlacementKey,
        needs: &'a CameraNeeds,
        placement: &'a CellPlacement,
    ) -> Option<Mover<'a>> {
        let member = self.state.member(placement.node)?;
        let clash = |sibling: &NodeId| self.loads.zone(*sibling) == self.loads.zone(placement.node);
        let reason = if member.draining || !needs.labels.is_subset(&member.labels) {
            Reason::Must
        } else if needs.enabled && self.is_crowded(placement.node) {
            Reason::Crowded
        } else if key.slot != Slot::OWNER && siblings(self.state, key).iter().any(clash) {
            Reason::Zone
        } else {
            return None;
        };
        Some(Mover { key: key.clone(), needs, placement, reason })
    }

    /// Carries more than it can, when all that is leaving is gone.
    fn is_crowded(&self, node: NodeId) -> bool {
        let leaving = self.leaving.get(&node).copied().unwrap_or_default();
        self.loads.get(node).is_some_and(|load| load.used.saturating_sub(leaving) > u64::from(load.member.capacity))
    }

    /// Begins moves, as many as may be under way at once, the urgent first.
    pub(super) fn move_out(&mut self, mut movers: Vec<Mover<'a>>) {
        let limit = usize::from(self.state.settings().moves_in_flight_max);
        movers.sort_by_key(|mover| mover.reason);
        for Mover { key, needs, placement, reason } in movers {
            if self.in_flight >= limit {
                break;
            }
            let relieved = reason == Reason::Crowded && !self.is_crowded(placement.node);
            if relieved || self.facts.cooling.contains(&key) || self.is_busy(&key) {
                continue;
            }
            let siblings = siblings(self.state, &key);
            let apart = siblings.first().copied();
            let mut not = siblings;
            not.push(placement.node);
            let to = self.loads.choose(&key, needs, &not, apart);
            let elsewhere = |to: &NodeId| self.loads.zone(*to) != apart.and_then(|node| self.loads.zone(node));
            match to.filter(|to| reason != Reason::Zone || elsewhere(to)) {
                Some(to) => self.begin(&key, needs, placement, to),
                None if reason == Reason::Zone => {}
                None => self.plan.stuck.push(key),
            }
        }
    }

    pub(super) fn begin(&mut self, key: &PlacementKey, needs: &CameraNeeds, placement: &CellPlacement, to: NodeId) {
        self.in_flight += 1;
        self.loads.add(to, i64::from(needs.load()));
        *self.leaving.entry(placement.node).or_default() += u64::from(needs.load());
        let mode = mode(self.state, key, needs);
        self.propose(key, CellCommand::BeginMove { key: key.clone(), epoch: placement.grant.first, to, mode });
    }
}

/// How a placement moves: with both connected if the camera allows one session more.
pub(super) fn mode(state: &CellState, key: &PlacementKey, needs: &CameraNeeds) -> MoveMode {
    if !needs.enabled || state.sessions(&CameraKey::from(key)) < needs.max_sessions {
        MoveMode::Overlap
    } else if state.settings().feed {
        MoveMode::Feed
    } else {
        MoveMode::StopFirst
    }
}
