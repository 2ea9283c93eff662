use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use eyrie_cluster::{CellAnswer, CellCommand, RaftId, Refusal, VoterChange};
use eyrie_types::{CellId, Clock};
use openraft::error::{ClientWriteError, InitializeError, RaftError};
use openraft::{Config, SnapshotPolicy};
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::contact::LeaderContact;
use super::core::{Core, QuorumContact};
use super::disk::{RECORD_BYTES_MAX, RaftDirectory, RaftDiskError};
use super::log_store::LogStore;
use super::network::RaftLinks;
use super::state_machine::StateMachine;
use super::timing::{HEARTBEAT, SNAPSHOT_DEADLINE, VOTE_DEADLINE};
use super::types::{Raft, RaftPeer};
use super::{
    Applied, FoundError, HandoverError, MembershipError, ProposeError, RaftConfig, RaftRole, RaftStartError, elections,
    handover, membership, recover, role, serve,
};
use crate::backoff::jitter;
use crate::peer::{PeerStream, Peers};

/// Entries between two snapshots: read again at a start in well under a second.
const SNAPSHOT_ENTRIES: u64 = 1000;
/// Entries kept before a snapshot: a node that was away for some minutes gets them rather than the whole state.
const ENTRIES_KEPT: u64 = 1000;
/// Entries of one message.
const APPEND_ENTRIES_MAX: u64 = 64;
/// Commands that wait to be agreed on one node; the control plane has a few dozen under way after a node died.
const PROPOSALS_MAX: usize = 256;
/// Connections that other members have opened: each has one, and one more while it sends a snapshot.
const CONNECTIONS_MAX: usize = 512;
/// How long a node alone may take to lead itself.
const FOUND_DEADLINE: Duration = Duration::from_secs(10);
/// How long the disk may take to finish when Raft stops.
const STOP_DEADLINE: Duration = Duration::from_secs(10);

/// What came of a command that the cell has agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// Its place in the log: whoever has applied this index has applied the command.
    pub index: u64,
    /// What it has done, or why it changed nothing; the same on every node.
    pub outcome: Result<CellAnswer, Refusal>,
}

/// This node's part in the Raft group of its cell.
pub struct CellRaft {
    core: Arc<Core>,
    state: watch::Receiver<Arc<Applied>>,
    role: watch::Receiver<RaftRole>,
    proposals: Semaphore,
    connections: Arc<Semaphore>,
    tasks: TaskTracker,
    stop: CancellationToken,
    disk_closed: tokio::sync::Mutex<Option<oneshot::Receiver<()>>>,
}

impl CellRaft {
    /// Starts on what `config.directory` holds. A new node does nothing until [`CellRaft::found`], or until a leader
    /// has added it; a member goes on.
    ///
    /// # Errors
    /// When the directory cannot be used; the error says what a person can do.
    pub async fn start(config: RaftConfig, peers: &Peers, clock: Arc<dyn Clock>) -> Result<Self, RaftStartError> {
        let opened = tokio::task::spawn_blocking(move || open(config));
        let Opened { myself, directory, disk, content, vote, machine, state } =
            opened.await.map_err(|error| RaftStartError::Raft(error.to_string()))??;
        let me = directory.identity().raft;
        if content.torn_bytes > 0 {
            metrics::counter!("eyrie_raft_torn_bytes_total").increment(content.torn_bytes);
            tracing::info!(bytes = content.torn_bytes, "an entry that was being written at the last stop was cut off");
        }
        let (log, disk_closed) = LogStore::start(directory, disk, content, vote, clock.clone())?;
        let links = RaftLinks::new(me, peers.dialer(), clock.clone());
        let settings = Arc::new(settings());
        let raft = Raft::new(me, settings, links.clone(), log.clone(), machine);
        let raft = raft.await.map_err(|error| RaftStartError::Raft(error.to_string()))?;
        let now = clock.monotonic();
        let (contact, quorum) = (LeaderContact::new(now), QuorumContact::new(now));
        let (peers, heard, changing) = (peers.clone(), tokio::sync::Notify::new(), tokio::sync::Mutex::new(()));
        let core = Arc::new(Core { me, myself, raft, log, links, peers, clock, contact, quorum, heard, changing });
        let (role_sender, role) = watch::channel(RaftRole::of(&core));
        let stop = CancellationToken::new();
        let raft = Self {
            core: core.clone(),
            state: state.clone(),
            role,
            proposals: Semaphore::new(PROPOSALS_MAX),
            connections: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
            tasks: TaskTracker::new(),
            stop,
            disk_closed: tokio::sync::Mutex::new(Some(disk_closed)),
        };
        raft.run(elections::watch(core.clone()));
        raft.run(role::follow(core.clone(), role_sender));
        raft.run(follow_cell(core, state));
        Ok(raft)
    }

