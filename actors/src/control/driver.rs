use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use eyrie_cluster::{CellCommand, CellOutput, CellState, Health, Heartbeat, LocalFacts, LocalRun, PlacementKey, TICK};
use eyrie_types::{Monotonic, NodeId, WallTime};
use tokio::sync::{mpsc, watch};
use tokio::time::MissedTickBehavior;

use super::CommandError;
use super::control::Shared;
use crate::link::LinkCast;
use crate::node::Fallen;
use crate::raft::{Applied, RaftPeer, RaftRole};

/// How often what runs here is told to the core: a move waits for it, and a large node has 10,000 entries to go through.
const LOCAL_EVERY: Duration = Duration::from_millis(200);
/// How long a proposal of the core's may take; it is made again by itself.
const PROPOSE_WITHIN: Duration = Duration::from_secs(3);
/// How often Raft is told of a member's new address, until it knows it: a change of the group waits for the one before.
const MEND_EVERY: Duration = Duration::from_secs(2);
/// Most heartbeats and fallen incarnations that are taken in one go, so that ticks come in between.
const BATCH: usize = 256;

/// Feeds the core with what happens, and carries out what it answers.
pub(super) struct Driver {
    shared: Arc<Shared>,
    heartbeats: mpsc::Receiver<(NodeId, Heartbeat)>,
    fallen: mpsc::Receiver<Fallen>,
    applied: watch::Receiver<Arc<Applied>>,
    role: watch::Receiver<RaftRole>,
    /// When Raft was last told of a member's new address.
    mended: Option<Monotonic>,
    /// The peers that the link was last told of.
    peers: BTreeMap<NodeId, String>,
}

impl Driver {
    pub(super) fn new(
        shared: Arc<Shared>,
        heartbeats: mpsc::Receiver<(NodeId, Heartbeat)>,
        fallen: mpsc::Receiver<Fallen>,
    ) -> Self {
        let (applied, role) = (shared.raft.state(), shared.raft.role());
        Self { shared, heartbeats, fallen, applied, role, mended: None, peers: BTreeMap::new() }
    }

