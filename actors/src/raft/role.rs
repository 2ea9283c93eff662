use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use eyrie_cluster::{RaftId, RaftMember, RaftView};
use eyrie_types::Monotonic;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::core::Core;
use super::types::{RaftMetrics, RaftPeer};

/// How often the watch is updated when nothing but the contact has changed.
const CONTACT_INTERVAL: Duration = Duration::from_millis(100);
/// A learner this near the leader's log is caught up: less than a second's entries of a busy cell.
const CAUGHT_UP_ENTRIES: u64 = 64;

/// This node's place in the Raft group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaftRole {
    /// The group as the core of the control plane wants to see it.
    pub view: RaftView,
    /// Where each member is reached.
    pub peers: BTreeMap<RaftId, RaftPeer>,
    /// This node leads, or believes so; `view.ready` says whether that is confirmed.
    pub leads: bool,
    /// When it last had contact: a leader with most voters, another with the leader. `None`: never, or the leader's process is
    /// gone.
    pub contact: Option<Monotonic>,
    /// Index of the last entry of this node's log; `None` in an empty one.
    pub last_index: Option<u64>,
    /// Why Raft has stopped for good in this process, if it has: a disk that failed. Only a restart helps.
    pub stopped: Option<String>,
}

impl RaftRole {
    /// The leader, if one is known, and where it is reached.
    pub fn leader(&self) -> Option<(RaftId, &RaftPeer)> {
        let leader = self.view.leader?;
        self.peers.get(&leader).map(|peer| (leader, peer))
    }

    /// This node neither founded nor joined a cell yet.
    pub fn is_new(&self) -> bool {
        self.view.members.is_empty()
    }

    pub(super) fn of(core: &Core) -> Self {
        let metrics = core.metrics();
        let leads = metrics.state.is_leader();
        let contact = if leads { core.quorum.last() } else { core.contact.last() };
        let membership = metrics.membership_config.membership();
        let members = membership.nodes().map(|(raft, peer)| {
            let voter = membership.get_joint_config().iter().any(|config| config.contains(raft));
            let member = RaftMember { node: peer.node, voter, caught_up: is_caught_up(&metrics, core.me, *raft) };
            (RaftId(*raft), member)
        });
        let pending = *metrics.membership_config.log_id() > metrics.last_applied;
        let view = RaftView {
            term: metrics.current_term,
            me: RaftId(core.me),
            leader: metrics.current_leader.map(RaftId),
            ready: leads && is_ready(core, &metrics),
            members: members.collect(),
            changing: membership.get_joint_config().len() > 1 || pending,
        };
        let peers = membership.nodes().map(|(raft, peer)| (RaftId(*raft), peer.clone())).collect();
        let stopped = metrics.running_state.as_ref().err().map(ToString::to_string);
        Self { view, peers, leads, contact, last_index: metrics.last_log_index, stopped }
    }

    /// Whether somebody should hear of `self` after `before`.
    fn differs(&self, before: &Self) -> bool {
        let contact = Self { contact: before.contact, last_index: before.last_index, ..self.clone() };
        let moved = match (self.contact, before.contact) {
            (Some(now), Some(then)) => now.since(then) >= CONTACT_INTERVAL,
            (now, then) => now != then,
        };
        contact != *before || moved || self.last_index != before.last_index
    }
}

/// A leader is one for good when most voters answer it and it has applied an entry of its own term, and so all before.
fn is_ready(core: &Core, metrics: &RaftMetrics) -> bool {
    let own = metrics.last_applied.is_some_and(|id| id.leader_id.term == metrics.current_term);
    own && core.quorum.last().is_some() && core.quorum.is_fresh(core.clock.monotonic())
}

fn is_caught_up(metrics: &RaftMetrics, me: u64, raft: u64) -> bool {
    let Some(replication) = &metrics.replication else { return false };
    let matched = replication.get(&raft).copied().flatten().map_or(0, |id| id.index + 1);
    raft == me || (matched > 0 && matched + CAUGHT_UP_ENTRIES > metrics.last_log_index.unwrap_or(0))
}

/// Keeps `role` up to date.
pub(super) async fn follow(core: Arc<Core>, role: watch::Sender<RaftRole>) {
    let mut metrics = core.raft.metrics();
    let mut ticks = interval(CONTACT_INTERVAL / 2);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            changed = metrics.changed() => if changed.is_err() {
                return;
            },
            () = core.heard.notified() => {}
            _ = ticks.tick() => {}
        }
        let now = RaftRole::of(&core);
        let members: std::collections::BTreeSet<u64> = now.peers.keys().map(|raft| raft.0).collect();
        let mut changed_members = false;
        role.send_if_modified(|before| {
            let differs = now.differs(before);
            changed_members = before.peers != now.peers;
            if differs {
                tell(before, &now);
                gauges(&now);
                before.clone_from(&now);
            }
            differs
        });
        if changed_members {
            core.links.keep_only(&members);
        }
    }
}

/// What a person may want to read of it.
fn tell(before: &RaftRole, now: &RaftRole) {
    if now.view.ready && !before.view.ready {
        tracing::info!(term = now.view.term, "this node leads the cell");
    } else if before.leads && !now.leads {
        tracing::info!(term = now.view.term, "this node leads the cell no more");
    }
    if let Some((raft, peer)) = now.leader()
        && !now.leads
        && now.view.leader != before.view.leader
    {
        tracing::info!(term = now.view.term, node = %peer.node, %raft, "another node leads the cell");
    }
    if let Some(why) = &now.stopped
        && before.stopped.is_none()
    {
        metrics::counter!("eyrie_raft_stopped_total").increment(1);
        tracing::error!(
            "Raft has stopped on this node, which decides nothing with its cell until it is restarted: {why}"
        );
    }
}

fn gauges(role: &RaftRole) {
    metrics::gauge!("eyrie_raft_term").set(role.view.term as f64);
    metrics::gauge!("eyrie_raft_leads").set(if role.leads { 1.0 } else { 0.0 });
    metrics::gauge!("eyrie_raft_voters").set(role.view.voters().len() as f64);
    metrics::gauge!("eyrie_raft_last_index").set(role.last_index.unwrap_or(0) as f64);
}