    fn run(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = task => {}
            }
        });
    }

    /// This node's number in the group; another one after its log was lost.
    pub fn id(&self) -> RaftId {
        RaftId(self.core.me)
    }

    /// The cell's state, as far as it is applied here; also without quorum.
    pub fn state(&self) -> watch::Receiver<Arc<Applied>> {
        self.state.clone()
    }

    /// This node's place in the group.
    pub fn role(&self) -> watch::Receiver<RaftRole> {
        self.role.clone()
    }

    /// This node's place in the group at this very moment: the watch may be a few milliseconds behind.
    pub fn role_now(&self) -> RaftRole {
        RaftRole::of(&self.core)
    }

    /// The voters.
    pub fn voters(&self) -> BTreeSet<RaftId> {
        self.core.metrics().membership_config.membership().voter_ids().map(RaftId).collect()
    }

    /// Makes a group of this node alone, and waits until it leads. [`CellCommand::Found`] is then the first command.
    ///
    /// # Errors
    /// When this node is a member already.
    pub async fn found(&self) -> Result<(), FoundError> {
        let members = BTreeMap::from([(self.core.me, self.core.myself.clone())]);
        match self.core.raft.initialize(members).await {
            Ok(()) => {}
            Err(RaftError::APIError(InitializeError::NotAllowed(_) | InitializeError::NotInMembers(_))) => {
                return Err(FoundError::Member);
            }
            Err(RaftError::Fatal(error)) => return Err(FoundError::Stopped(error.to_string())),
        }
        let mut role = self.role.clone();
        match timeout(FOUND_DEADLINE, role.wait_for(|role| role.view.ready)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(FoundError::Stopped("the node is stopping".to_owned())),
            Err(_) => Err(FoundError::TooSlow(FOUND_DEADLINE)),
        }
    }

    /// Lets the cell agree on `command`; only a leader can.
    ///
    /// # Errors
    /// When this node does not lead (with a hint who does), or most voters did not agree within `deadline`.
    pub async fn propose(&self, command: CellCommand, deadline: Duration) -> Result<Agreed, ProposeError> {
        let bytes = command.encode().map_or(0, |bytes| bytes.len());
        if bytes > RECORD_BYTES_MAX / 8 {
            return Err(ProposeError::TooLarge { bytes });
        }
        let Ok(_place) = self.proposals.try_acquire() else { return Err(ProposeError::Busy) };
        let begin = self.core.clock.monotonic();
        let written = timeout(deadline, self.core.raft.client_write(command)).await;
        let written = match written {
            Ok(Ok(written)) => written,
            Ok(Err(RaftError::APIError(ClientWriteError::ForwardToLeader(forward)))) => {
                return Err(ProposeError::NotLeader { leader: membership::leader_of(forward) });
            }
            // No command changes the membership.
            Ok(Err(RaftError::APIError(ClientWriteError::ChangeMembershipError(error)))) => {
                return Err(ProposeError::Stopped(error.to_string()));
            }
            Ok(Err(RaftError::Fatal(error))) => return Err(ProposeError::Stopped(error.to_string())),
            Err(_) => {
                metrics::counter!("eyrie_raft_proposals_late_total").increment(1);
                return Err(ProposeError::TooSlow(deadline));
            }
        };
        let took = self.core.clock.monotonic().since(begin);
        metrics::histogram!("eyrie_raft_propose_seconds").record(took.as_secs_f64());
        let outcome = written.data.unwrap_or(Ok(CellAnswer::Done));
        Ok(Agreed { index: written.log_id.index, outcome })
    }

    /// Adds a member that learns; one that is known gets the new address. Only a leader can.
    ///
    /// # Errors
    /// See [`MembershipError`].
    pub async fn add_learner(&self, raft: RaftId, peer: RaftPeer) -> Result<(), MembershipError> {
        membership::add_learner(&self.core, raft.0, peer).await
    }

    /// Lets exactly `voters` vote; whoever no longer does goes on learning. One change at a time, by joint consensus.
    ///
    /// # Errors
    /// See [`MembershipError`].
    pub async fn change_voters(&self, voters: BTreeSet<RaftId>) -> Result<(), MembershipError> {
        membership::change_voters(&self.core, voters.into_iter().map(|raft| raft.0).collect()).await
    }

    /// Takes a member out for good.
    ///
    /// # Errors
    /// See [`MembershipError`].
    pub async fn remove(&self, raft: RaftId) -> Result<(), MembershipError> {
        membership::remove(&self.core, raft.0).await
    }

    /// Does what the core of the control plane has decided about the group.
    ///
    /// # Errors
    /// See [`MembershipError`].
    pub async fn change(&self, change: VoterChange) -> Result<(), MembershipError> {
        let mut voters = self.voters();
        match change {
            VoterChange::AddLearner { raft, node } => {
                let address = self.state.borrow().state.member(node).map(|member| member.peer.clone());
                let address = address.ok_or(MembershipError::NoAddress(node))?;
                self.add_learner(raft, RaftPeer { node, address }).await
            }
            VoterChange::Promote { raft } => {
                voters.insert(raft);
                self.change_voters(voters).await
            }
            VoterChange::Demote { raft } => {
                voters.remove(&raft);
                if voters.is_empty() {
                    return Err(MembershipError::LastVoter(raft));
                }
                self.change_voters(voters).await
            }
            VoterChange::Remove { raft } => self.remove(raft).await,
        }
    }

    /// Lets another voter lead, before this node stops: the cell is without a leader for about a quarter of a second rather
    /// than for the whole lease.
    ///
    /// # Errors
    /// When this node does not lead, or nobody took over within `patience`; then it leads on.
    pub async fn hand_over(&self, patience: Duration) -> Result<(), HandoverError> {
        handover::hand_over(&self.core, &mut self.role.clone(), patience).await
    }

    /// Serves a connection of [`crate::peer::Purpose::Raft`] that a peer has opened, until it ends.
    pub fn accept(&self, stream: PeerStream) {
        let Ok(place) = self.connections.clone().try_acquire_owned() else {
            metrics::counter!("eyrie_raft_connections_refused_total").increment(1);
            return;
        };
        let core = self.core.clone();
        self.run(async move {
            serve::serve(core, stream).await;
            drop(place);
        });
    }

    /// Stops, and lets go of the directory. A leader should [`CellRaft::hand_over`] first.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.core.log.give_up();
        if let Err(error) = self.core.raft.shutdown().await {
            tracing::warn!(%error, "Raft did not stop in order");
        }
        self.core.log.stop().await;
        let closed = self.disk_closed.lock().await.take();
        if let Some(closed) = closed
            && timeout(STOP_DEADLINE, closed).await.is_err()
        {
            tracing::warn!("the disk of the Raft log did not finish in time");
        }
    }
}

