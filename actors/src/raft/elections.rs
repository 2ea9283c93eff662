use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use eyrie_types::Monotonic;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::time::{MissedTickBehavior, interval};

use super::core::{Core, is_quorum};
use super::timing::{
    ALIVE_INTERVAL, ELECTION_PATIENCE, ELECTION_SPREAD, LEADER_DISK_STALL_MAX, LEADER_LEASE, PING_INTERVAL,
    PRE_VOTE_DEADLINE, STALL, VOTE_DEADLINE, WATCH_INTERVAL,
};
use super::types::RaftMetrics;
use super::wire::{RaftAnswer, RaftRequest};
use crate::backoff::jitter;

/// Watches over who leads: a leader says that it is there; a voter that hears none stands for election, after most voters have
/// said that they would vote for it. openraft's own timers are off, for they raise the term first and ask then, and so let a
/// node that was paused or cut off depose a healthy leader when it comes back.
pub(super) async fn watch(core: Arc<Core>) {
    let mut watch = Watch { next_word: core.clock.monotonic(), leads: false, spread: spread(), wait_until: None };
    let mut ticks = interval(WATCH_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let before = core.clock.monotonic();
        ticks.tick().await;
        let now = core.clock.monotonic();
        let late = now.since(before).saturating_sub(WATCH_INTERVAL);
        if late > STALL {
            metrics::counter!("eyrie_raft_stalls_total").increment(1);
            core.contact.forgive(late, now);
        }
        watch.look(&core, now).await;
    }
}

struct Watch {
    /// When to say next that this leader is there, or to ask the other voters whether they are.
    next_word: Monotonic,
    /// It led at the last look.
    leads: bool,
    /// How long to wait on top of the lease this time.
    spread: Duration,
    /// Until when not to stand again.
    wait_until: Option<Monotonic>,
}

impl Watch {
    async fn look(&mut self, core: &Arc<Core>, now: Monotonic) {
        let metrics = core.metrics();
        let configs = metrics.membership_config.membership().get_joint_config().clone();
        let led = std::mem::replace(&mut self.leads, metrics.state.is_leader());
        if self.leads {
            self.wait_until = None;
            if !led {
                // Nobody is to wait for its first word.
                self.next_word = now;
            }
            core.quorum.leads(metrics.current_term, now);
            if now >= self.next_word {
                self.next_word = now + ALIVE_INTERVAL;
                if core.log.busy_for() > LEADER_DISK_STALL_MAX {
                    // Another takes over.
                    metrics::counter!("eyrie_raft_leader_disk_stalls_total").increment(1);
                } else {
                    tell_voters(core, &metrics, &configs, &RaftRequest::Alive { vote: metrics.vote });
                }
            }
            core.quorum.settle(core.me, &configs, now);
            return;
        }
        if !configs.iter().any(|config| config.contains(&core.me)) {
            return;
        }
        if now >= self.next_word {
            self.next_word = now + PING_INTERVAL;
            tell_voters(core, &metrics, &configs, &RaftRequest::Ping);
        }
        if self.wait_until.is_some_and(|until| now < until) {
            return;
        }
        let alone = configs.iter().all(|config| config.len() == 1);
        // Where its process is gone, the leader need not be waited for; only openraft's voters have to, see `VOTE_DEADLINE`.
        let lease = if core.contact.is_gone() { VOTE_DEADLINE + WATCH_INTERVAL } else { LEADER_LEASE };
        let silent_enough = core.contact.silent_for(now) > lease + self.spread;
        if !alone && !silent_enough {
            return;
        }
        if alone || most_would_vote(core, &metrics, &configs).await {
            stand(core).await;
        } else {
            metrics::counter!("eyrie_raft_pre_votes_lost_total").increment(1);
        }
        self.spread = spread();
        let patience = if alone { ELECTION_PATIENCE } else { ELECTION_PATIENCE / 2 + self.spread };
        self.wait_until = Some(core.clock.monotonic() + patience);
    }
}

fn spread() -> Duration {
    ELECTION_SPREAD.mul_f64((jitter() % 1024) as f64 / 1024.0)
}

async fn stand(core: &Core) {
    metrics::counter!("eyrie_raft_elections_total").increment(1);
    tracing::info!("no leader is heard: this node stands for election");
    core.links.set_handover(false);
    if let Err(error) = core.raft.trigger().elect().await {
        tracing::error!(%error, "Raft has stopped");
    }
}

/// Asks all other voters whether they have a leader, and whether they would vote for this node.
async fn most_would_vote(core: &Arc<Core>, metrics: &RaftMetrics, configs: &[BTreeSet<u64>]) -> bool {
    let membership = metrics.membership_config.membership();
    let last = core.log.last();
    let voters: BTreeSet<u64> = configs.iter().flatten().copied().filter(|voter| *voter != core.me).collect();
    let asked = voters.iter().filter_map(|voter| {
        let peer = membership.get_node(voter)?.clone();
        let (core, voter) = (core.clone(), *voter);
        Some(async move {
            let answer = core.links.call(voter, &peer, RaftRequest::PreVote { last }, PRE_VOTE_DEADLINE).await;
            matches!(answer, Ok(RaftAnswer::PreVote { granted: true })).then_some(voter)
        })
    });
    let mut asked: FuturesUnordered<_> = asked.collect();
    let mut granted = BTreeSet::from([core.me]);
    while let Some(answer) = asked.next().await {
        granted.extend(answer);
        if is_quorum(configs, &granted) {
            // The leader may have been heard again meanwhile.
            return !core.leader_lives();
        }
    }
    false
}

/// Tells all other voters that this leader is there, even while its disk holds up Raft's own heartbeats; or asks whether they are.
fn tell_voters(core: &Arc<Core>, metrics: &RaftMetrics, configs: &[BTreeSet<u64>], word: &RaftRequest) {
    let voters: BTreeSet<u64> = configs.iter().flatten().copied().filter(|voter| *voter != core.me).collect();
    for voter in voters {
        let Some(peer) = metrics.membership_config.membership().get_node(&voter).cloned() else { continue };
        let (core, word, term, configs) = (core.clone(), word.clone(), metrics.current_term, configs.to_vec());
        tokio::spawn(async move {
            let asked = core.clock.monotonic();
            let answer = core.links.call(voter, &peer, word, LEADER_LEASE).await;
            if matches!(answer, Ok(RaftAnswer::Done)) {
                // Counts for a leader of this term only.
                core.quorum.answered(term, voter, asked);
                core.quorum.settle(core.me, &configs, core.clock.monotonic());
                core.heard.notify_one();
            }
        });
    }
}
