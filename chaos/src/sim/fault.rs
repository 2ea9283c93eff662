use eyrie_cluster::{CameraNeeds, CellCommand, Health, RaftId};

use super::Planted;
use super::raft::RaftDisk;
use super::scenario::{camera_key, needs};
use super::world::{Event, Message, World};

/// A fault that ends by itself.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    Network,
}

const S: u64 = 1_000_000;

impl World {
    /// One thing goes wrong, or changes; and the next is planned.
    pub(super) fn inject(&mut self) {
        if !self.faults_on {
            return;
        }
        let next = self.dice.within(S / 5..4 * S);
        self.after(next, Event::Fault);
        self.last_fault = self.now;
        let n = self.dice.within(0..self.machines.len() as u64) as usize;
        match self.dice.within(0..100) {
            0..=17 => self.crash_for(n, 20 * S),
            18..=22 => self.lose_log(n),
            23..=36 => self.pause(n),
            37..=54 => self.partition(n),
            55..=64 => {
                let mut dice = self.dice.clone();
                self.network.worsen(&mut dice);
                self.dice = dice;
                self.journal.note(self.now, format_args!("the network gets worse"));
                self.end_within(10 * S, Fault::Network);
            }
            65..=66 => (0..self.machines.len()).for_each(|n| self.crash_for(n, 2 * S)),
            67..=76 => self.drain_or_undrain(n),
            77..=88 => self.change_camera(),
            89..=93 => self.silence_camera(),
            94..=95 => self.grow(),
            96..=97 => self.remove_dead(),
            _ => {
                let at_least = self.latest().generation() + 1;
                self.command(CellCommand::RaiseGeneration { at_least, counter_at_least: 0 });
            }
        }
    }

    pub(super) fn undo(&mut self, fault: Fault) {
        match fault {
            Fault::Network => {
                self.journal.note(self.now, format_args!("the network is healed"));
                self.last_fault = self.now;
                self.network.heal();
            }
        }
    }

    /// Ends all faults: everything reaches everything, and runs.
    pub(super) fn heal(&mut self) {
        self.faults_on = false;
        self.last_fault = self.now;
        self.undo(Fault::Network);
        self.cameras.values_mut().for_each(|camera| camera.silent_until = 0);
        for n in 0..self.machines.len() {
            match self.machines[n].process.as_mut() {
                // It goes on by itself.
                Some(process) => self.last_fault = self.last_fault.max(process.paused_until),
                None => self.start(n),
            }
        }
    }

    fn end_within(&mut self, longest: u64, fault: Fault) {
        let delay = self.dice.within(S / 2..longest);
        self.after(delay, Event::Undo(fault));
    }

    /// A command from an administrator, through any node; it may get lost or late.
    pub(super) fn command(&mut self, command: CellCommand) {
        let running: Vec<usize> = (0..self.machines.len()).filter(|n| self.machines[*n].process.is_some()).collect();
        if let Some(via) = self.dice.pick(&running).copied() {
            let late = if self.faults_on && self.dice.chance(100) { self.dice.within(0..3 * S) } else { 0 };
            self.after(late, Event::Deliver { from: via, to: via, message: Message::Propose(command, 3) });
        }
    }

    fn crash_for(&mut self, n: usize, longest: u64) {
        self.crash(n);
        let delay = self.dice.within(S / 10..longest);
        self.after(delay, Event::Start { machine: n });
    }

    /// A disk is lost with the log on it, at most one of the group's at a time: more is what `recover` is for.
    fn lose_log(&mut self, n: usize) {
        let planted = self.planted == Some(Planted::WipedVoterKeepsId);
        let voters: Vec<RaftId> = self.voters();
        // A learner that lost its log may still be promoted under its old number, before that is known.
        let group = self.group();
        self.machines.iter_mut().for_each(|machine| machine.lost = machine.lost.filter(|lost| group.contains(lost)));
        if (!planted && self.a_voter_is_gone()) || voters.len() < 3 || self.machines[n].retired {
            return;
        }
        self.crash(n);
        let id = if planted { self.machines[n].disk.raft.id } else { RaftId(self.dice.roll()) };
        let machine = &mut self.machines[n];
        machine.lost = Some(machine.disk.raft.id).filter(|id| group.contains(id));
        machine.disk.raft = RaftDisk::empty(id);
        machine.disk.member.raft = id;
        self.by_raft.insert(id, n);
        self.journal.note(self.now, format_args!("n{n} loses its log"));
        let delay = self.dice.within(S / 10..5 * S);
        self.after(delay, Event::Start { machine: n });
    }

