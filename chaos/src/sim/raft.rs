use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use eyrie_cluster::{CellCommand, RaftId, RaftMember, RaftView, VoterChange};

use super::dice::Dice;

const MS: u64 = 1_000;
const HEARTBEAT_US: u64 = 100 * MS;
const ELECTION_US: std::ops::Range<u64> = 300 * MS..600 * MS;
/// A follower that hears its leader gives nobody else its vote (openraft's leader lease).
const STICKY_US: u64 = 300 * MS;
/// A leader that most voters have not answered for so long steps down.
const QUORUM_US: u64 = 600 * MS;
/// A learner is fit to be promoted if it has answered within this.
const ANSWERED_US: u64 = 250 * MS;
const ENTRIES_MAX: usize = 64;

pub(super) type Config = BTreeMap<RaftId, RaftMember>;

#[derive(Debug, Clone)]
pub(super) enum Payload {
    Blank,
    Command(Arc<CellCommand>),
    Config(Arc<Config>),
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) term: u64,
    pub(super) payload: Payload,
}

#[derive(Debug, Clone)]
pub(super) enum RaftMessage {
    RequestVote { term: u64, last: (u64, u64) },
    Vote { term: u64, granted: bool },
    Append { term: u64, prev: (u64, u64), entries: Vec<Entry>, commit: u64 },
    Ack { term: u64, ok: bool, matched: u64 },
}

/// What a Raft node keeps on disk.
#[derive(Debug, Clone)]
pub(super) struct RaftDisk {
    pub(super) id: RaftId,
    term: u64,
    voted: Option<RaftId>,
    pub(super) log: Vec<Entry>,
    /// The state machine as last written; may lag.
    pub(super) applied: u64,
}

impl RaftDisk {
    pub(super) fn empty(id: RaftId) -> Self {
        Self { id, term: 0, voted: None, log: Vec::new(), applied: 0 }
    }

    pub(super) fn config(&self) -> Config {
        let last = self.log.iter().rev().find_map(|entry| match &entry.payload {
            Payload::Config(config) => Some(Config::clone(config)),
            _ => None,
        });
        last.unwrap_or_default()
    }

    pub(super) fn voters(&self) -> Vec<RaftId> {
        self.config().into_iter().filter(|(_, member)| member.voter).map(|(id, _)| id).collect()
    }

    fn last(&self) -> (u64, u64) {
        (self.log.last().map_or(0, |entry| entry.term), self.log.len() as u64)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Follower,
    Candidate,
    Leader,
}

#[derive(Debug, Clone, Copy)]
struct Peer {
    next: u64,
    matched: u64,
    acked_us: u64,
}

/// Raft as in the paper (§5, one-server membership changes with learners, leader stickiness and check-quorum), driven by ticks and
/// messages. Logs are kept whole.
#[derive(Debug)]
pub(super) struct Raft {
    pub(super) disk: RaftDisk,
    config: Config,
    role: Role,
    leader: Option<RaftId>,
    pub(super) commit: u64,
    heard_us: u64,
    election_us: u64,
    beat_us: u64,
    votes: BTreeSet<RaftId>,
    peers: BTreeMap<RaftId, Peer>,
    term_start: u64,
    out: Vec<(RaftId, RaftMessage)>,
}

impl Raft {
    /// After a start, at local time `now_us`.
    pub(super) fn start(disk: RaftDisk, now_us: u64, dice: &mut Dice) -> Self {
        Self {
            config: disk.config(),
            commit: disk.applied,
            disk,
            role: Role::Follower,
            leader: None,
            heard_us: 0,
            election_us: now_us + dice.within(ELECTION_US),
            beat_us: 0,
            votes: BTreeSet::new(),
            peers: BTreeMap::new(),
            term_start: 0,
            out: Vec::new(),
        }
    }

    /// The first node of a cell.
    pub(super) fn found(&mut self, member: RaftMember) {
        self.disk.term = 1;
        let config = Config::from([(self.disk.id, member)]);
        self.disk.log.push(Entry { term: 1, payload: Payload::Config(Arc::new(config.clone())) });
        self.config = config;
    }

    pub(super) fn drain(&mut self) -> Vec<(RaftId, RaftMessage)> {
        std::mem::take(&mut self.out)
    }

    pub(super) fn view(&self, now_us: u64, applied: u64) -> RaftView {
        let leads = self.role == Role::Leader;
        let last = self.disk.log.len() as u64;
        let member = |(id, member): (&RaftId, &RaftMember)| {
            let near =
                |peer: &Peer| peer.matched + 64 >= last && peer.matched > 0 && now_us < peer.acked_us + ANSWERED_US;
            let near = *id == self.disk.id || self.peers.get(id).is_some_and(near);
            (*id, RaftMember { caught_up: leads && near, ..*member })
        };
        RaftView {
            term: self.disk.term,
            me: self.disk.id,
            leader: self.leader,
            ready: leads && self.commit >= self.term_start && applied >= self.term_start,
            members: self.config.iter().map(member).collect(),
            changing: self.changing(),
        }
    }

