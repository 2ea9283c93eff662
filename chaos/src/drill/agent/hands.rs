use std::collections::BTreeMap;
use std::ffi::OsString;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use eyrie_types::{DrillAct, DrillCannot, DrillDoing, DrillDoingState, DrillOrder, DrillRunId, Monotonic, WallTime};
use rustix::process::{Pid, Signal, kill_process};

use super::cut::{Cut, is_cut};
use super::cutter::{Cutter, Peer};
use super::watcher::Watcher;
use crate::drill::local::{Launcher, dies_with_us};
use crate::drill::{DrillError, Percent};

/// How long a node that was told to stop may take; then it is killed.
const STOPPED_WITHIN: Duration = Duration::from_secs(60);
/// From saying that a fault begins to doing it: so that the cell hears of it even when this ends the last node that listens.
const LEAD: Duration = Duration::from_millis(750);
/// Orders that are told of.
const DOING_MAX: usize = 64;
/// Orders of one run that are carried out on one node: each is remembered, so that none is done twice. A drill of a day that does
/// something every ten seconds has fewer.
const TAKEN_MAX: usize = 10_000;

/// The node, and what is being done to it. What is to be in force is compared with what is, again and again, so that whatever went
/// wrong once is tried again, and what ends for any reason ends the same way.
pub(super) struct Hands {
    command: Vec<OsString>,
    watcher: Watcher,
    launcher: Launcher,
    node: Node,
    paused: bool,
    burners: Vec<Child>,
    cutter: Cutter,
    run: Option<DrillRunId>,
    in_force: BTreeMap<u32, InForce>,
    doing: BTreeMap<u32, DrillDoing>,
}

enum Node {
    Up(Child),
    /// It was told to stop.
    Stopping(Child, Monotonic),
    Down,
}

struct InForce {
    act: DrillAct,
    /// When it begins.
    from: Monotonic,
    /// When it ends by itself.
    until: Monotonic,
    /// Of a partition: what it cuts, and the node's own port.
    cut: Option<(u16, Cut)>,
}

impl Hands {
    /// Starts the node.
    pub(super) fn start(command: Vec<OsString>, watcher: Watcher, cutter: Cutter) -> Result<Self, DrillError> {
        let mut hands = Self {
            command,
            watcher,
            launcher: Launcher::start()?,
            node: Node::Down,
            paused: false,
            burners: Vec::new(),
            cutter,
            run: None,
            in_force: BTreeMap::new(),
            doing: BTreeMap::new(),
        };
        hands.begin_node()?;
        Ok(hands)
    }

    /// What became of the orders so far.
    pub(super) fn doing(&self) -> Vec<DrillDoing> {
        let skip = self.doing.len().saturating_sub(DOING_MAX);
        self.doing.values().skip(skip).cloned().collect()
    }

    /// What cannot be done to the node called `own`, whose cell has these nodes.
    pub(super) fn cannot(&self, own: &str, peers: &[Peer]) -> Vec<DrillCannot> {
        self.cutter.why_not(own, peers).into_iter().collect()
    }

    /// Something is being done.
    pub(super) fn is_busy(&self) -> bool {
        !self.in_force.is_empty()
    }

