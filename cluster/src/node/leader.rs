use std::collections::{BTreeMap, BTreeSet};

use eyrie_types::{Epoch, Monotonic, NodeId};

use super::asked::Asked;
use super::timing::{
    CALM_AFTER, DEAF_AFTER, MOVE_COOLING, MOVE_PATIENCE, OPINION_AGE_MAX, PLAN_INTERVAL, REPORT_INTERVAL, UNFIT_AFTER,
    UP_AFTER, VOTER_REPLACE_AFTER,
};
use super::{CellOutput, CellReport, Heartbeat};
use crate::{
    BATCH_COMMANDS_MAX, CellCommand, CellState, Detector, Health, Member, MoveReport, PlacementKey, PlanFacts,
    RaftView, VoterChange, plan_cell, survival, voter_change,
};

/// What a leader remembers while it leads; a new one starts with what it heard as a voter.
pub(super) struct Leader {
    opinions: BTreeMap<NodeId, Opinion>,
    follows: BTreeMap<NodeId, Follow>,
    /// Since when a dead node looks well, or a node is dead or draining.
    well_since: BTreeMap<NodeId, Monotonic>,
    /// What was applied when we first saw that a node is dead.
    dead_at: BTreeMap<NodeId, u64>,
    away_since: BTreeMap<NodeId, Monotonic>,
    began: BTreeMap<Epoch, Monotonic>,
    reports: BTreeMap<(Epoch, NodeId), MoveReport>,
    cooling: BTreeMap<PlacementKey, Monotonic>,
    commands: Asked<CellCommand>,
    changes: Asked<(VoterChange, Vec<crate::RaftId>)>,
    shape: Vec<(NodeId, u64, Health, bool)>,
    shape_since: Monotonic,
    planned: Option<Monotonic>,
    reported: Option<Monotonic>,
    /// The revision and the plan the last report was drawn up for.
    report_of: (u64, Vec<crate::Unplaced>, Vec<PlacementKey>),
}

/// What a voter last said.
struct Opinion {
    /// It was formed after this moment on our clock.
    after: Monotonic,
    silent: BTreeMap<NodeId, u64>,
}

/// How a node follows the log.
#[derive(Clone, Copy)]
struct Follow {
    /// What it has to have applied to prove it.
    target: u64,
    /// When that was set.
    since: Monotonic,
    /// What it said last that it has applied.
    applied: u64,
}

/// What the leader looks at.
pub(super) struct Sight<'a> {
    pub(super) now: Monotonic,
    pub(super) me: NodeId,
    pub(super) state: &'a CellState,
    pub(super) index: u64,
    pub(super) view: &'a RaftView,
    pub(super) detector: &'a Detector,
    /// What this node says of its own sides of moves: it writes itself no heartbeats.
    pub(super) own: Vec<(Epoch, MoveReport)>,
    /// Something has changed since the last time.
    pub(super) dirty: bool,
}

impl Leader {
    pub(super) fn new(now: Monotonic) -> Self {
        Self {
            opinions: BTreeMap::new(),
            follows: BTreeMap::new(),
            well_since: BTreeMap::new(),
            dead_at: BTreeMap::new(),
            away_since: BTreeMap::new(),
            began: BTreeMap::new(),
            reports: BTreeMap::new(),
            cooling: BTreeMap::new(),
            commands: Asked::new(),
            changes: Asked::new(),
            shape: Vec::new(),
            shape_since: now,
            planned: None,
            reported: None,
            report_of: (0, Vec::new(), Vec::new()),
        }
    }

    /// A heartbeat came. `index`: what we have applied.
    pub(super) fn heard(&mut self, now: Monotonic, index: u64, me: u64, heartbeat: &Heartbeat) {
        let node = heartbeat.node;
        if let Some(echo) = heartbeat.echo.filter(|echo| echo.start == me) {
            let after = Monotonic::from_start(std::time::Duration::from_micros(echo.sent_us));
            let newer = self.opinions.get(&node).is_none_or(|opinion| opinion.after <= after);
            if newer {
                self.opinions.insert(node, Opinion { after, silent: heartbeat.silent.iter().copied().collect() });
            }
        }
        let follow = self.follows.entry(node).or_insert(Follow { target: index, since: now, applied: 0 });
        follow.applied = heartbeat.applied;
        if heartbeat.applied >= follow.target {
            (follow.target, follow.since) = (index, now);
        }
        self.reports.extend(heartbeat.moves.iter().map(|(epoch, report)| ((*epoch, node), *report)));
    }