    pub(super) fn leads(&self) -> bool {
        self.role == Role::Leader
    }

    pub(super) fn leader(&self) -> Option<RaftMember> {
        self.config.get(&self.leader?).copied()
    }

    fn changing(&self) -> bool {
        self.disk.log.iter().skip(self.commit as usize).any(|entry| matches!(entry.payload, Payload::Config(_)))
    }

    fn voters(&self) -> impl Iterator<Item = RaftId> {
        self.config.iter().filter(|(_, member)| member.voter).map(|(id, _)| *id)
    }

    fn majority(&self, mut has: impl FnMut(RaftId) -> bool) -> bool {
        let all = self.voters().count();
        self.voters().filter(|id| has(*id)).count() * 2 > all
    }

    pub(super) fn tick(&mut self, now_us: u64, dice: &mut Dice) {
        let votes = self.voters().any(|id| id == self.disk.id);
        match self.role {
            Role::Leader => {
                let fresh = |id| {
                    id == self.disk.id || self.peers.get(&id).is_some_and(|peer| now_us < peer.acked_us + QUORUM_US)
                };
                if !self.majority(fresh) {
                    self.follow(now_us, None, dice);
                } else if now_us >= self.beat_us + HEARTBEAT_US {
                    self.replicate(now_us);
                }
            }
            _ if votes && now_us >= self.election_us => self.stand(now_us, dice),
            _ => {}
        }
    }

    fn follow(&mut self, now_us: u64, leader: Option<RaftId>, dice: &mut Dice) {
        self.role = Role::Follower;
        self.leader = leader;
        self.election_us = now_us + dice.within(ELECTION_US);
    }

    fn see_term(&mut self, now_us: u64, term: u64, dice: &mut Dice) {
        if term > self.disk.term {
            self.disk.term = term;
            self.disk.voted = None;
            self.follow(now_us, None, dice);
        }
    }

    fn stand(&mut self, now_us: u64, dice: &mut Dice) {
        self.follow(now_us, None, dice);
        self.role = Role::Candidate;
        self.disk.term += 1;
        self.disk.voted = Some(self.disk.id);
        self.votes = BTreeSet::from([self.disk.id]);
        let (term, last) = (self.disk.term, self.disk.last());
        let others: Vec<_> = self.voters().filter(|id| *id != self.disk.id).collect();
        self.out.extend(others.into_iter().map(|id| (id, RaftMessage::RequestVote { term, last })));
        self.count(now_us);
    }

    fn count(&mut self, now_us: u64) {
        if self.role != Role::Candidate || !self.majority(|id| self.votes.contains(&id)) {
            return;
        }
        self.role = Role::Leader;
        self.leader = Some(self.disk.id);
        self.peers.clear();
        self.push(now_us, Payload::Blank);
        self.term_start = self.disk.log.len() as u64;
        self.replicate(now_us);
    }

    fn push(&mut self, now_us: u64, payload: Payload) {
        if let Payload::Config(config) = &payload {
            self.config = Config::clone(config);
        }
        self.disk.log.push(Entry { term: self.disk.term, payload });
        self.advance(now_us);
    }

    /// Takes a command, if it leads. It may still be lost.
    pub(super) fn propose(&mut self, now_us: u64, command: CellCommand) -> bool {
        if self.role != Role::Leader {
            return false;
        }
        self.push(now_us, Payload::Command(Arc::new(command)));
        self.replicate(now_us);
        true
    }

    /// One change of the membership; refused while another is under way. Answers the new one.
    pub(super) fn change(&mut self, now_us: u64, change: VoterChange) -> Option<Config> {
        if self.role != Role::Leader || self.changing() || self.commit < self.term_start {
            return None;
        }
        let mut config = self.config.clone();
        match change {
            VoterChange::AddLearner { raft, node } => {
                config.insert(raft, RaftMember { node, voter: false, caught_up: false });
            }
            VoterChange::Promote { raft } => config.get_mut(&raft)?.voter = true,
            VoterChange::Demote { raft } => config.get_mut(&raft)?.voter = false,
            VoterChange::Remove { raft } => drop(config.remove(&raft)),
        }
        self.push(now_us, Payload::Config(Arc::new(config.clone())));
        self.replicate(now_us);
        Some(config)
    }

    fn replicate(&mut self, now_us: u64) {
        self.beat_us = now_us;
        let ids: Vec<_> = self.config.keys().copied().filter(|id| *id != self.disk.id).collect();
        ids.into_iter().for_each(|id| self.send_entries(now_us, id));
    }

