use std::collections::{BTreeMap, BTreeSet};

use eyrie_types::{Epoch, NodeId, Slot};

use super::loads::{Loads, siblings};
use super::{CellPlan, Unplaced, WhyUnplaced};
use crate::{BATCH_COMMANDS_MAX, CameraKey, CameraNeeds, CellCommand, CellPlacement, CellState, Health, PlacementKey};

/// What a node says of its side of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum MoveReport {
    /// Nothing runs under its grant.
    Stopped,
    /// It runs, and does not record.
    Running,
    /// It records.
    Recording,
}

/// What the leader sees besides the state.
#[derive(Debug, Clone, Default)]
pub struct PlanFacts {
    /// Nodes that are up and still get nothing new.
    pub unfit: BTreeSet<NodeId>,
    /// What both sides of pending moves say, by the first epoch of the move.
    pub reports: BTreeMap<(Epoch, NodeId), MoveReport>,
    /// Pending moves that take too long.
    pub overdue: BTreeSet<Epoch>,
    /// Placements whose last move failed so recently that the next has to wait.
    pub cooling: BTreeSet<PlacementKey>,
    /// The cell has been calm for long enough to even out loads.
    pub calm: bool,
}

/// The plan: homes for the homeless first, ends of moves, then moves that must be, then those that even out. A pure function;
/// what it does not change stays where it is.
pub fn plan_cell(state: &CellState, facts: &PlanFacts) -> CellPlan {
    let mut planner = Planner {
        state,
        facts,
        loads: Loads::of(state, &facts.unfit),
        plan: CellPlan::default(),
        in_flight: 0,
        leaving: BTreeMap::new(),
        touched: BTreeSet::new(),
    };
    let (mut homeless, mut movers) = (Vec::new(), Vec::new());
    let mut placements = state.placements().iter().peekable();
    for (camera, needs) in state.cameras() {
        for slot in 0..state.wanted_slots(needs).max(2) {
            let key = camera.slot(Slot(slot));
            let placement = placements.next_if(|(found, _)| **found == key).map(|(_, placement)| placement);
            if slot < state.wanted_slots(needs) {
                planner.look(&key, needs, placement, &mut homeless, &mut movers);
            } else if let Some(placement) = placement {
                planner.unplace(&key, needs, placement);
            }
        }
    }
    planner.house(homeless);
    let calm = planner.plan.is_empty() && planner.in_flight == 0 && movers.is_empty();
    planner.move_out(movers);
    if calm && facts.calm && state.settings().rebalance {
        planner.rebalance();
    }
    planner.assign_jobs();
    // What goes makes room, and frees a session, before anything comes; otherwise the order stays.
    planner.plan.commands.sort_by_key(|command| !matches!(command, CellCommand::Unplace { .. }));
    planner.plan.commands.truncate(BATCH_COMMANDS_MAX);
    planner.plan
}

/// A placement that needs a node at once.
pub(super) struct Homeless<'a> {
    key: PlacementKey,
    needs: &'a CameraNeeds,
    replaces: Option<Epoch>,
    /// Nodes it must not go to: those of its sibling.
    siblings: Vec<NodeId>,
    /// Its sibling records meanwhile.
    covered: bool,
}

pub(super) struct Planner<'a> {
    pub(super) state: &'a CellState,
    pub(super) facts: &'a PlanFacts,
    pub(super) loads: Loads<'a>,
    pub(super) plan: CellPlan,
    /// Moves under way, those begun by this plan included.
    pub(super) in_flight: usize,
    /// How much of each node's load those moves will take from it.
    pub(super) leaving: BTreeMap<NodeId, u64>,
    /// Cameras this plan does something about: what else there is to do about them has to wait for its outcome.
    touched: BTreeSet<CameraKey>,
}

impl<'a> Planner<'a> {
    pub(super) fn lives(&self, node: NodeId) -> bool {
        self.state.member(node).is_some_and(|member| member.health == Health::Up)
    }

    /// Whether something is under way about a camera, by this plan or before: one thing at a time, or sessions are counted wrong.
    pub(super) fn is_busy(&self, key: &PlacementKey) -> bool {
        let camera = CameraKey::from(key);
        let moving = || self.state.placements_of(&camera).any(|(_, placement)| placement.next.is_some());
        self.touched.contains(&camera) || moving()
    }

    pub(super) fn propose(&mut self, key: &PlacementKey, command: CellCommand) {
        self.touched.insert(CameraKey::from(key));
        self.plan.commands.push(command);
    }

