use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::core::Core;
use super::timing::{REQUEST_DEADLINE, VOTE_DEADLINE};
use super::wire::{RaftAnswer, RaftRequest};
use super::{HandoverError, RaftRole};

/// Lets the voter that is furthest along take over, in about a quarter of a second.
pub(super) async fn hand_over(
    core: &Core,
    role: &mut watch::Receiver<RaftRole>,
    patience: Duration,
) -> Result<(), HandoverError> {
    let metrics = core.metrics();
    if !metrics.state.is_leader() {
        return Err(HandoverError::NotLeader);
    }
    let membership = metrics.membership_config.membership();
    let replication = metrics.replication.clone().unwrap_or_default();
    let voters = membership.voter_ids().filter(|voter| *voter != core.me);
    let furthest = voters.filter_map(|voter| Some((replication.get(&voter).copied().flatten()?, voter))).max();
    let Some((_, successor)) = furthest else { return Err(HandoverError::Nobody) };
    let peer = membership.get_node(&successor).cloned().unwrap_or_default();
    // openraft's voters refuse for a while after each heartbeat.
    core.raft.runtime_config().heartbeat(false);
    let handed = timeout(patience, async {
        tokio::time::sleep(VOTE_DEADLINE + Duration::from_millis(20)).await;
        let answer = core.links.call(successor, &peer, RaftRequest::Stand, REQUEST_DEADLINE).await;
        if !matches!(answer, Ok(RaftAnswer::Done)) {
            return Err(HandoverError::Nobody);
        }
        let taken = role.wait_for(|role| !role.leads && role.view.leader.is_some_and(|leader| leader.0 != core.me));
        taken.await.map(|_| ()).map_err(|_| HandoverError::NotLeader)
    });
    let handed = handed.await.unwrap_or(Err(HandoverError::TooSlow(patience)));
    core.raft.runtime_config().heartbeat(true);
    if handed.is_ok() {
        metrics::counter!("eyrie_raft_handovers_total").increment(1);
    }
    handed
}