impl Drop for CellRaft {
    /// Dropped without [`CellRaft::stop`], it stops, too, some time later.
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// openraft's settings. Its elections are off, see [`elections`]; so its "election timeouts" only bound votes.
fn settings() -> Config {
    let vote_ms = VOTE_DEADLINE.as_millis() as u64;
    Config {
        cluster_name: "cell".to_owned(),
        enable_elect: false,
        heartbeat_interval: HEARTBEAT.as_millis() as u64,
        election_timeout_min: vote_ms,
        election_timeout_max: vote_ms + 1,
        install_snapshot_timeout: SNAPSHOT_DEADLINE.as_millis() as u64,
        max_payload_entries: APPEND_ENTRIES_MAX,
        replication_lag_threshold: 2 * SNAPSHOT_ENTRIES,
        snapshot_policy: SnapshotPolicy::LogsSinceLast(SNAPSHOT_ENTRIES),
        max_in_snapshot_log_to_keep: ENTRIES_KEPT,
        purge_batch_size: APPEND_ENTRIES_MAX,
        ..Config::default()
    }
}

struct Opened {
    myself: RaftPeer,
    directory: RaftDirectory,
    disk: super::disk::DiskLog,
    content: super::disk::LogContent,
    vote: Option<super::types::Vote>,
    machine: StateMachine,
    state: watch::Receiver<Arc<Applied>>,
}

fn open(config: RaftConfig) -> Result<Opened, RaftDiskError> {
    recover::finish_interrupted(&config.directory)?;
    let directory = RaftDirectory::open(&config.directory, config.node, jitter().max(1))?;
    let (disk, content) = directory.open_log()?;
    let vote = directory.read_vote()?;
    if vote.is_none() && content.last().is_some_and(|last| last.index > 0) {
        return Err(directory.missing("vote", "it is missing, and the log is not"));
    }
    let (machine, state) = StateMachine::open(directory.snapshots())?;
    if content.purged > machine.covered() {
        return Err(directory.missing("snapshot", "it is missing or older than what was purged from the log"));
    }
    let myself = RaftPeer { node: config.node, address: config.address };
    Ok(Opened { myself, directory, disk, content, vote, machine, state })
}

/// Once the cell is known, nodes of others are turned away.
async fn follow_cell(core: Arc<Core>, mut state: watch::Receiver<Arc<Applied>>) {
    let mut known: Option<CellId> = None;
    loop {
        let cell = state.borrow_and_update().state.cell();
        if let Some(cell) = cell.filter(|cell| known != Some(*cell)) {
            core.peers.set_cell(cell);
            known = Some(cell);
        }
        if state.changed().await.is_err() {
            return;
        }
    }
}