    /// Takes what is to be in force now, in the run it belongs to. The node is called `own`, and its cell has these nodes.
    pub(super) fn take(
        &mut self,
        run: Option<DrillRunId>,
        orders: &[DrillOrder],
        (own, peers): (&str, &[Peer]),
        now: Monotonic,
        wall: WallTime,
    ) {
        let Some(run) = run else { return self.end_all("", wall) };
        if self.run != Some(run) {
            self.end_all("another drill began", wall);
            self.doing.clear();
            self.run = Some(run);
        }
        let withdrawn: Vec<_> = self
            .in_force
            .keys()
            .filter(|number| !orders.iter().any(|order| order.number == **number))
            .copied()
            .collect();
        withdrawn.into_iter().for_each(|number| self.over(number, "", wall));
        for DrillOrder { number, act, lasts_ms, .. } in orders {
            // Each once: one that is over stays over. What is too much never begins, which the drill is told by its absence.
            if self.doing.contains_key(number) || self.doing.len() >= TAKEN_MAX {
                continue;
            }
            let cut = match act {
                DrillAct::Partition { way, from, .. } => self.cutter.cut(*way, from, own, peers).map(Some),
                _ => Ok(None),
            };
            let cut = match cut {
                Ok(cut) => cut,
                Err(why) => {
                    self.note(*number, DrillDoingState::Failed, &why, wall);
                    continue;
                }
            };
            let from = now + LEAD;
            let until = from + Duration::from_millis(*lasts_ms);
            self.in_force.insert(*number, InForce { act: act.clone(), from, until, cut });
            self.note(*number, DrillDoingState::Begun, "", wall + LEAD);
        }
    }

    /// Ends everything.
    pub(super) fn end_all(&mut self, why: &str, wall: WallTime) {
        let numbers: Vec<_> = self.in_force.keys().copied().collect();
        numbers.into_iter().for_each(|number| self.over(number, why, wall));
    }

    fn over(&mut self, number: u32, why: &str, wall: WallTime) {
        self.in_force.remove(&number);
        self.note(number, DrillDoingState::Ended, why, wall);
    }

    fn note(&mut self, number: u32, state: DrillDoingState, why: &str, at: WallTime) {
        let Some(run) = self.run else { return };
        self.doing.insert(number, DrillDoing { run, number, state, at, why: why.to_owned() });
    }

    /// Makes it so. `Some` when the node has ended by itself.
    pub(super) fn see_to_it(&mut self, now: Monotonic, wall: WallTime) -> Result<Option<ExitStatus>, DrillError> {
        let late: Vec<_> =
            self.in_force.iter().filter(|(_, in_force)| in_force.until <= now).map(|(n, _)| *n).collect();
        late.into_iter().for_each(|number| self.over(number, "", wall));
        let acts = || self.in_force.values().filter(|in_force| in_force.from <= now).map(|in_force| &in_force.act);
        let any = |wanted: fn(&DrillAct) -> bool| acts().any(wanted);
        let (kill, stop) = (any(|act| *act == DrillAct::Kill), any(|act| *act == DrillAct::Stop));
        let pause = any(|act| *act == DrillAct::Pause);
        let share = acts().filter_map(|act| match act {
            DrillAct::CpuPressure { share } => Some(*share),
            _ => None,
        });
        let share = share.max().unwrap_or_default();
        let ended = self.see_to_the_node(kill, stop, now)?;
        if ended.is_some() {
            return Ok(ended);
        }
        self.see_to_the_pause(pause)?;
        self.see_to_the_cores(share)?;
        self.see_to_the_cuts(now, wall);
        Ok(None)
    }

    fn see_to_the_cuts(&mut self, now: Monotonic, wall: WallTime) {
        let cuts = self.in_force.values().filter(|in_force| in_force.from <= now).filter_map(|in_force| {
            let DrillAct::Partition { flapping, .. } = &in_force.act else { return None };
            in_force.cut.clone().filter(|_| is_cut(*flapping, now.since(in_force.from)))
        });
        let Err(why) = self.cutter.see_to(cuts.collect(), now, &mut self.watcher) else { return };
        // A cut that cannot be made or renewed is none. One that cannot be mended is tried again, and expires.
        let failed = self.in_force.iter().filter(|(_, in_force)| in_force.cut.is_some()).map(|(number, _)| *number);
        for number in failed.collect::<Vec<_>>() {
            self.in_force.remove(&number);
            self.note(number, DrillDoingState::Failed, &why, wall);
        }
    }

