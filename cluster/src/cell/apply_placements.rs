use eyrie_types::{Epoch, NodeId};

use super::{CameraKey, CellAnswer, CellPlacement, CellState, Health, MoveMode, PendingMove, Refusal};
use crate::PlacementKey;

impl CellState {
    pub(super) fn place(
        &mut self,
        key: PlacementKey,
        node: NodeId,
        replaces: Option<Epoch>,
    ) -> Result<CellAnswer, Refusal> {
        self.check_target(&key, node)?;
        let known = self.placements.get(&key).map(|placement| placement.grant.first);
        if known != replaces {
            return Err(Refusal::StaleEpoch { key, given: replaces, known });
        }
        let owner = self.placements.get(&key).map(|placement| placement.node);
        if let Some(owner) = owner.filter(|owner| self.members.get(owner).is_some_and(|m| m.health == Health::Up)) {
            return Err(Refusal::OwnerLives { key, node: owner });
        }
        let grant = self.grant()?;
        let taken_from = self.placements.get(&key).map(|old| old.node).filter(|old| *old != node);
        self.placements.insert(key, CellPlacement { node, since: grant.first, grant, taken_from, next: None });
        Ok(CellAnswer::Granted(grant))
    }

    pub(super) fn begin_move(
        &mut self,
        key: PlacementKey,
        epoch: Epoch,
        to: NodeId,
        mode: MoveMode,
    ) -> Result<CellAnswer, Refusal> {
        self.check_target(&key, to)?;
        let placement = self.placement_at(&key, epoch)?;
        if placement.next.is_some() {
            return Err(Refusal::Moving(key));
        }
        if placement.node == to {
            return Err(Refusal::AlreadyThere { key, node: to });
        }
        let grant = self.grant()?;
        self.placement_at(&key, epoch)?.next = Some(PendingMove { node: to, grant, mode });
        Ok(CellAnswer::Granted(grant))
    }

    pub(super) fn finish_move(&mut self, key: PlacementKey, next: Epoch) -> Result<CellAnswer, Refusal> {
        if self.placements.get(&key).is_some_and(|placement| placement.grant.first == next) {
            return Ok(CellAnswer::Unchanged);
        }
        let (old, pending) = self.pending(&key, next)?;
        let from = old.node;
        // A dead one did not hear that it is over.
        let asked = self.members.get(&from).is_none_or(|member| member.health == Health::Up);
        let taken_from = if asked { None } else { Some(from) };
        self.placements.insert(key, CellPlacement { taken_from, ..CellPlacement::moved(pending) });
        Ok(CellAnswer::Done)
    }

    pub(super) fn abandon_move(&mut self, key: PlacementKey, next: Epoch) -> Result<CellAnswer, Refusal> {
        let (placement, _) = self.pending(&key, next)?;
        placement.next = None;
        Ok(CellAnswer::Done)
    }

    pub(super) fn unplace(&mut self, key: PlacementKey, epoch: Epoch) -> Result<CellAnswer, Refusal> {
        self.placement_at(&key, epoch)?;
        self.placements.remove(&key);
        Ok(CellAnswer::Done)
    }

    pub(super) fn renew(&mut self, key: PlacementKey, node: NodeId, epoch: Epoch) -> Result<CellAnswer, Refusal> {
        let placement = self.placement_at(&key, epoch)?;
        if placement.node != node {
            return Err(Refusal::StaleEpoch { key, given: Some(epoch), known: None });
        }
        if placement.next.is_some() {
            // The new grant would be above that of the pending move, and a finished move would bring epochs down.
            return Err(Refusal::Moving(key));
        }
        let grant = self.grant()?;
        self.placement_at(&key, epoch)?.grant = grant;
        Ok(CellAnswer::Granted(grant))
    }

    /// The placement, if its present placing is the one named.
    fn placement_at(&mut self, key: &PlacementKey, epoch: Epoch) -> Result<&mut CellPlacement, Refusal> {
        let known = self.placements.get(key).map(|placement| placement.grant.first);
        match self.placements.get_mut(key) {
            Some(placement) if placement.grant.first == epoch => Ok(placement),
            _ => Err(Refusal::StaleEpoch { key: key.clone(), given: Some(epoch), known }),
        }
    }

    /// The placement and its pending move, if that is the one named.
    fn pending(&mut self, key: &PlacementKey, next: Epoch) -> Result<(&mut CellPlacement, PendingMove), Refusal> {
        let known = self.placements.get(key).and_then(|placement| placement.next);
        let stale =
            || Refusal::StaleEpoch { key: key.clone(), given: Some(next), known: known.map(|next| next.grant.first) };
        let pending = known.filter(|pending| pending.grant.first == next).ok_or_else(stale)?;
        let placement = self.placements.get_mut(key).ok_or_else(stale)?;
        Ok((placement, pending))
    }

    /// Whether a placement may go to a node, but for room.
    fn check_target(&self, key: &PlacementKey, node: NodeId) -> Result<(), Refusal> {
        let camera = CameraKey::from(key);
        let needs = self.cameras.get(&camera).ok_or_else(|| Refusal::UnknownCamera(camera.clone()))?;
        if key.slot.0 >= needs.redundancy {
            return Err(Refusal::NoSuchSlot(key.clone()));
        }
        let member = self.members.get(&node).ok_or(Refusal::UnknownNode(node))?;
        if !member.takes_placements() {
            return Err(Refusal::TakesNothing(node));
        }
        let taken = self
            .placements_of(&camera)
            .any(|(other, placement)| other.slot != key.slot && placement.nodes().any(|holder| holder == node));
        if taken { Err(Refusal::TwinOnSameNode { key: key.clone(), node }) } else { Ok(()) }
    }
}