    fn send_entries(&mut self, now_us: u64, id: RaftId) {
        let last = self.disk.log.len() as u64;
        let peer = *self.peers.entry(id).or_insert(Peer { next: last, matched: 0, acked_us: now_us });
        let from = (peer.next as usize).min(self.disk.log.len());
        let prev =
            (from.checked_sub(1).and_then(|at| self.disk.log.get(at)).map_or(0, |entry| entry.term), from as u64);
        let entries = self.disk.log.iter().skip(from).take(ENTRIES_MAX).cloned().collect();
        self.out.push((id, RaftMessage::Append { term: self.disk.term, prev, entries, commit: self.commit }));
    }

    fn advance(&mut self, _now_us: u64) {
        let last = self.disk.log.len() as u64;
        let mut index = last;
        while index > self.commit {
            let stored = |id| id == self.disk.id || self.peers.get(&id).is_some_and(|peer| peer.matched >= index);
            let own = self.disk.log.get(index as usize - 1).is_some_and(|entry| entry.term == self.disk.term);
            if own && self.majority(stored) {
                self.commit = index;
                return;
            }
            index -= 1;
        }
    }

    pub(super) fn receive(&mut self, now_us: u64, from: RaftId, message: RaftMessage, dice: &mut Dice) {
        match message {
            RaftMessage::RequestVote { term, last } => {
                let sticky = self.leader.is_some() && now_us < self.heard_us + STICKY_US;
                if sticky
                    || (self.role == Role::Leader
                        && self.leader.is_some()
                        && term > self.disk.term
                        && self.has_quorum(now_us))
                {
                    return;
                }
                self.see_term(now_us, term, dice);
                let free = self.disk.voted.is_none_or(|voted| voted == from);
                let granted = term == self.disk.term && free && last >= self.disk.last();
                if granted {
                    self.disk.voted = Some(from);
                    self.election_us = now_us + dice.within(ELECTION_US);
                }
                self.out.push((from, RaftMessage::Vote { term: self.disk.term, granted }));
            }
            RaftMessage::Vote { term, granted } => {
                self.see_term(now_us, term, dice);
                if granted && term == self.disk.term {
                    self.votes.insert(from);
                    self.count(now_us);
                }
            }
            RaftMessage::Append { term, prev, entries, commit } => {
                self.append(now_us, from, term, prev, entries, commit, dice)
            }
            RaftMessage::Ack { term, ok, matched } => {
                self.see_term(now_us, term, dice);
                if self.role == Role::Leader && term == self.disk.term {
                    self.acked(now_us, from, ok, matched);
                }
            }
        }
    }

    fn has_quorum(&self, now_us: u64) -> bool {
        self.majority(|id| {
            id == self.disk.id || self.peers.get(&id).is_some_and(|peer| now_us < peer.acked_us + STICKY_US)
        })
    }

    fn acked(&mut self, now_us: u64, from: RaftId, ok: bool, matched: u64) {
        let last = self.disk.log.len() as u64;
        let Some(peer) = self.peers.get_mut(&from) else { return };
        peer.acked_us = now_us;
        if ok {
            peer.matched = peer.matched.max(matched);
            peer.next = peer.matched;
        } else {
            peer.next = matched.min(peer.next);
        }
        let behind = peer.next < last && (!ok || peer.matched < last);
        self.advance(now_us);
        if behind && !ok {
            self.send_entries(now_us, from);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one message")]
    fn append(
        &mut self,
        now_us: u64,
        from: RaftId,
        term: u64,
        prev: (u64, u64),
        entries: Vec<Entry>,
        commit: u64,
        dice: &mut Dice,
    ) {
        self.see_term(now_us, term, dice);
        if term < self.disk.term {
            self.out.push((from, RaftMessage::Ack { term: self.disk.term, ok: false, matched: 0 }));
            return;
        }
        self.follow(now_us, Some(from), dice);
        self.heard_us = now_us;
        let (prev_term, prev_index) = prev;
        let have = self.disk.log.len() as u64;
        let fits =
            prev_index == 0 || self.disk.log.get(prev_index as usize - 1).is_some_and(|entry| entry.term == prev_term);
        if !fits {
            // Everything up to what is committed matches.
            let matched = self.commit.min(prev_index.saturating_sub(1)).min(have);
            self.out.push((from, RaftMessage::Ack { term, ok: false, matched }));
            return;
        }
        let matched = prev_index + entries.len() as u64;
        let mut changed = false;
        for (at, entry) in (prev_index as usize..).zip(entries) {
            if self.disk.log.get(at).is_some_and(|known| known.term != entry.term) {
                self.disk.log.truncate(at);
                changed = true;
            }
            if at >= self.disk.log.len() {
                changed |= matches!(entry.payload, Payload::Config(_));
                self.disk.log.push(entry);
            }
        }
        if changed {
            self.config = self.disk.config();
        }
        self.commit = self.commit.max(commit.min(matched));
        self.out.push((from, RaftMessage::Ack { term, ok: true, matched }));
    }
}
