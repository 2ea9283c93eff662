use std::collections::{BTreeMap, BTreeSet};

use eyrie_types::NodeId;

use crate::{CellState, RaftId};

/// A member of the Raft group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RaftMember {
    /// Which node it is.
    pub node: NodeId,
    /// Votes; else it learns.
    pub voter: bool,
    /// Its log is near the leader's, and it has answered within a quarter of a second (known to the leader only). A voter that has
    /// just lost its log never answers again; a group of two with such a one can decide nothing.
    pub caught_up: bool,
}

/// The Raft group as one node sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaftView {
    /// The term.
    pub term: u64,
    /// This node's number.
    pub me: RaftId,
    /// The leader, if one is known.
    pub leader: Option<RaftId>,
    /// This node is the leader, has confirmed it with most voters and applied all entries of earlier terms.
    pub ready: bool,
    /// Voters and learners.
    pub members: BTreeMap<RaftId, RaftMember>,
    /// A change of the membership is under way.
    pub changing: bool,
}

impl RaftView {
    /// The nodes that vote.
    pub fn voters(&self) -> Vec<NodeId> {
        self.members.values().filter(|member| member.voter).map(|member| member.node).collect()
    }

    /// The node that leads.
    pub fn leader_node(&self) -> Option<NodeId> {
        self.members.get(&self.leader?).map(|member| member.node)
    }
}

/// One change of the Raft membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VoterChange {
    /// A member of the cell begins to learn.
    AddLearner {
        /// Its number.
        raft: RaftId,
        /// The node.
        node: NodeId,
    },
    /// A learner becomes a voter.
    Promote {
        /// Its number.
        raft: RaftId,
    },
    /// A voter becomes a learner.
    Demote {
        /// Its number.
        raft: RaftId,
    },
    /// Goes for good: its node left, or lost its log and has another number.
    Remove {
        /// Its number.
        raft: RaftId,
    },
}

/// How many voters a cell of that many members has.
pub fn voters_wanted(members: usize) -> usize {
    match members {
        0..=2 => 1,
        3..=4 => 3,
        _ => 5,
    }
}

/// The next change of the membership, if one is due. A failure alone never makes the set smaller: whoever has been dead or
/// draining for long (`replaceable`) goes after another was promoted in his place.
pub fn voter_change(state: &CellState, view: &RaftView, replaceable: &BTreeSet<NodeId>) -> Option<VoterChange> {
    if view.changing || !view.ready {
        return None;
    }
    let known = |raft: &RaftId, member: &RaftMember| state.member(member.node).is_some_and(|m| m.raft == *raft);
    if let Some(raft) =
        view.members.iter().find(|(raft, m)| **raft != view.me && !known(raft, m)).map(|(raft, _)| *raft)
    {
        return Some(VoterChange::Remove { raft });
    }
    // Also one that is silent: it cannot speak before it learns who votes.
    let absent = |m: &crate::Member| !view.members.contains_key(&m.raft);
    if let Some((node, member)) = state.members().iter().find(|(_, member)| absent(member)) {
        return Some(VoterChange::AddLearner { raft: member.raft, node: *node });
    }
    let zone =
        |raft: &RaftId| view.members.get(raft).and_then(|m| state.member(m.node)).map_or("", |m| m.zone.as_str());
    let voters: Vec<RaftId> = view.members.iter().filter(|(_, m)| m.voter).map(|(raft, _)| *raft).collect();
    let replaced = |raft: &RaftId| view.members.get(raft).is_some_and(|m| replaceable.contains(&m.node));
    let good = |raft: &&RaftId| !replaced(raft);
    let crowd = |of: &RaftId| voters.iter().filter(good).filter(|raft| zone(raft) == zone(of)).count();
    let fit = |m: &RaftMember| !m.voter && m.caught_up && state.member(m.node).is_some_and(|m| m.takes_placements());
    let candidate =
        view.members.iter().filter(|(_, m)| fit(m)).map(|(raft, _)| *raft).min_by_key(|raft| (crowd(raft), *raft));
    let wanted = voters_wanted(state.members().len());
    if voters.len() > wanted {
        let spare = voters.iter().filter(|raft| **raft != view.me);
        let worst = spare.max_by_key(|raft| (replaced(raft), crowd(raft), **raft));
        return worst.map(|raft| VoterChange::Demote { raft: *raft });
    }
    let candidate = candidate?;
    let replace = voters.iter().any(|raft| *raft != view.me && replaced(raft));
    let uneven = voters.iter().any(|raft| *raft != view.me && crowd(raft) >= crowd(&candidate) + 2);
    (voters.len() < wanted || replace || uneven).then_some(VoterChange::Promote { raft: candidate })
}
