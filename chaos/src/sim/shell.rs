use std::collections::BTreeMap;

use eyrie_cluster::{CameraKey, CellOutput, Duty, PlacementKey};
use eyrie_types::NodeId;

use super::Planted;
use super::process::Run;
use super::world::{Message, World};

/// How often a proposal is passed on before it is lost.
const HOPS: u8 = 3;

impl World {
    /// Does what the core says, as the shell does.
    pub(super) fn carry_out(&mut self, n: usize, output: CellOutput) {
        let now = self.now;
        match output {
            CellOutput::Send { to, heartbeat } => {
                if let Some(to) = self.machine_of(to) {
                    self.send(n, to, Message::Beat(heartbeat));
                }
            }
            CellOutput::Propose(command) => self.propose(n, command, HOPS),
            CellOutput::Note(spent) => {
                if self.planted != Some(Planted::UnsyncedNotes) {
                    self.machines[n].disk.spent = spent;
                }
            }
            CellOutput::Duties(duties) => self.reconcile(n, duties),
            CellOutput::Jobs(jobs) => {
                if let Some(process) = self.machines[n].process.as_mut() {
                    process.jobs = jobs;
                }
            }
            CellOutput::Lease(until) => {
                if let Some(process) = self.machines[n].process.as_mut() {
                    process.lease_until = until;
                }
            }
            CellOutput::Voters(change) => {
                let Some(process) = self.machines[n].process.as_mut() else { return };
                let clock = process.clock_us(now);
                let before = process.raft_view(now);
                // What it has applied, which is what it can know: a node that joins at this very moment is one for the next change.
                let known = std::sync::Arc::clone(process.cell.state().1);
                let Some(config) = process.raft.change(clock, change) else { return };
                self.journal.note(now, format_args!("n{n} {change:?}"));
                if let Err(violation) = self.watch.voters_changed(&known, &before.members, &config, change) {
                    self.fail(violation);
                }
            }
            CellOutput::Report(_) => {}
            CellOutput::Superseded(refusal) => {
                self.journal.note(now, format_args!("n{n} is superseded: {refusal}"));
                self.reconcile(n, BTreeMap::new());
            }
        }
    }

    fn reconcile(&mut self, n: usize, duties: BTreeMap<PlacementKey, Duty>) {
        let now = self.now;
        let Some(process) = self.machines[n].process.as_mut() else { return };
        let wanted =
            |key: &PlacementKey, run: &Run| duties.get(key).is_some_and(|duty| duty.enabled && duty.epoch == run.epoch);
        process.runs.retain(|key, run| wanted(key, run));
        let mut started = Vec::new();
        for (key, duty) in duties.iter().filter(|(_, duty)| duty.enabled) {
            if let Some(run) = process.runs.get_mut(key) {
                if duty.feed_from.is_some() {
                    run.session = false;
                }
                run.feed_from = duty.feed_from;
                continue;
            }
            // Starts are paced, 10 ms apart.
            let try_at = now + 5_000 + started.len() as u64 * 10_000;
            let run = Run {
                epoch: duty.epoch,
                feed_from: duty.feed_from,
                session: false,
                try_at,
                keyframe_at: 0,
                recording: false,
            };
            process.runs.insert(key.clone(), run);
            started.push((key.clone(), duty.epoch));
        }
        process.duties = duties;
        let life = self.machines[n].life;
        for (key, epoch) in started {
            self.journal.note(now, format_args!("n{n} starts {key} epoch {epoch}"));
            if let Err(violation) = self.watch.started(n, life, &key, epoch) {
                self.fail(violation);
            }
        }
    }

    /// Connects, waits for keyframes, loses what is gone; every tick.
    pub(super) fn run_cameras(&mut self, n: usize) {
        let now = self.now;
        let keys: Vec<PlacementKey> =
            self.machines[n].process.iter().flat_map(|process| process.runs.keys().cloned()).collect();
        for key in keys {
            let camera = CameraKey::from(&key);
            let max = self.latest().camera(&camera).map_or(1, |needs| needs.max_sessions);
            let open = self.sessions(&camera);
            let fed = self.feeds(n, &key);
            let (connect, first, refused) =
                (self.dice.within(20_000..150_000), self.dice.within(20_000..1_000_000), 500_000);
            let Some(run) = self.machines[n].process.as_mut().and_then(|process| process.runs.get_mut(&key)) else {
                continue;
            };
            let Some(sim) = self.cameras.get_mut(&camera) else { continue };
            let silent = now < sim.silent_until;
            if run.feed_from.is_none() && !run.session && now >= run.try_at {
                run.session = sim.takes(now, open, max);
                // Direct already through a feeder that is gone: it goes on without a break where it got its session in time.
                run.keyframe_at = if run.recording && run.session { now } else { now + connect + first };
                run.try_at = now + refused;
            }
            let ready = now >= run.keyframe_at;
            run.session &= !silent;
            run.recording = if run.session { ready } else { run.feed_from.is_some() && fed };
        }
    }

    fn sessions(&self, camera: &CameraKey) -> usize {
        let of = |key: &PlacementKey, run: &Run| run.session && CameraKey::from(key) == *camera;
        let runs =
            self.machines.iter().filter_map(|machine| machine.process.as_ref()).flat_map(|process| &process.runs);
        runs.filter(|(key, run)| of(key, run)).count()
    }

    /// Whether the node that is to feed this run does.
    fn feeds(&self, n: usize, key: &PlacementKey) -> bool {
        let run = self.machines[n].process.as_ref().and_then(|process| process.runs.get(key));
        let Some(feeder) = run.and_then(|run| run.feed_from).and_then(|node: NodeId| self.machine_of(node)) else {
            return false;
        };
        let Some(process) = self.machines[feeder].process.as_ref().filter(|process| self.now >= process.paused_until)
        else {
            return false;
        };
        let camera = CameraKey::from(key);
        let gives =
            |(other, run): (&PlacementKey, &Run)| CameraKey::from(other) == camera && run.session && run.recording;
        self.network.reaches(feeder, n) && process.runs.iter().any(gives)
    }
}
