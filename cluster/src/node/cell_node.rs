use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use eyrie_types::{Epoch, Monotonic, NodeId};

use super::asked::Asked;
use super::holding::Holding;
use super::leader::{Leader, Sight};
use super::timing::{CONFIRM_AGAIN_AFTER, HANDOVER, HEARTBEAT, RECENT, START_PATIENCE};
use super::{CellOutput, Duty, Echo, Heartbeat, LocalFacts, NodeSetup};
use crate::{
    CellCommand, CellPlacement, CellState, Charge, Detector, Health, JobGrant, JobName, Lease, Member, MoveReport,
    PlacementKey, RaftView, Refusal, SpentEpochs, duties,
};

/// A node's part in its cell. Feed it what happens, then carry out what [`CellNode::poll`] answers until that is `None`.
///
/// It keeps running what it was last asked to when nobody asks any more (static stability). It stops something only for a state
/// of the cell that says so.
pub struct CellNode {
    me: NodeId,
    member: Member,
    now: Monotonic,
    started: Option<Monotonic>,
    state: Arc<CellState>,
    index: u64,
    view: Option<RaftView>,
    local: LocalFacts,
    detector: Detector,
    lease: Lease,
    /// The last that was heard of each, for echoes.
    heard: BTreeMap<NodeId, Echo>,
    /// What the leader last said that it has applied, and when we last had as much.
    leader_applied: Option<u64>,
    recent_at: Option<Monotonic>,
    /// What the leader had applied when we first heard of it.
    catch_up_to: Option<u64>,
    /// The state knows this start of ours, and was recent at some time since.
    fresh: bool,
    superseded: bool,
    holding: Holding,
    /// What the state asks of this node, and the moves it has a side of.
    charges: BTreeMap<PlacementKey, Charge>,
    moving: Vec<(PlacementKey, CellPlacement)>,
    noted: SpentEpochs,
    duties: Option<BTreeMap<PlacementKey, Duty>>,
    jobs: BTreeMap<JobName, Epoch>,
    jobs_since: BTreeMap<Epoch, Monotonic>,
    lease_until: Option<Monotonic>,
    asked: Asked<CellCommand>,
    last_beat: Option<Monotonic>,
    said_silent: Vec<(NodeId, u64)>,
    leader: Option<Leader>,
    dirty: bool,
    out: VecDeque<CellOutput>,
}

impl CellNode {
    /// A node that has just started.
    pub fn new(setup: NodeSetup) -> Self {
        Self {
            me: setup.node,
            member: setup.member,
            now: Monotonic::default(),
            started: None,
            state: Arc::default(),
            index: 0,
            view: None,
            local: LocalFacts::default(),
            detector: Detector::new(setup.limits),
            lease: Lease::default(),
            heard: BTreeMap::new(),
            leader_applied: None,
            recent_at: None,
            catch_up_to: None,
            fresh: false,
            superseded: false,
            noted: setup.spent.clone(),
            holding: Holding::new(setup.spent),
            charges: BTreeMap::new(),
            moving: Vec::new(),
            duties: None,
            jobs: BTreeMap::new(),
            jobs_since: BTreeMap::new(),
            lease_until: None,
            asked: Asked::new(),
            last_beat: None,
            said_silent: Vec::new(),
            leader: None,
            dirty: false,
            out: VecDeque::new(),
        }
    }

    /// Time goes on; to be called every [`super::TICK`].
    pub fn tick(&mut self, now: Monotonic) {
        self.advance(now);
        self.renew_lease();
        self.beat();
        self.ask();
        self.settle();
        self.lead();
    }