    /// Decides what there is to decide.
    pub(super) fn lead(&mut self, sight: &Sight<'_>, out: &mut impl Extend<CellOutput>) {
        let Sight { now, state, .. } = *sight;
        self.remember(sight);
        let verdicts = self.verdicts(sight);
        let due = self.planned.is_none_or(|planned| now.since(planned) >= PLAN_INTERVAL);
        if !due && !sight.dirty && verdicts.is_empty() {
            return;
        }
        self.planned = Some(now);
        // The plan reckons with the verdicts, so that both are one entry of the log.
        let mut after = None;
        if !verdicts.is_empty() {
            let mut projected = state.clone();
            verdicts.iter().for_each(|verdict| drop(projected.apply(verdict.clone())));
            after = Some(projected);
        }
        let plan = plan_cell(after.as_ref().unwrap_or(state), &self.facts(sight));
        for command in &plan.commands {
            if let CellCommand::AbandonMove { key, .. } = command {
                self.cooling.insert(key.clone(), now + MOVE_COOLING);
            }
        }
        let mut commands: Vec<_> = verdicts.into_iter().chain(plan.commands).collect();
        commands.truncate(BATCH_COMMANDS_MAX);
        let command = CellCommand::Plan { revision: state.revision(), commands };
        if !matches!(&command, CellCommand::Plan { commands, .. } if commands.is_empty())
            && self.commands.may(now, &command)
        {
            out.extend([CellOutput::Propose(command)]);
        }
        self.change_voters(sight, out);
        // The N+1 verdict costs as much as a plan: not again for the same.
        let of = (state.revision(), plan.unplaced, plan.stuck);
        let due = self.reported.is_none_or(|reported| now.since(reported) >= REPORT_INTERVAL);
        if due && of != self.report_of {
            self.reported = Some(now);
            let report = CellReport { survival: survival(state), unplaced: of.1.clone(), stuck: of.2.clone() };
            self.report_of = of;
            out.extend([CellOutput::Report(Box::new(report))]);
        }
    }

    /// Keeps what belongs to what is, and notes since when.
    fn remember(&mut self, sight: &Sight<'_>) {
        let Sight { now, state, index, .. } = *sight;
        let members = state.members();
        self.opinions.retain(|node, _| members.contains_key(node));
        self.well_since.retain(|node, _| members.contains_key(node));
        self.dead_at.retain(|node, _| members.contains_key(node));
        self.follows.retain(|node, _| members.contains_key(node));
        for node in members.keys() {
            let follow = self.follows.entry(*node).or_insert(Follow { target: index, since: now, applied: 0 });
            if sight.detector.doubtful() {
                // We heard nobody while we did not run.
                follow.since = now;
            }
        }
        self.away_since.retain(|node, _| members.get(node).is_some_and(|member| !member.takes_placements()));
        members.iter().filter(|(_, member)| !member.takes_placements()).for_each(|(node, _)| {
            self.away_since.entry(*node).or_insert(now);
        });
        let shape = |(node, m): (&NodeId, &Member)| (*node, m.start, m.health, m.draining);
        let shape: Vec<_> = members.iter().map(shape).collect();
        if shape != self.shape {
            self.shape = shape;
            self.shape_since = now;
        }
        let pending: BTreeSet<Epoch> =
            state.placements().values().filter_map(|placement| placement.next).map(|next| next.grant.first).collect();
        self.began.retain(|epoch, _| pending.contains(epoch));
        self.reports.extend(sight.own.iter().map(|(epoch, report)| ((*epoch, sight.me), *report)));
        self.reports.retain(|(epoch, _), _| pending.contains(epoch));
        for epoch in pending {
            self.began.entry(epoch).or_insert(now);
        }
        self.cooling.retain(|_, until| now < *until);
    }