    fn look(
        &mut self,
        key: &PlacementKey,
        needs: &'a CameraNeeds,
        placement: Option<&'a CellPlacement>,
        homeless: &mut Vec<Homeless<'a>>,
        movers: &mut Vec<super::moves::Mover<'a>>,
    ) {
        let home = placement.is_some_and(|placement| self.lives(placement.node));
        if let Some(placement) = placement {
            if let Some(next) = placement.next {
                let command = self.judge(key, placement, next);
                if command.is_none() {
                    self.in_flight += 1;
                    *self.leaving.entry(placement.node).or_default() += u64::from(needs.load());
                }
                // The side that goes makes room at once.
                let goes = match command {
                    Some(CellCommand::FinishMove { .. }) => Some(placement.node),
                    Some(_) => Some(next.node),
                    None => None,
                };
                if let Some(node) = goes {
                    self.loads.add(node, -i64::from(needs.load()));
                }
                let finishes = matches!(command, Some(CellCommand::FinishMove { .. }));
                if home || finishes {
                    return command.into_iter().for_each(|command| self.propose(key, command));
                }
            } else if home {
                return movers.extend(self.must_move(key, needs, placement));
            }
        }
        let siblings = siblings(self.state, key);
        let covered = siblings.iter().any(|node| self.lives(*node));
        let replaces = placement.map(|placement| placement.grant.first);
        homeless.push(Homeless { key: key.clone(), needs, replaces, siblings, covered });
    }

    fn unplace(&mut self, key: &PlacementKey, needs: &CameraNeeds, placement: &CellPlacement) {
        placement.nodes().for_each(|node| self.loads.add(node, -i64::from(needs.load())));
        self.propose(key, CellCommand::Unplace { key: key.clone(), epoch: placement.grant.first });
    }

    /// Places those without a node: cameras that nobody records first, heavy ones before light ones.
    fn house(&mut self, mut homeless: Vec<Homeless<'a>>) {
        homeless.sort_by_cached_key(|one| (one.covered, std::cmp::Reverse(one.needs.load()), one.key.clone()));
        // Slots of one camera placed by this very plan must not meet either.
        let mut placed: BTreeMap<CameraKey, NodeId> = BTreeMap::new();
        for mut one in homeless {
            let camera = CameraKey::from(&one.key);
            if one.covered && self.has_no_session(&camera, one.needs) {
                continue;
            }
            // A sibling that is homeless itself is placed elsewhere by this plan; its old node does not count.
            one.siblings.extend(placed.get(&camera));
            let apart = one.siblings.iter().copied().rfind(|node| self.lives(*node));
            let found = self.loads.choose(&one.key, one.needs, &one.siblings, apart);
            let node = found.or_else(|| if one.covered { None } else { self.make_room(&one) });
            let Some(node) = node else {
                let why = self.why_not(one.needs, &one.siblings);
                self.plan.unplaced.push(Unplaced { key: one.key, why });
                continue;
            };
            self.loads.add(node, i64::from(one.needs.load()));
            placed.insert(camera, node);
            self.propose(&one.key, CellCommand::Place { key: one.key.clone(), node, replaces: one.replaces });
        }
    }

    /// A move of the camera holds the session that one more placement would need: it waits for the end of that.
    fn has_no_session(&self, camera: &CameraKey, needs: &CameraNeeds) -> bool {
        let fed = self.state.settings().feed && needs.max_sessions < u16::from(needs.redundancy);
        let moving = self.state.placements_of(camera).any(|(_, placement)| placement.next.is_some());
        needs.enabled && moving && !fed && self.state.sessions(camera) >= needs.max_sessions
    }

    /// A camera that nobody records goes before the second recording of another: unplaces one twin that is in the way.
    fn make_room(&mut self, one: &Homeless<'a>) -> Option<NodeId> {
        let weight = u64::from(one.needs.load());
        let way = self.state.placements().iter().find_map(|(key, placement)| {
            let load = self.loads.get(placement.node).filter(|load| load.takes && load.allows(one.needs))?;
            let needs = self.state.camera(&CameraKey::from(key))?;
            let enough = load.used.saturating_sub(u64::from(needs.load())) + weight <= u64::from(load.member.capacity);
            let spare = key.slot != Slot::OWNER && needs.enabled && !one.siblings.contains(&placement.node);
            if !enough || !spare || self.is_busy(key) {
                return None;
            }
            let other = siblings(self.state, key);
            let covered = !other.is_empty() && other.iter().all(|node| self.lives(*node));
            covered.then(|| (key.clone(), needs, placement))
        });
        let (key, needs, placement) = way?;
        self.unplace(&key, needs, placement);
        Some(placement.node)
    }

    fn why_not(&self, needs: &CameraNeeds, others: &[NodeId]) -> WhyUnplaced {
        let may = |(node, load): (NodeId, &super::loads::NodeLoad<'_>)| {
            load.takes && load.allows(needs) && !others.contains(&node)
        };
        if self.loads.iter().any(may) { WhyUnplaced::NoRoom } else { WhyUnplaced::NoNode }
    }
}