    /// A voter will never come back, and is not yet out of the group.
    fn a_voter_is_gone(&self) -> bool {
        let voters = self.voters();
        let gone = |m: &super::process::Machine| m.lost.is_some() || (m.retired && voters.contains(&m.disk.raft.id));
        self.machines.iter().any(gone)
    }

    /// The voters in any configuration that may still count: of every log.
    fn voters(&self) -> Vec<RaftId> {
        self.newest_log().map(RaftDisk::voters).unwrap_or_default()
    }

    fn group(&self) -> Vec<RaftId> {
        self.newest_log().map(|disk| disk.config().into_keys().collect()).unwrap_or_default()
    }

    fn newest_log(&self) -> Option<&RaftDisk> {
        let logs =
            self.machines.iter().map(|machine| machine.process.as_ref().map_or(&machine.disk.raft, |p| &p.raft.disk));
        logs.max_by_key(|disk| (disk.log.last().map_or(0, |entry| entry.term), disk.log.len()))
    }

    fn pause(&mut self, n: usize) {
        let (now, length) = (self.now, self.dice.within(S / 10..5 * S));
        if let Some(process) = self.machines[n].process.as_mut() {
            process.paused_until = now + length;
            self.journal.note(now, format_args!("n{n} stops for {length} us"));
        }
    }

    fn partition(&mut self, n: usize) {
        let all = self.machines.len();
        let kind = self.dice.within(0..5);
        self.journal.note(self.now, format_args!("partition {kind} around n{n}"));
        match kind {
            // One node alone; what it sends is lost; what is sent to it is lost.
            0..=2 => (0..all).filter(|other| *other != n).for_each(|other| {
                if kind != 1 {
                    self.network.cut(other, n);
                }
                if kind != 2 {
                    self.network.cut(n, other);
                }
            }),
            // Two halves.
            3 => {
                let side: Vec<bool> = (0..all).map(|_| self.dice.chance(500)).collect();
                for a in 0..all {
                    (0..all).filter(|b| side[a] != side[*b]).for_each(|b| self.network.cut(a, b));
                }
            }
            // Some directions between some.
            _ => {
                for a in 0..all {
                    (0..all).filter(|b| a != *b && self.dice.chance(200)).for_each(|b| self.network.cut(a, b));
                }
            }
        }
        self.end_within(15 * S, Fault::Network);
    }

    fn drain_or_undrain(&mut self, n: usize) {
        let node = self.machines[n].node;
        if let Some(start) = self.latest().member(node).map(|member| member.start) {
            let draining = self.dice.chance(600);
            self.command(CellCommand::SetDrain { node, start, draining });
        }
    }

    fn change_camera(&mut self) {
        let known = self.cameras_made.max(1) as u64;
        let key = camera_key(self.dice.within(0..known) as usize);
        let revision = self.latest().camera(&key).map_or(1, |needs| needs.revision + 1);
        match self.dice.within(0..10) {
            0 => self.command(CellCommand::RemoveCamera { key }),
            1..=3 => self.add_camera(),
            _ => {
                let needs = Box::new(needs(&mut self.dice, revision));
                self.command(CellCommand::PutCamera { key, needs });
            }
        }
    }

    pub(super) fn add_camera(&mut self) {
        let key = camera_key(self.cameras_made);
        self.cameras_made += 1;
        self.cameras.insert(key.clone(), Default::default());
        let needs = CameraNeeds { enabled: true, ..needs(&mut self.dice, 1) };
        self.command(CellCommand::PutCamera { key, needs: Box::new(needs) });
    }

    fn silence_camera(&mut self) {
        let (now, length) = (self.now, self.dice.within(S..10 * S));
        let keys: Vec<_> = self.cameras.keys().cloned().collect();
        if let Some(camera) = self.dice.pick(&keys).cloned().and_then(|key| self.cameras.get_mut(&key)) {
            camera.silent_until = now + length;
        }
    }

    fn grow(&mut self) {
        if self.machines.len() < self.scenario.nodes + 2 {
            let n = self.add_machine();
            self.start(n);
        }
    }

    fn remove_dead(&mut self) {
        let dead = |n: &usize| {
            let machine = &self.machines[*n];
            let member = self.latest().member(machine.node);
            machine.process.is_none() && member.is_some_and(|member| member.health == Health::Dead)
        };
        if let Some(n) = (0..self.machines.len()).find(dead).filter(|_| !self.a_voter_is_gone()) {
            self.machines[n].retired = true;
            let node = self.machines[n].node;
            self.journal.note(self.now, format_args!("n{n} is removed for good"));
            self.command(CellCommand::RemoveNode { node });
        }
    }
}