    /// A heartbeat came from a peer, whom the transport has authenticated as `from`.
    pub fn heard(&mut self, now: Monotonic, from: NodeId, heartbeat: &Heartbeat) {
        self.advance(now);
        if from != heartbeat.node || from == self.me {
            return;
        }
        self.detector.heard(from, heartbeat.start);
        let echo = Echo { start: heartbeat.start, sent_us: heartbeat.sent_us };
        let last = self.heard.entry(from).or_insert(echo);
        if (last.start, last.sent_us) > (echo.start, echo.sent_us) {
            return;
        }
        *last = echo;
        if let Some(echo) = heartbeat.echo.filter(|echo| echo.start == self.member.start) {
            self.lease.confirmed(from, Monotonic::from_start(Duration::from_micros(echo.sent_us)));
            self.renew_lease();
        }
        if heartbeat.leads {
            self.leader_applied = Some(heartbeat.applied);
            self.keep_recent();
            if self.catch_up_to.is_none() {
                self.catch_up_to = Some(heartbeat.applied);
                self.settle();
            }
        }
        if let Some(leader) = &mut self.leader {
            self.dirty |= !heartbeat.moves.is_empty() || !heartbeat.silent.is_empty();
            leader.heard(now, self.index, self.member.start, heartbeat);
        }
    }

    /// The state machine has applied the log up to `index`. Also once at the start, with what the node has on disk.
    pub fn applied(&mut self, now: Monotonic, index: u64, state: Arc<CellState>) {
        self.advance(now);
        self.index = index;
        self.state = state;
        self.charges = duties(&self.state, self.me);
        let mine = |(_, placement): &(&PlacementKey, &CellPlacement)| {
            placement.next.is_some() && placement.grant_of(self.me).is_some()
        };
        let moving = self.state.placements().iter().filter(mine);
        self.moving = moving.map(|(key, placement)| (key.clone(), *placement)).collect();
        self.dirty = true;
        self.keep_recent();
        self.watch();
        self.settle();
        self.lead();
    }

    /// The Raft group, or this node's part in it, has changed.
    pub fn role(&mut self, now: Monotonic, view: RaftView) {
        self.advance(now);
        self.dirty |= self.view.as_ref() != Some(&view);
        self.view = Some(view);
        self.watch();
        self.renew_lease();
        self.settle();
        self.lead();
    }

    /// What runs here has changed.
    pub fn local(&mut self, now: Monotonic, facts: LocalFacts) {
        self.advance(now);
        self.local = facts;
        self.dirty |= !self.moving.is_empty();
    }

    /// An incarnation has ended by itself (a panic of its tree, say): the next gets another epoch, after the shell's backoff.
    pub fn fell(&mut self, now: Monotonic, key: &PlacementKey, epoch: Epoch) {
        self.advance(now);
        if self.holding.fell(key, epoch) {
            self.settle();
        }
    }

    /// What to do next.
    pub fn poll(&mut self) -> Option<CellOutput> {
        self.out.pop_front()
    }

    /// The state last applied, with its index.
    pub fn state(&self) -> (u64, &Arc<CellState>) {
        (self.index, &self.state)
    }

    /// Whether this node leads the cell and is ready to decide.
    pub fn leads(&self) -> bool {
        self.leader.is_some()
    }

    fn advance(&mut self, now: Monotonic) {
        self.now = self.now.max(now);
        self.started.get_or_insert(now);
        self.detector.advance(now);
    }

    /// Our state is as recent as the leader's lately was.
    fn keep_recent(&mut self) {
        if self.leader_applied.is_some_and(|applied| self.index >= applied) {
            self.recent_at = Some(self.now);
        }
    }

    /// A voter listens for everybody but itself, others for the voters: those who write to them.
    fn watch(&mut self) {
        let (me, voters) = (self.me, self.voters());
        let votes = voters.contains(&me);
        let members = self.state.members().iter().map(|(node, member)| (*node, member.start));
        self.detector.watch(members.filter(|(node, _)| *node != me && (votes || voters.contains(node))));
        self.heard.retain(|node, _| self.state.members().contains_key(node));
    }

    fn voters(&self) -> Vec<NodeId> {
        self.view.as_ref().map(RaftView::voters).unwrap_or_default()
    }

    /// Whether the state knows this very process.
    fn is_known(&self) -> bool {
        let known = self.state.member(self.me);
        known.is_some_and(|known| known.start == self.member.start && known.identity == self.member.identity)
    }

