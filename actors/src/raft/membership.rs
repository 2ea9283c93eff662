use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use eyrie_cluster::RaftId;
use openraft::ChangeMembers;
use openraft::error::{ChangeMembershipError, ClientWriteError, ForwardToLeader, RaftError};
use tokio::time::timeout;

use super::core::Core;
use super::types::RaftPeer;
use super::{MembershipError, RaftRole};

/// How long most voters may take to agree to a change: two entries, one after the other.
const CHANGE_DEADLINE: Duration = Duration::from_secs(5);

pub(super) type Members = ChangeMembers<u64, RaftPeer>;

/// Adds a member that learns, or notes its new address.
pub(super) async fn add_learner(core: &Core, raft: u64, peer: RaftPeer) -> Result<(), MembershipError> {
    let known = core.metrics().membership_config.membership().get_node(&raft).cloned();
    if known.as_ref() == Some(&peer) {
        return Ok(());
    }
    // Setting an address is safe here: whoever answers there has to prove that it is this very node, with this very Raft id.
    change(core, Members::SetNodes(BTreeMap::from([(raft, peer)])), true).await
}

/// Lets exactly `voters` vote; whoever no longer does goes on learning.
pub(super) async fn change_voters(core: &Core, voters: BTreeSet<u64>) -> Result<(), MembershipError> {
    let role = RaftRole::of(core);
    for voter in &voters {
        match role.view.members.get(&RaftId(*voter)) {
            None => return Err(MembershipError::Unknown(RaftId(*voter))),
            Some(member) if !member.voter && !member.caught_up => {
                return Err(if role.leads { MembershipError::NotCaughtUp(RaftId(*voter)) } else { not_leader(&role) });
            }
            Some(_) => {}
        }
    }
    change(core, Members::ReplaceAllVoters(voters), true).await
}

/// Takes a member out, whether it votes or learns. Asked again, it is done already.
pub(super) async fn remove(core: &Core, raft: u64) -> Result<(), MembershipError> {
    let metrics = core.metrics();
    let membership = metrics.membership_config.membership();
    if membership.get_node(&raft).is_none() {
        return Ok(());
    }
    let voters: BTreeSet<u64> = membership.voter_ids().collect();
    if voters == [raft].into() {
        return Err(MembershipError::LastVoter(RaftId(raft)));
    }
    let gone = BTreeSet::from([raft]);
    if voters.contains(&raft) {
        change(core, Members::RemoveVoters(gone.clone()), false).await?;
    }
    if core.metrics().membership_config.membership().get_node(&raft).is_some() {
        change(core, Members::RemoveNodes(gone), false).await?;
    }
    Ok(())
}

async fn change(core: &Core, members: Members, retain: bool) -> Result<(), MembershipError> {
    let Ok(_changing) = core.changing.try_lock() else { return Err(MembershipError::Changing) };
    let changed = timeout(CHANGE_DEADLINE, core.raft.change_membership(members, retain)).await;
    match changed {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(explain(error)),
        Err(_) => Err(MembershipError::TooSlow(CHANGE_DEADLINE)),
    }
}

fn explain(error: RaftError<u64, ClientWriteError<u64, RaftPeer>>) -> MembershipError {
    match error {
        RaftError::APIError(ClientWriteError::ForwardToLeader(forward)) => {
            MembershipError::NotLeader { leader: leader_of(forward) }
        }
        RaftError::APIError(ClientWriteError::ChangeMembershipError(error)) => match error {
            ChangeMembershipError::InProgress(_) => MembershipError::Changing,
            ChangeMembershipError::LearnerNotFound(missing) => MembershipError::Unknown(RaftId(missing.node_id)),
            // Only an empty set of voters is that, and none is asked for.
            ChangeMembershipError::EmptyMembership(_) => MembershipError::Changing,
        },
        RaftError::Fatal(error) => MembershipError::Stopped(error.to_string()),
    }
}

fn not_leader(role: &RaftRole) -> MembershipError {
    MembershipError::NotLeader { leader: role.leader().map(|(raft, peer)| (raft, peer.clone())) }
}

/// The hint in openraft's refusal.
pub(super) fn leader_of(forward: ForwardToLeader<u64, RaftPeer>) -> Option<(RaftId, RaftPeer)> {
    Some((RaftId(forward.leader_id?), forward.leader_node?))
}
