use std::collections::BTreeMap;

use eyrie_types::{Epoch, NodeId, Slot};

use crate::{CameraKey, CameraNeeds, CellPlacement, CellState, EpochGrant, Health, MoveMode, PlacementKey};

/// What the cell asks of a node for one placement; [`crate::CellNode`] makes a [`crate::Duty`] of it by choosing an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// The first epoch of this node's possession: what runs under an earlier one must stop.
    pub since: Epoch,
    /// The epochs to choose from.
    pub grant: EpochGrant,
    /// The revision of the camera's spec.
    pub revision: u64,
    /// Whether anything is to run.
    pub enabled: bool,
    /// Pull from this node's recording instead of from the camera, which allows no further session.
    pub feed_from: Option<NodeId>,
    /// It is the owner, and answers live while it holds its lease.
    pub owner: bool,
    /// The last owner was not asked: it may answer live for as long as its lease lasts.
    pub taken: bool,
    /// A move is under way.
    pub moving: bool,
}

/// What a node is to run. Both sides of a move are in it, but for the old side of one that stops first, and the new side until
/// then.
pub fn duties(state: &CellState, node: NodeId) -> BTreeMap<PlacementKey, Charge> {
    let mine = state.placements().iter().filter(|(_, placement)| placement.nodes().any(|holder| holder == node));
    mine.filter_map(|(key, placement)| Some((key.clone(), charge(state, node, key, placement)?))).collect()
}

fn charge(state: &CellState, node: NodeId, key: &PlacementKey, placement: &CellPlacement) -> Option<Charge> {
    let camera = CameraKey::from(key);
    let needs = state.camera(&camera)?;
    let charge = Charge {
        since: placement.since,
        grant: placement.grant,
        revision: needs.revision,
        enabled: needs.enabled,
        feed_from: feeder(state, &camera, needs).filter(|feeder| *feeder != node),
        owner: key.slot == Slot::OWNER,
        taken: placement.taken_from.is_some(),
        moving: placement.next.is_some(),
    };
    let stops_first = placement.next.is_some_and(|next| next.mode == MoveMode::StopFirst);
    if placement.node == node {
        return (!stops_first).then_some(charge);
    }
    let next = placement.next.filter(|next| next.node == node && !stops_first)?;
    let feed_from =
        if next.mode == MoveMode::Feed { Some(charge.feed_from.unwrap_or(placement.node)) } else { charge.feed_from };
    Some(Charge { since: next.grant.first, grant: next.grant, feed_from, owner: false, taken: false, ..charge })
}

/// Of a camera that allows fewer sessions than it has placements, the node that pulls it and feeds the others: the one that has
/// had it for longest and lives, so that the connection stays where it is when another placement comes or goes.
fn feeder(state: &CellState, camera: &CameraKey, needs: &CameraNeeds) -> Option<NodeId> {
    if needs.max_sessions >= u16::from(needs.redundancy) || !state.settings().feed {
        return None;
    }
    let lives = |node| state.member(node).is_some_and(|member| member.health == Health::Up);
    let placements = state.placements_of(camera).map(|(_, placement)| placement);
    placements
        .filter(|placement| lives(placement.node))
        .min_by_key(|placement| placement.since)
        .map(|oldest| oldest.node)
}

impl CellState {
    /// The slots a camera is to have: without feeding, no more than the sessions it allows.
    pub fn wanted_slots(&self, needs: &CameraNeeds) -> u8 {
        let sessions = u8::try_from(needs.max_sessions).unwrap_or(u8::MAX);
        if self.settings().feed { needs.redundancy } else { needs.redundancy.min(sessions) }
    }

    /// How many connections live nodes are to hold to a camera.
    pub fn sessions(&self, camera: &CameraKey) -> u16 {
        let lives = |node: &NodeId| self.member(*node).is_some_and(|member| member.health == Health::Up);
        let holders = |(key, placement): (&PlacementKey, &CellPlacement)| {
            let direct =
                |node: &NodeId| charge(self, *node, key, placement).is_some_and(|charge| charge.feed_from.is_none());
            placement.nodes().filter(lives).filter(direct).count()
        };
        u16::try_from(self.placements_of(camera).map(holders).sum::<usize>()).unwrap_or(u16::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::testing::*;
    use crate::{CellCommand, Settings};

    fn state(max_sessions: u16, redundancy: u8) -> CellState {
        let mut state = cell(4, 4);
        let settings = Box::new(Settings { revision: 1, feed: true, ..Settings::default() });
        state.apply(CellCommand::SetSettings { settings }).unwrap();
        put(&mut state, 1, CameraNeeds { max_sessions, redundancy, ..needs() });
        state
    }

    fn place(state: &mut CellState, key: PlacementKey, n: u32) -> EpochGrant {
        let replaces = state.placement(&key).map(|placement| placement.grant.first);
        granted(state.apply(CellCommand::Place { key, node: node(n), replaces }))
    }

    #[test]
    fn both_sides_of_a_move_record_and_one_is_the_owner() {
        let mut state = state(2, 1);
        let epoch = place(&mut state, owner(1), 1).first;
        let begin = CellCommand::BeginMove { key: owner(1), epoch, to: node(2), mode: MoveMode::Overlap };
        let next = granted(state.apply(begin));
        let (old, new) = (duties(&state, node(1))[&owner(1)], duties(&state, node(2))[&owner(1)]);
        assert!(old.owner && !new.owner && new.feed_from.is_none() && new.grant == next);
        assert_eq!(state.sessions(&camera(1)), 2);
        state.apply(CellCommand::FinishMove { key: owner(1), next: next.first }).unwrap();
        assert!(duties(&state, node(1)).is_empty());
        assert!(duties(&state, node(2))[&owner(1)].owner);
    }

    #[test]
    fn a_camera_of_one_session_is_never_pulled_twice() {
        for (mode, sessions) in [(MoveMode::Feed, 1), (MoveMode::StopFirst, 0)] {
            let mut state = state(1, 1);
            let epoch = place(&mut state, owner(1), 1).first;
            state.apply(CellCommand::BeginMove { key: owner(1), epoch, to: node(2), mode }).unwrap();
            assert_eq!(state.sessions(&camera(1)), sessions, "{mode:?}");
        }
    }

    #[test]
    fn a_twin_of_a_camera_of_one_session_is_fed_and_takes_over_the_session() {
        let mut state = state(1, 2);
        place(&mut state, owner(1), 1);
        place(&mut state, twin(1), 2);
        assert_eq!(duties(&state, node(2))[&twin(1)].feed_from, Some(node(1)));
        state.apply(CellCommand::SetHealth { node: node(1), start: 1, health: Health::Dead }).unwrap();
        assert_eq!(duties(&state, node(2))[&twin(1)].feed_from, None);
        place(&mut state, owner(1), 3);
        let new = duties(&state, node(3))[&owner(1)];
        assert_eq!((new.feed_from, new.taken), (Some(node(2)), true), "the session stays where it is");
        assert_eq!(state.sessions(&camera(1)), 1);
    }
}
