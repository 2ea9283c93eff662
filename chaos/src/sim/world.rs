use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use eyrie_cluster::{CameraKey, CellCommand, CellNode, CellState, DetectorLimits, Heartbeat, NodeSetup, RaftId};
use eyrie_types::NodeId;

use super::Planted;
use super::camera::SimCamera;
use super::dice::Dice;
use super::disk::Disk;
use super::fault::Fault;
use super::invariants::{Violation, Watch};
use super::journal::Journal;
use super::network::Network;
use super::process::{Machine, Process, local_us};
use super::raft::{Raft, RaftDisk, RaftMessage};
use super::scenario::{Scenario, index_of, node_id};

/// How often a process gets to look at its timers.
pub(super) const TICK_US: u64 = 50_000;

#[derive(Debug, Clone)]
pub(super) enum Message {
    Raft {
        from: RaftId,
        to: RaftId,
        message: RaftMessage,
    },
    Beat(Heartbeat),
    /// A proposal on its way to the leader, and how often it was passed on.
    Propose(CellCommand, u8),
}

#[derive(Debug, Clone)]
pub(super) enum Event {
    Tick { machine: usize, life: u64 },
    Deliver { from: usize, to: usize, message: Message },
    Apply { machine: usize, life: u64 },
    Start { machine: usize },
    Sample,
    Fault,
    Undo(Fault),
}

/// Everything there is.
pub(super) struct World {
    pub(super) now: u64,
    pub(super) dice: Dice,
    pub(super) scenario: Scenario,
    pub(super) planted: Option<Planted>,
    queue: BinaryHeap<Reverse<(u64, u64)>>,
    events: BTreeMap<u64, Event>,
    sequence: u64,
    pub(super) machines: Vec<Machine>,
    pub(super) by_raft: BTreeMap<RaftId, usize>,
    pub(super) network: Network,
    pub(super) cameras: BTreeMap<CameraKey, SimCamera>,
    pub(super) cameras_made: usize,
    /// The state after each index, with the term of its entry, as the first to apply it made it.
    pub(super) states: Vec<(u64, Arc<CellState>)>,
    pub(super) watch: Watch,
    pub(super) journal: Journal,
    pub(super) violation: Option<Violation>,
    pub(super) faults_on: bool,
    pub(super) last_fault: u64,
    pub(super) handled: u64,
}

impl World {
    pub(super) fn new(seed: u64, planted: Option<Planted>, keep_log: bool) -> Self {
        let mut dice = Dice::new(seed);
        let scenario = Scenario::draw(&mut dice);
        let network = Network::new(&mut dice);
        Self {
            now: 0,
            scenario,
            planted,
            queue: BinaryHeap::new(),
            events: BTreeMap::new(),
            sequence: 0,
            machines: Vec::new(),
            by_raft: BTreeMap::new(),
            network,
            cameras: BTreeMap::new(),
            cameras_made: 0,
            states: vec![(0, Arc::default())],
            watch: Watch::default(),
            journal: Journal::new(keep_log),
            violation: None,
            faults_on: false,
            last_fault: 0,
            handled: 0,
            dice,
        }
    }

    pub(super) fn at(&mut self, time: u64, event: Event) {
        self.sequence += 1;
        self.queue.push(Reverse((time, self.sequence)));
        self.events.insert(self.sequence, event);
    }

    pub(super) fn after(&mut self, delay: u64, event: Event) {
        self.at(self.now + delay, event);
    }

    pub(super) fn fail(&mut self, violation: Violation) {
        if self.violation.is_none() {
            self.journal.note(self.now, format_args!("VIOLATION {violation}"));
            self.violation = Some(violation);
        }
    }

    /// A new machine, off.
    pub(super) fn add_machine(&mut self) -> usize {
        let n = self.machines.len();
        let member = self.scenario.member(n, &mut self.dice);
        self.by_raft.insert(member.raft, n);
        let raft = RaftDisk::empty(member.raft);
        let disk = Disk { raft, member, spent: Default::default() };
        self.machines.push(Machine { node: node_id(n), disk, process: None, life: 0, lost: None, retired: false });
        n
    }

    pub(super) fn machine_of(&self, node: NodeId) -> Option<usize> {
        index_of(node).filter(|n| *n < self.machines.len())
    }

    /// Starts a machine's process.
    pub(super) fn start(&mut self, n: usize) {
        let (now, planted) = (self.now, self.planted);
        let (offset, ppm) = (self.dice.within(0..50_000_000), self.dice.within(985_000..1_015_000));
        let machine = &mut self.machines[n];
        if machine.process.is_some() || machine.retired {
            return;
        }
        machine.life += 1;
        machine.disk.member.start += 1;
        let setup = NodeSetup {
            node: machine.node,
            member: machine.disk.member.clone(),
            spent: machine.disk.spent.clone(),
            limits: limits(planted),
        };
        let raft = Raft::start(machine.disk.raft.clone(), local_us(now, offset, ppm), &mut self.dice);
        let mut process = Process::new(CellNode::new(setup), raft, offset, ppm);
        let state = Arc::clone(&self.states[process.applied as usize].1);
        process.cell.applied(process.clock(now), process.applied, state);
        machine.process = Some(process);
        let life = machine.life;
        self.journal.note(now, format_args!("n{n} starts, start {}", self.machines[n].disk.member.start));
        let delay = self.dice.within(0..TICK_US);
        self.after(delay, Event::Tick { machine: n, life });
    }

    /// Kills a machine's process.
    pub(super) fn crash(&mut self, n: usize) {
        let Some(process) = self.machines[n].process.take() else { return };
        self.journal.note(self.now, format_args!("n{n} dies"));
        let mut raft = process.raft.disk;
        // The state machine on disk may lag behind.
        raft.applied = if self.dice.chance(500) { process.applied } else { raft.applied };
        self.machines[n].disk.raft = raft;
        for (key, run) in process.runs {
            if let Some(camera) = self.cameras.get_mut(&CameraKey::from(&key)).filter(|_| run.session) {
                camera.linger(self.now, &mut self.dice);
            }
        }
    }

    pub(super) fn send(&mut self, from: usize, to: usize, message: Message) {
        if let Some(delay) = self.network.carry(&mut self.dice, from, to) {
            self.after(delay, Event::Deliver { from, to, message });
        }
    }

    /// The latest state anybody has applied.
    pub(super) fn latest(&self) -> &Arc<CellState> {
        &self.states[self.states.len() - 1].1
    }

    /// Lets time pass until `until`, or until something is wrong.
    pub(super) fn run_until(&mut self, until: u64) {
        while self.violation.is_none() {
            match self.queue.peek() {
                Some(Reverse((time, _))) if *time <= until => {}
                _ => break,
            }
            let Some(Reverse((time, sequence))) = self.queue.pop() else { break };
            let Some(event) = self.events.remove(&sequence) else { continue };
            self.now = time;
            self.handled += 1;
            self.handle(event);
        }
        self.now = self.now.max(until);
    }
}

fn limits(planted: Option<Planted>) -> DetectorLimits {
    let mut limits = DetectorLimits::default();
    if planted == Some(Planted::HastyDetector) {
        let hasty = std::time::Duration::from_millis(150);
        (limits.floor, limits.ceiling) = (hasty, hasty);
    }
    limits
}