    /// How long a node has not proved that it follows the log.
    fn behind(&self, sight: &Sight<'_>, node: NodeId) -> std::time::Duration {
        self.follows.get(&node).map_or(std::time::Duration::ZERO, |follow| sight.now.since(follow.since))
    }

    fn verdicts(&mut self, sight: &Sight<'_>) -> Vec<CellCommand> {
        let mut verdicts = Vec::new();
        for (node, member) in sight.state.members() {
            let health = if *node == sight.me { Health::Up } else { self.judge(sight, *node, member) };
            if health != member.health {
                verdicts.push(CellCommand::SetHealth { node: *node, start: member.start, health });
            }
        }
        verdicts
    }

    fn judge(&mut self, sight: &Sight<'_>, node: NodeId, member: &Member) -> Health {
        let Sight { now, detector, .. } = *sight;
        let silent = self.silent_for(sight, node, member.start);
        let deaf = self.behind(sight, node) >= DEAF_AFTER;
        if member.health == Health::Up {
            self.well_since.remove(&node);
            self.dead_at.remove(&node);
            let dead = silent > sight.view.voters().len() / 2 || deaf;
            return if dead && !detector.doubtful() { Health::Dead } else { Health::Up };
        }
        // It must know that it was dead, and what was taken from it, before it may act again.
        let dead_at = *self.dead_at.entry(node).or_insert(sight.index);
        let knows = self.follows.get(&node).is_some_and(|follow| follow.applied >= dead_at);
        let well = silent == 0 && !deaf && knows && detector.hears(node, member.start);
        if !well {
            self.well_since.remove(&node);
            return Health::Dead;
        }
        let since = *self.well_since.entry(node).or_insert(now);
        if now.since(since) >= UP_AFTER { Health::Up } else { Health::Dead }
    }

    /// How many voters do not hear this start of a node, as far as their opinions are recent.
    fn silent_for(&self, sight: &Sight<'_>, node: NodeId, start: u64) -> usize {
        let own: BTreeMap<_, _> = sight.detector.silent().filter(|(silent, _)| *silent == node).collect();
        let says = |voter: &NodeId| {
            let recent = |opinion: &&Opinion| sight.now.since(opinion.after) <= OPINION_AGE_MAX;
            let opinion = self.opinions.get(voter).filter(recent).map(|opinion| &opinion.silent);
            let silent = if *voter == sight.me { Some(&own) } else { opinion };
            silent.and_then(|silent| silent.get(&node)) == Some(&start)
        };
        sight.view.voters().iter().filter(|voter| says(voter)).count()
    }

    fn facts(&self, sight: &Sight<'_>) -> PlanFacts {
        let now = sight.now;
        let lags = |node: &NodeId| *node != sight.me && self.behind(sight, *node) >= UNFIT_AFTER;
        let unfit = sight.state.members().keys().filter(|node| lags(node) || sight.detector.is_silent(**node));
        let overdue = self.began.iter().filter(|(_, began)| now.since(**began) >= MOVE_PATIENCE);
        PlanFacts {
            unfit: unfit.copied().collect(),
            reports: self.reports.clone(),
            overdue: overdue.map(|(epoch, _)| *epoch).collect(),
            cooling: self.cooling.keys().cloned().collect(),
            calm: now.since(self.shape_since) >= CALM_AFTER,
        }
    }

    fn change_voters(&mut self, sight: &Sight<'_>, out: &mut impl Extend<CellOutput>) {
        let now = sight.now;
        let long = self.away_since.iter().filter(|(_, since)| now.since(**since) >= VOTER_REPLACE_AFTER);
        let replaceable = long.map(|(node, _)| *node).collect();
        let Some(change) = voter_change(sight.state, sight.view, &replaceable) else { return };
        // A view that has changed since makes it another question.
        let seen = sight.view.members.iter().filter(|(_, member)| member.voter).map(|(raft, _)| *raft).collect();
        if self.changes.may(now, &(change, seen)) {
            out.extend([CellOutput::Voters(change)]);
        }
    }
}
