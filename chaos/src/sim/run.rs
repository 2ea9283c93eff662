use std::collections::BTreeMap;

use eyrie_cluster::{CameraKey, CellCommand, Health, JobName, MoveMode, RaftMember};
use eyrie_types::NodeId;

use super::invariants::{Violation, drain_loses_nothing, one_live_owner, one_worker_per_job, why_not_settled};
use super::scenario::cell_id;
use super::world::{Event, TICK_US, World};
use super::{Planted, Scenario};

const S: u64 = 1_000_000;
/// Within this after all faults have ended, everything is as it should be. The longest part is a move that failed and cools down.
const SETTLED_WITHIN_US: u64 = 150 * S;
/// How long a drain may take.
const DRAINED_WITHIN_US: u64 = 120 * S;

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Virtual time, in microseconds.
    pub virtual_us: u64,
    /// Events handled.
    pub events: u64,
    /// Entries of the log.
    pub entries: u64,
    /// Verdicts of death.
    pub deaths: u64,
    /// Placements taken over.
    pub takeovers: u64,
    /// Moves begun.
    pub moves: u64,
    /// Commands refused.
    pub refused: u64,
    /// How long it took to settle after all faults had ended, in microseconds.
    pub settled_us: u64,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// The first rule that was broken.
    pub violation: Option<Violation>,
    /// A hash over every line of the log: the same for the same seed.
    pub hash: u64,
    /// How many lines.
    pub lines: u64,
    /// The lines, if they were to be kept.
    pub log: Vec<String>,
    /// What happened.
    pub tally: Tally,
    /// The world it was in.
    pub scenario: Scenario,
}

/// Runs one seed: founding, faults, healing, a drain in calm.
pub fn run_seed(seed: u64, planted: Option<Planted>, keep_log: bool) -> Outcome {
    let mut world = World::new(seed, planted, keep_log);
    world.found();
    world.faulty();
    let settled_us = world.settle();
    world.drain_in_calm();
    let watch = &world.watch;
    let tally = Tally {
        virtual_us: world.now,
        events: world.handled,
        entries: world.states.len() as u64 - 1,
        deaths: watch.deaths,
        takeovers: watch.takeovers,
        moves: watch.moves,
        refused: watch.refused,
        settled_us,
    };
    let (violation, scenario) = (world.violation.take(), world.scenario.clone());
    let (hash, lines, log) = world.journal.into_parts();
    Outcome { seed, violation, hash, lines, log, tally, scenario }
}

impl World {
    fn found(&mut self) {
        for _ in 0..self.scenario.nodes {
            self.add_machine();
        }
        let machine = &mut self.machines[0];
        let member = RaftMember { node: machine.node, voter: true, caught_up: true };
        let mut raft = super::raft::Raft::start(machine.disk.raft.clone(), 0, &mut self.dice);
        raft.found(member);
        machine.disk.raft = raft.disk;
        self.start(0);
        self.at(TICK_US, Event::Sample);
        // The founder proposes until it leads.
        let member = Box::new(self.machines[0].disk.member.clone());
        let found = CellCommand::Found { cell: cell_id(), node: self.machines[0].node, member };
        while self.latest().cell().is_none() && self.violation.is_none() && self.now < 5 * S {
            self.run_until(self.now + 200_000);
            self.propose(0, found.clone(), 0);
            self.pump(0);
        }
        let settings = Box::new(self.scenario.settings.clone());
        self.command(CellCommand::SetSettings { settings });
        for n in 1..self.scenario.nodes {
            let delay = self.dice.within(0..2 * S);
            self.after(delay, Event::Start { machine: n });
        }
        for _ in 0..self.scenario.cameras {
            self.add_camera();
        }
        self.run_until(self.now + 3 * S);
    }

    fn faulty(&mut self) {
        self.faults_on = true;
        self.after(0, Event::Fault);
        self.run_until(self.now + self.scenario.faults_us);
        self.heal();
    }

    /// Waits until all is well; answers how long that took.
    fn settle(&mut self) -> u64 {
        let healed = self.now;
        let mut why = None;
        while self.violation.is_none() && self.now < healed + SETTLED_WITHIN_US {
            self.run_until(self.now + S / 4);
            // An administrator ends the drains; repeated, for a proposal may be lost.
            let draining = self.latest().members().iter().find(|(_, member)| member.draining);
            if let Some((node, start)) = draining.map(|(node, member)| (*node, member.start)) {
                self.command(CellCommand::SetDrain { node, start, draining: false });
            }
            let gone = self.machines.iter().filter(|machine| machine.retired).map(|machine| machine.node);
            let gone =
                gone.filter(|node| self.latest().member(*node).is_some_and(|member| member.health == Health::Dead));
            if let Some(node) = gone.max() {
                self.command(CellCommand::RemoveNode { node });
            }
            why = why_not_settled(self);
            if why.is_none() {
                return self.now - healed;
            }
        }
        if let Some(why) = why {
            self.note_moves();
            self.note_rafts();
            let bound = SETTLED_WITHIN_US / S;
            self.fail(Violation::new("owners_live", format!("{bound} s after the last fault: {why}")));
        }
        self.now - healed
    }