    pub(super) async fn run(&mut self) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut local = tokio::time::interval(LOCAL_EVERY);
        local.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.applied.mark_changed();
        self.role.mark_changed();
        let (mut beats, mut fallen) = (Vec::new(), Vec::new());
        loop {
            tokio::select! {
                _ = tick.tick() => self.shared.core().tick(self.shared.clock.monotonic()),
                _ = local.tick() => self.tell_local(),
                // None where nobody can send any more, as in a cell of one: that is nothing to wake up for.
                1.. = self.heartbeats.recv_many(&mut beats, BATCH) => self.take_heartbeats(&mut beats),
                1.. = self.fallen.recv_many(&mut fallen, BATCH) => {
                    let now = self.shared.clock.monotonic();
                    fallen.drain(..).for_each(|Fallen { key, epoch }| self.shared.core().fell(now, &key, epoch));
                }
                // The senders live as long as Raft does.
                Ok(()) = self.applied.changed() => self.take_applied(),
                Ok(()) = self.role.changed() => self.take_role(),
            }
            self.carry_out();
        }
    }

    fn take_heartbeats(&self, beats: &mut Vec<(NodeId, Heartbeat)>) {
        let now = self.shared.clock.monotonic();
        let mut heard = self.shared.heard();
        for (from, heartbeat) in beats.drain(..) {
            self.shared.core().heard(now, from, &heartbeat);
            heard.insert(from, (now, heartbeat));
        }
    }

    fn take_applied(&mut self) {
        let applied = self.applied.borrow_and_update().clone();
        let (index, state) = (applied.index, Arc::clone(&applied.state));
        self.meet(&state);
        self.note_silence(&state);
        self.shared.core().applied(self.shared.clock.monotonic(), index, state);
    }

    fn take_role(&mut self) {
        let role = self.role.borrow_and_update().clone();
        if role.view.ready {
            self.mend_addresses(&role);
        }
        self.shared.core().role(self.shared.clock.monotonic(), role.view);
    }

    /// A member that has moved says so when it joins again; as leader, this node tells Raft.
    fn mend_addresses(&mut self, role: &RaftRole) {
        let now = self.shared.clock.monotonic();
        if self.mended.is_some_and(|last| now.since(last) < MEND_EVERY) {
            return;
        }
        let state = Arc::clone(self.shared.core().state().1);
        let moved = role.peers.iter().find_map(|(raft, peer)| {
            let member = state.member(peer.node).filter(|member| member.raft == *raft)?;
            (member.peer != peer.address).then(|| (*raft, RaftPeer { node: peer.node, address: member.peer.clone() }))
        });
        let Some((raft, peer)) = moved.filter(|_| !role.view.changing) else { return };
        self.mended = Some(now);
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            if let Err(error) = shared.raft.add_learner(raft, peer).await {
                tracing::debug!(%error, "a member's new address could not be told to Raft yet");
            }
        });
    }

    /// Keeps sessions with all members.
    fn meet(&mut self, state: &CellState) {
        let members = state.members().iter().filter(|(node, _)| **node != self.shared.me);
        let urls: BTreeSet<_> = members.map(|(_, member)| member.url.clone()).collect();
        if urls != **self.shared.other_urls.load() {
            self.shared.other_urls.store(Arc::new(urls));
        }
        let Some(link) = self.shared.link() else { return };
        let members = state.members().iter();
        let others = members.filter(|(node, member)| **node != self.shared.me && !member.peer.is_empty());
        let peers: BTreeMap<_, _> = others.map(|(node, member)| (*node, member.peer.clone())).collect();
        // A node that has not joined yet keeps the sessions with its seeds.
        if state.member(self.shared.me).is_some() && peers != self.peers {
            link.set_peers(peers.clone());
            self.peers = peers;
        }
        self.shared.heard().retain(|node, _| state.member(*node).is_some());
        self.shared.clocks().retain(|node| state.member(node).is_some());
    }

    /// Remembers when nodes that are held to be dead were last heard: what their cameras miss begins there.
    fn note_silence(&self, state: &CellState) {
        let (now, at) = (self.shared.clock.now(), self.shared.clock.monotonic());
        let heard = self.shared.heard();
        let mut silent = self.shared.silent_since();
        silent.retain(|node, _| state.member(*node).is_some_and(|member| member.health == Health::Dead));
        for (node, _) in state.members().iter().filter(|(_, member)| member.health == Health::Dead) {
            silent.entry(*node).or_insert_with(|| {
                self.shared.node.bus().lost(*node);
                heard.get(node).map_or(now, |(last, _)| now - at.since(*last))
            });
        }
    }

    fn tell_local(&self) {
        let running = self.shared.node.incarnations().into_iter();
        let running = running.map(|(key, epoch, recording)| (key, LocalRun { epoch, recording })).collect();
        let facts = LocalFacts { running, jobs: self.shared.working().clone() };
        self.shared.core().local(self.shared.clock.monotonic(), facts);
    }

    fn carry_out(&self) {
        loop {
            let output = self.shared.core().poll();
            let Some(output) = output else { return };
            match output {
                CellOutput::Send { to, heartbeat } => {
                    let Some(link) = self.shared.link() else { continue };
                    // Plain values, into a growing vector: nothing in it can fail to encode.
                    let bytes = postcard::to_stdvec(&heartbeat).unwrap_or_default();
                    // What cannot be said now is said anew in 200 ms; the link counts it.
                    let _ = link.cast(to, LinkCast::Heartbeat(bytes));
                }
                CellOutput::Propose(command) => self.propose(command),
                CellOutput::Note(spent) => drop(self.shared.orders.send_if_modified(|orders| {
                    orders.spent = spent;
                    false
                })),
                CellOutput::Duties(duties) => {
                    let dead_since = self.dead_since(duties.keys());
                    tracing::debug!(placements = duties.len(), "the cell asks this node to run");
                    self.shared.orders.send_modify(|orders| {
                        orders.version += 1;
                        orders.duties = duties;
                        orders.dead_since = dead_since;
                    });
                }
                CellOutput::Jobs(jobs) => drop(self.shared.jobs.send_replace(jobs)),
                CellOutput::Lease(until) => self.shared.lease_until_us.store(until.as_us(), Ordering::Release),
                CellOutput::Voters(change) => {
                    let shared = Arc::clone(&self.shared);
                    tokio::spawn(async move {
                        if let Err(error) = shared.raft.change(change).await {
                            tracing::warn!(?change, %error, "the voters could not be changed yet");
                        }
                    });
                }
                CellOutput::Report(report) => self.shared.report(&report),
                CellOutput::Superseded(refusal) => {
                    tracing::error!(%refusal, "another process has taken this node's place: it stops");
                    self.shared.superseded.send_replace(Some(refusal.to_string()));
                }
            }
        }
    }

    /// Of placements that were taken from a dead node, when that was last heard.
    fn dead_since<'a>(&self, mine: impl Iterator<Item = &'a PlacementKey>) -> BTreeMap<PlacementKey, WallTime> {
        let state = Arc::clone(self.shared.core().state().1);
        let silent = self.shared.silent_since();
        let taken = mine.filter_map(|key| {
            let from = state.placement(key)?.taken_from?;
            Some((key.clone(), *silent.get(&from)?))
        });
        taken.collect()
    }

    /// In a task of its own: it waits for a commit. One at a time of each is seen to by the core.
    fn propose(&self, command: CellCommand) {
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            let outcome = match &command {
                CellCommand::Join { .. } => shared.ask_to_join(&command, PROPOSE_WITHIN).await,
                _ => shared.propose_here_or_forward(command.clone(), None, PROPOSE_WITHIN).await,
            };
            let failed = match outcome {
                Ok(applied) => applied.answer.map(drop).map_err(|refusal| format!("the cell refuses: {refusal}")),
                // Before it has met anybody, none leads that it could know of.
                Err(CommandError::NoLeader) => return,
                Err(error) => Err(error.to_string()),
            };
            if let Err(reason) = &failed {
                tracing::debug!(?command, reason, "a proposal of this node was not done");
            }
            if let CellCommand::Join { .. } = command {
                shared.tell_join(failed.err());
            }
        });
    }
}
