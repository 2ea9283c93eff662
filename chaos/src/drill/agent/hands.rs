use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::time::Duration;

use eyrie_types::{DrillAct, DrillCannot, DrillDoing, DrillDoingState, DrillOrder, DrillRunId, Monotonic, WallTime};

use super::cut::{Cut, is_cut};
use super::cutter::{Cutter, Peer};
use super::means::Means;
use super::node::Node;
use super::process::Ended;
use super::watcher::Watcher;
use crate::drill::local::{Launcher, dies_with_us};
use crate::drill::{DrillError, Percent};

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
    watcher: Watcher,
    launcher: Launcher,
    node: Node,
    burners: Vec<Child>,
    cutter: Cutter,
    run: Option<DrillRunId>,
    in_force: BTreeMap<u32, InForce>,
    doing: BTreeMap<u32, DrillDoing>,
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
    /// Starts the node, or looks for the one that runs.
    pub(super) fn start(
        means: Means,
        mut watcher: Watcher,
        cutter: Cutter,
        now: Monotonic,
    ) -> Result<Self, DrillError> {
        let launcher = Launcher::start()?;
        Ok(Self {
            node: Node::start(means, now, &mut watcher)?,
            watcher,
            launcher,
            burners: Vec::new(),
            cutter,
            run: None,
            in_force: BTreeMap::new(),
            doing: BTreeMap::new(),
        })
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
    pub(super) fn see_to_it(&mut self, now: Monotonic, wall: WallTime) -> Result<Option<Ended>, DrillError> {
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
        let ended = self.node.see_to((kill, stop, pause), now, &mut self.watcher)?;
        if ended.is_some() {
            return Ok(ended);
        }
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

    /// Ends everything that was done to the node, and with it a node that is our own, as an operator would; how that one ended.
    pub(super) fn leave(mut self, wall: WallTime) -> Result<Option<Ended>, DrillError> {
        self.end_all("the agent was told to stop", wall);
        self.see_to_the_cores(0)?;
        // What cannot be mended expires.
        let _ = self.cutter.see_to(Vec::new(), Monotonic::default(), &mut self.watcher);
        let ended = self.node.leave()?;
        self.watcher.end();
        Ok(ended)
    }
}
