use std::sync::Arc;

use eyrie_cluster::{CellCommand, CellState};

use super::Planted;
use super::invariants::Violation;
use super::process::Process;
use super::raft::{Entry, Payload};
use super::world::{Event, Message, TICK_US, World};

impl World {
    pub(super) fn handle(&mut self, event: Event) {
        match event {
            Event::Tick { machine, life } => self.tick(machine, life),
            Event::Deliver { from, to, message } => self.deliver(from, to, message),
            Event::Apply { machine, life } => self.apply(machine, life),
            Event::Start { machine } => self.start(machine),
            Event::Sample => {
                self.sample();
                self.after(TICK_US, Event::Sample);
            }
            Event::Fault => self.inject(),
            Event::Undo(fault) => self.undo(fault),
        }
    }

    /// The process of this life, if it runs now; else the event waits until it does.
    fn awake(&mut self, n: usize, event: impl FnOnce() -> Event) -> Option<&mut Process> {
        let now = self.now;
        let process = self.machines[n].process.as_mut()?;
        if now < process.paused_until {
            process.backlog.push_back(event());
            return None;
        }
        Some(process)
    }

    fn is_alive(&self, n: usize, life: u64) -> bool {
        self.machines[n].life == life && self.machines[n].process.is_some()
    }

    fn tick(&mut self, n: usize, life: u64) {
        if !self.is_alive(n, life) {
            return;
        }
        let now = self.now;
        let Some(process) = self.machines[n].process.as_mut() else { return };
        if now < process.paused_until {
            let wake = process.paused_until;
            return self.at(wake, Event::Tick { machine: n, life });
        }
        // What has waited while it was stopped comes first, in order, as from a socket's buffer.
        let backlog = std::mem::take(&mut process.backlog);
        backlog.into_iter().for_each(|event| self.handle(event));
        self.run_cameras(n);
        let Some(process) = self.machines[n].process.as_mut() else { return };
        let (clock, clock_us) = (process.clock(now), process.clock_us(now));
        let facts = process.facts(self.planted == Some(Planted::RecordingTooSoon));
        if facts != process.facts {
            process.facts = facts.clone();
            process.cell.local(clock, facts);
        }
        process.raft.tick(clock_us, &mut self.dice);
        process.cell.tick(clock);
        self.pump(n);
        let jitter = self.dice.within(0..5_000);
        self.after(TICK_US + jitter, Event::Tick { machine: n, life });
    }

    fn deliver(&mut self, from: usize, to: usize, message: Message) {
        let again = message.clone();
        if self.awake(to, || Event::Deliver { from, to, message: again }).is_none() {
            return;
        }
        let (now, node) = (self.now, self.machines[from].node);
        let Some(process) = self.machines[to].process.as_mut() else { return };
        match message {
            Message::Raft { from, to: id, message } => {
                // A number that is no longer this node's.
                if process.raft.disk.id != id {
                    return;
                }
                let clock = process.clock_us(now);
                process.raft.receive(clock, from, message, &mut self.dice);
            }
            Message::Beat(heartbeat) => process.cell.heard(process.clock(now), node, &heartbeat),
            Message::Propose(command, hops) => self.propose(to, command, hops),
        }
        self.pump(to);
    }

    /// Brings a command to the leader, as the link between nodes does.
    pub(super) fn propose(&mut self, n: usize, command: CellCommand, hops: u8) {
        let now = self.now;
        let Some(process) = self.machines[n].process.as_mut() else { return };
        if process.raft.leads() {
            let clock = process.clock_us(now);
            process.raft.propose(clock, command);
            return;
        }
        let leader = process.raft.leader().map(|member| member.node);
        if hops == 0 {
            return;
        }
        let to = leader.and_then(|node| self.machine_of(node)).unwrap_or_else(|| {
            // A seed address: anybody.
            self.dice.within(0..self.machines.len() as u64) as usize
        });
        self.send(n, to, Message::Propose(command, hops - 1));
    }