    fn beat(&mut self) {
        let voters = self.voters();
        let votes = voters.contains(&self.me);
        let silent: Vec<_> =
            if votes && !self.detector.doubtful() { self.detector.silent().collect() } else { Vec::new() };
        let due = self.last_beat.is_none_or(|last| self.now.since(last) >= HEARTBEAT);
        // What is new is said at once: a verdict waits for it.
        if !due && silent == self.said_silent {
            return;
        }
        self.last_beat = Some(self.now);
        let heartbeat = Heartbeat {
            node: self.me,
            start: self.member.start,
            sent_us: self.now.as_us(),
            leads: self.leader.is_some(),
            applied: self.index,
            echo: None,
            silent: silent.clone(),
            moves: self.move_reports(),
            running: self.local.running.len() as u32,
            recording: self.local.running.values().filter(|run| run.recording).count() as u32,
        };
        self.said_silent = silent;
        let to: Vec<NodeId> = if votes { self.state.members().keys().copied().collect() } else { voters };
        for to in to.into_iter().filter(|to| *to != self.me) {
            let heartbeat = Heartbeat { echo: self.echo(to), ..heartbeat.clone() };
            self.out.push_back(CellOutput::Send { to, heartbeat });
        }
    }

    /// What we confirm to a node: nothing while somebody may hold it to be dead because of us, or we may have missed that it is.
    fn echo(&self, to: NodeId) -> Option<Echo> {
        let recent = self.recent_at.is_some_and(|at| self.now.since(at) <= RECENT);
        if !recent && self.leader.is_none() {
            return None;
        }
        let dead = self.state.member(to).is_some_and(|member| member.health == Health::Dead);
        let said = self.detector.called_silent_within(to, CONFIRM_AGAIN_AFTER);
        self.heard.get(&to).filter(|_| !dead && !said).copied()
    }

    fn move_reports(&self) -> Vec<(Epoch, MoveReport)> {
        let mine = |(key, placement): &(PlacementKey, CellPlacement)| {
            let next = placement.next?;
            let grant = placement.grant_of(self.me)?;
            // Of the new side only what runs under its own epochs counts; of the old side, anything.
            let ours = |epoch: Epoch| placement.node == self.me || grant.contains(epoch);
            let report = match self.local.running.get(key).filter(|run| ours(run.epoch)) {
                None => MoveReport::Stopped,
                Some(run) if run.recording => MoveReport::Recording,
                Some(_) => MoveReport::Running,
            };
            Some((next.grant.first, report))
        };
        self.moving.iter().filter_map(mine).collect()
    }

    /// Proposals that any node makes for itself.
    fn ask(&mut self) {
        let mut wanted = Vec::new();
        if !self.is_known() && !self.superseded {
            wanted.push(CellCommand::Join { node: self.me, member: Box::new(self.member.clone()) });
        }
        if self.fresh && self.is_known() {
            let renewals = self.holding.to_renew(&self.charges);
            wanted.extend(renewals.map(|(key, epoch)| CellCommand::Renew { key, node: self.me, epoch }));
            let idle =
                |job: &JobName| !self.local.jobs.contains(job) && !self.jobs.contains_key(job) && !self.may_do(job);
            let mine = self.state.jobs().iter().filter(|(job, grant)| grant.node == self.me && idle(job));
            wanted.extend(mine.map(|(job, grant)| CellCommand::ReleaseJob { job: job.clone(), epoch: grant.epoch }));
        }
        let asked = self.asked.pick(self.now, wanted);
        self.out.extend(asked.into_iter().map(CellOutput::Propose));
    }

    /// Whether this node should do a job that it was given.
    fn may_do(&self, job: &JobName) -> bool {
        let member = self.state.member(self.me);
        let works = member.is_some_and(|member| !member.draining && member.start == self.member.start);
        works && self.state.settings().jobs.contains(job)
    }