    /// Drains a node while nothing else happens.
    fn drain_in_calm(&mut self) {
        // Commands of administrators are at most 3 s late.
        self.run_until(self.now.max(self.last_fault + 4 * S));
        let holders: Vec<NodeId> = self.latest().placements().values().map(|placement| placement.node).collect();
        let Some(node) = self.dice.pick(&holders).copied().filter(|_| self.violation.is_none()) else { return };
        let Some(start) = self.latest().member(node).map(|member| member.start) else { return };
        self.journal.note(self.now, format_args!("{node} is drained in calm"));
        let from = self.now;
        while self.violation.is_none() && self.now < from + DRAINED_WITHIN_US {
            if !self.latest().member(node).is_some_and(|member| member.draining) {
                self.command(CellCommand::SetDrain { node, start, draining: true });
            }
            self.run_until(self.now + S / 4);
            self.note_gaps();
            let held = self.latest().placements().values().filter(|p| p.nodes().any(|holder| holder == node)).count();
            if held == 0 || self.leader_is_stuck() {
                return;
            }
        }
        if self.violation.is_none() {
            self.fail(Violation::new(
                "drain_loses_nothing",
                format!("{node} is not drained after {} s", DRAINED_WITHIN_US / S),
            ));
        }
    }

    /// Puts into the log what both sides of pending moves do.
    fn note_moves(&mut self) {
        let state = std::sync::Arc::clone(self.latest());
        for (key, placement) in state.placements() {
            let Some(next) = placement.next else { continue };
            for node in placement.nodes() {
                let process = self.machine_of(node).and_then(|n| self.machines[n].process.as_ref());
                let run = process.and_then(|process| process.runs.get(key));
                let needs = state.camera(&CameraKey::from(key));
                self.journal.note(self.now, format_args!("{key} {:?}: {node} {run:?} {needs:?}", next.mode));
            }
        }
    }

    fn note_rafts(&mut self) {
        for (n, machine) in self.machines.iter().enumerate() {
            let Some(process) = &machine.process else { continue };
            let view = process.raft_view(self.now);
            let (log, commit) = (process.raft.disk.log.len(), process.raft.commit);
            self.journal.note(self.now, format_args!("n{n} log {log} commit {commit} {view:?}"));
        }
    }

    /// Nothing more can move: no room elsewhere.
    fn leader_is_stuck(&self) -> bool {
        let plan = eyrie_cluster::plan_cell(self.latest(), &Default::default());
        let moving = self.latest().placements().values().any(|placement| placement.next.is_some());
        plan.commands.is_empty() && !moving && !plan.stuck.is_empty()
    }

    fn note_gaps(&mut self) {
        let state = std::sync::Arc::clone(self.latest());
        for (key, camera) in &self.cameras {
            let Some(needs) = state.camera(key).filter(|needs| needs.enabled) else { continue };
            let Some(since) = camera.gap_since.filter(|since| *since > self.last_fault + S) else { continue };
            let sessions = u16::from(needs.redundancy) < needs.max_sessions || state.settings().feed;
            let placed = state.placements_of(key).next().is_some();
            let stops =
                state.placements_of(key).any(|(_, p)| p.next.is_some_and(|next| next.mode == MoveMode::StopFirst));
            // A feeder that hands over its only session loses a moment: the camera allows no overlap.
            let only = needs.max_sessions == 1 || u16::from(state.wanted_slots(needs)) >= needs.max_sessions;
            let checked = sessions && placed && !stops && !only;
            if let Err(violation) = drain_loses_nothing::check(key, if checked { self.now - since } else { 0 }) {
                return self.fail(violation);
            }
        }
    }

    /// Looks at what runs everywhere at this moment.
    pub(super) fn sample(&mut self) {
        let now = self.now;
        let mut recorded: BTreeMap<CameraKey, bool> = self.cameras.keys().map(|key| (key.clone(), false)).collect();
        let mut live: BTreeMap<CameraKey, Vec<NodeId>> = BTreeMap::new();
        let mut workers: BTreeMap<JobName, Vec<usize>> = BTreeMap::new();
        let ignored = self.planted == Some(Planted::LeaseIgnored);
        for (n, machine) in self.machines.iter().enumerate() {
            let Some(process) = machine.process.as_ref().filter(|process| now >= process.paused_until) else {
                continue;
            };
            let leased = ignored || process.clock(now) < process.lease_until;
            for (key, run) in &process.runs {
                let camera = CameraKey::from(key);
                if process.duties.get(key).is_some_and(|duty| duty.live) && leased {
                    live.entry(camera.clone()).or_default().push(machine.node);
                }
                if run.recording {
                    recorded.insert(camera, true);
                }
            }
            if leased {
                process.jobs.keys().for_each(|job| workers.entry(job.clone()).or_default().push(n));
            }
        }
        for (key, recorded) in recorded {
            if let Some(camera) = self.cameras.get_mut(&key) {
                camera.gap_since = if recorded { None } else { Some(camera.gap_since.unwrap_or(now)) };
            }
        }
        let state = std::sync::Arc::clone(self.latest());
        let lives = live.iter().filter(|(_, nodes)| nodes.len() > 1);
        let broken = lives.map(|(camera, nodes)| one_live_owner::check(&state, camera, nodes));
        let broken = broken.chain(workers.iter().map(|(job, workers)| one_worker_per_job::check(job, workers)));
        if let Some(violation) = broken.filter_map(Result::err).next() {
            self.fail(violation);
        }
    }
}