    /// Sends what Raft wants sent, tells the core what has changed, carries out what it answers; until nothing is left.
    pub(super) fn pump(&mut self, n: usize) {
        loop {
            let now = self.now;
            let Some(process) = self.machines[n].process.as_mut() else { return };
            let me = process.raft.disk.id;
            let view = process.raft_view(now);
            if process.view.as_ref() != Some(&view) {
                process.view = Some(view.clone());
                process.cell.role(process.clock(now), view);
            }
            let lags = process.raft.commit > process.applied && !process.applying;
            process.applying |= lags;
            let messages = process.raft.drain();
            let quiet = messages.is_empty();
            for (to, message) in messages {
                if let Some(machine) = self.by_raft.get(&to).copied() {
                    self.send(n, machine, Message::Raft { from: me, to, message });
                }
            }
            if lags {
                let delay = if self.faults_on && self.dice.chance(30) {
                    self.dice.within(0..400_000)
                } else {
                    self.dice.within(50..2_000)
                };
                let life = self.machines[n].life;
                self.after(delay, Event::Apply { machine: n, life });
            }
            let Some(output) = self.machines[n].process.as_mut().and_then(|process| process.cell.poll()) else {
                if quiet {
                    return;
                }
                continue;
            };
            self.carry_out(n, output);
        }
    }

    fn apply(&mut self, n: usize, life: u64) {
        if !self.is_alive(n, life) || self.awake(n, || Event::Apply { machine: n, life }).is_none() {
            return;
        }
        let Some(process) = self.machines[n].process.as_mut() else { return };
        process.applying = false;
        let (from, commit) = (process.applied, process.raft.commit);
        let entries: Vec<Entry> =
            process.raft.disk.log.iter().take(commit as usize).skip(from as usize).cloned().collect();
        for (index, entry) in (from + 1..).zip(entries) {
            self.apply_entry(n, index, &entry);
        }
        let (now, dice) = (self.now, self.dice.chance(300));
        let state = Arc::clone(&self.states[commit as usize].1);
        let Some(process) = self.machines[n].process.as_mut() else { return };
        process.applied = commit;
        if dice {
            process.raft.disk.applied = commit;
        }
        process.cell.applied(process.clock(now), commit, state);
        self.pump(n);
    }

    /// Everybody applies the same entry to the same state: it is done once, and compared by term.
    fn apply_entry(&mut self, n: usize, index: u64, entry: &Entry) {
        if let Some((term, _)) = self.states.get(index as usize) {
            if *term != entry.term {
                let what =
                    format!("n{n} applies entry {index} of term {}, another applied one of term {term}", entry.term);
                self.fail(Violation::new("one_history", what));
            }
            return;
        }
        let before = Arc::clone(self.latest());
        let after = match &entry.payload {
            Payload::Command(command) => self.apply_command(index, &before, command),
            Payload::Blank | Payload::Config(_) => Arc::clone(&before),
        };
        self.states.push((entry.term, after));
    }

    fn apply_command(&mut self, index: u64, before: &CellState, command: &CellCommand) -> Arc<CellState> {
        let mut state = before.clone();
        let commands = match command {
            // A plan is refused as a whole, which changes nothing.
            CellCommand::Plan { revision, .. } if *revision != before.revision() => {
                self.watch.refused += 1;
                return Arc::new(state);
            }
            CellCommand::Batch(commands) | CellCommand::Plan { commands, .. } => commands.as_slice(),
            one => std::slice::from_ref(one),
        };
        for command in commands {
            let was = state.clone();
            let answer = state.apply(self.replanted(&was, command));
            self.journal.note(self.now, format_args!("#{index} {command} -> {}", short(&answer)));
            let watched = self.watch.applied(self.now, self.last_fault, &was, command, &answer, &state);
            if let Err(violation) = watched {
                self.fail(violation);
            }
        }
        Arc::new(state)
    }

    /// The command as a state machine with a planted bug would read it.
    fn replanted(&self, state: &CellState, command: &CellCommand) -> CellCommand {
        let present = |node| state.member(node).map_or(0, |member| member.start);
        match command.clone() {
            CellCommand::SetDrain { node, draining, .. } if self.planted == Some(Planted::LateCommandsApplied) => {
                CellCommand::SetDrain { node, start: present(node), draining }
            }
            CellCommand::SetHealth { node, health, .. } if self.planted == Some(Planted::LateCommandsApplied) => {
                CellCommand::SetHealth { node, start: present(node), health }
            }
            other => other,
        }
    }
}

fn short(answer: &Result<eyrie_cluster::CellAnswer, eyrie_cluster::Refusal>) -> String {
    match answer {
        Ok(eyrie_cluster::CellAnswer::Granted(grant)) => format!("epochs {grant}"),
        Ok(answer) => format!("{answer:?}"),
        Err(refusal) => format!("refused: {refusal}"),
    }
}