    /// Brings duties and jobs in line with the state.
    fn settle(&mut self) {
        self.check_place();
        let runs = !self.superseded && (self.fresh || self.may_go_on_alone());
        if !runs && self.duties.is_none() {
            return;
        }
        let nothing = BTreeMap::new();
        let charges = if runs { &self.charges } else { &nothing };
        self.holding.forget(&self.state, self.me);
        let duties = self.holding.update(self.now, charges);
        if *self.holding.spent() != self.noted {
            self.noted = self.holding.spent().clone();
            self.out.push_back(CellOutput::Note(self.noted.clone()));
        }
        if self.duties.as_ref() != Some(&duties) {
            self.duties = Some(duties.clone());
            self.out.push_back(CellOutput::Duties(duties));
        }
        self.settle_jobs();
    }

    /// Whether this process is the node the cell knows.
    fn check_place(&mut self) {
        let Some(known) = self.state.member(self.me) else { return };
        let start = self.member.start;
        let refusal = if known.start > start {
            Refusal::StaleStart { node: self.me, given: start, known: known.start }
        } else if known.start == start && known.identity != self.member.identity {
            Refusal::IdentityInUse(self.me)
        } else {
            let leads = self.view.as_ref().is_some_and(|view| view.ready);
            self.fresh |= self.is_known() && (leads || self.catch_up_to.is_some_and(|target| self.index >= target));
            return;
        };
        if !std::mem::replace(&mut self.superseded, true) {
            self.out.push_back(CellOutput::Superseded(refusal));
        }
    }

    /// Without a word from the cell for long enough, a node runs what it last knew to be its own: not if its data directory seems
    /// to be a copy, for then another may run it.
    fn may_go_on_alone(&self) -> bool {
        let waited = self.started.is_some_and(|started| self.now.since(started) >= START_PATIENCE);
        let known = self.state.member(self.me);
        waited && known.is_some_and(|known| known.identity == self.member.identity)
    }

    fn settle_jobs(&mut self) {
        let now = self.now;
        let given = |grant: &JobGrant| grant.node == self.me && grant.start == self.member.start && self.fresh;
        let mine: Vec<_> = self.state.jobs().iter().filter(|(_, grant)| given(grant)).collect();
        self.jobs_since.retain(|epoch, _| mine.iter().any(|(_, grant)| grant.epoch == *epoch));
        for (_, grant) in &mine {
            self.jobs_since.entry(grant.epoch).or_insert(now);
        }
        let ripe = |epoch: &Epoch| self.jobs_since.get(epoch).is_some_and(|since| now.since(*since) >= HANDOVER);
        let mine = mine.into_iter().filter(|(job, grant)| ripe(&grant.epoch) && self.may_do(job));
        let jobs: BTreeMap<_, _> = mine.map(|(job, grant)| (job.clone(), grant.epoch)).collect();
        if jobs != self.jobs {
            self.jobs = jobs.clone();
            self.out.push_back(CellOutput::Jobs(jobs));
        }
    }

    fn renew_lease(&mut self) {
        let voters = self.voters();
        let until = self.lease.until(self.now, self.me, &voters);
        // A node that is not known, or held to be dead, may not act; what it had runs out.
        let known = self.state.member(self.me).is_some_and(|member| member.health == Health::Up);
        if let Some(until) = until.filter(|_| known && self.is_known()).filter(|until| Some(*until) > self.lease_until)
        {
            self.lease_until = Some(until);
            self.out.push_back(CellOutput::Lease(until));
        }
    }

    fn lead(&mut self) {
        let own = self.move_reports();
        let Some(view) = self.view.as_ref().filter(|view| view.ready && view.leader == Some(view.me)) else {
            self.leader = None;
            return;
        };
        if self.state.cell().is_none() {
            return;
        }
        let leader = self.leader.get_or_insert_with(|| Leader::new(self.now));
        let sight = Sight {
            now: self.now,
            me: self.me,
            state: &self.state,
            index: self.index,
            view,
            detector: &self.detector,
            own,
            dirty: std::mem::take(&mut self.dirty),
        };
        leader.lead(&sight, &mut self.out);
    }
}