    fn see_to_the_node(&mut self, kill: bool, stop: bool, now: Monotonic) -> Result<Option<ExitStatus>, DrillError> {
        let node = std::mem::replace(&mut self.node, Node::Down);
        self.node = match node {
            Node::Up(mut child) => match child.try_wait().map_err(DrillError::io("waiting for the node"))? {
                Some(status) => return Ok(Some(status)),
                None if kill || stop => {
                    self.watcher.down(true)?;
                    signal(&child, if kill { Signal::KILL } else { Signal::TERM })?;
                    // A stopped process hears it only when it goes on.
                    signal(&child, Signal::CONT)?;
                    self.paused = false;
                    Node::Stopping(child, now)
                }
                None => Node::Up(child),
            },
            Node::Stopping(mut child, since) => {
                if child.try_wait().map_err(DrillError::io("waiting for the node"))?.is_some() {
                    Node::Down
                } else {
                    if kill || now.since(since) > STOPPED_WITHIN {
                        signal(&child, Signal::KILL)?;
                    }
                    Node::Stopping(child, since)
                }
            }
            Node::Down => Node::Down,
        };
        if matches!(self.node, Node::Down) && !kill && !stop {
            self.begin_node()?;
        }
        Ok(None)
    }

    fn see_to_the_pause(&mut self, pause: bool) -> Result<(), DrillError> {
        let Node::Up(child) = &self.node else { return Ok(()) };
        if pause && !self.paused {
            self.watcher.paused(true)?;
            signal(child, Signal::STOP)?;
        } else if !pause && self.paused {
            signal(child, Signal::CONT)?;
            self.watcher.paused(false)?;
        }
        self.paused = pause;
        Ok(())
    }

    fn see_to_the_cores(&mut self, share: u16) -> Result<(), DrillError> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let whole = usize::from(Percent::WHOLE.as_hundredths());
        let wanted = (usize::from(share).min(whole) * cores).div_ceil(whole);
        while self.burners.len() < wanted {
            let mut command = dies_with_us("sh");
            command.args(["-c", "while :; do :; done"]).stdin(Stdio::null());
            self.burners.push(self.launcher.spawn(command, &crate::drill::local::Place::default())?);
        }
        for mut burner in self.burners.drain(wanted..) {
            // Ours, and not waited for yet.
            let _ = burner.kill();
            let _ = burner.wait();
        }
        Ok(())
    }

    fn begin_node(&mut self) -> Result<(), DrillError> {
        let [program, args @ ..] = self.command.as_slice() else {
            return Err(DrillError::Refused("say how the node is started, behind `--`".to_owned()));
        };
        let started = Command::new(program).args(args).stdin(Stdio::null()).spawn();
        let child = started.map_err(DrillError::io(format!("starting {}", program.to_string_lossy())))?;
        self.watcher.node(child.id())?;
        self.node = Node::Up(child);
        Ok(())
    }

    /// Ends the node as an operator would, with everything that was done to it; how it ended.
    pub(super) fn stop(mut self, wall: WallTime) -> Result<Option<ExitStatus>, DrillError> {
        self.end_all("the agent was told to stop", wall);
        self.see_to_the_cores(0)?;
        // What cannot be mended expires.
        let _ = self.cutter.see_to(Vec::new(), Monotonic::default(), &mut self.watcher);
        let status = match std::mem::replace(&mut self.node, Node::Down) {
            Node::Up(mut child) | Node::Stopping(mut child, _) => {
                signal(&child, Signal::TERM)?;
                signal(&child, Signal::CONT)?;
                Some(child.wait().map_err(DrillError::io("waiting for the node"))?)
            }
            Node::Down => None,
        };
        self.watcher.end();
        Ok(status)
    }
}

/// Signals our own child, which was not waited for: the number is its own. One that has ended is no error.
fn signal(child: &Child, signal: Signal) -> Result<(), DrillError> {
    let Some(pid) = Pid::from_raw(child.id().cast_signed()) else { return Ok(()) };
    match kill_process(pid, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(DrillError::io("signalling the node")(error.into())),
    }
}
