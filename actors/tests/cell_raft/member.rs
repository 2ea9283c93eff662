//! Members within the test's own process.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use eyrie_actors::peer::{PeerConfig, PeerRoutes, PeerTls, Peers};
use eyrie_actors::raft::{
    Agreed, CellRaft, MembershipError, ProposeError, RaftConfig, RaftPeer, RaftRole, RaftStartError,
};
use eyrie_cluster::{
    CameraKey, CameraNeeds, CellCommand, CellState, Health, Identity, Member as CellMember, ProtocolRange, RaftId,
};
use eyrie_types::{CameraId, CellId, NodeId, Secret, SystemClock, TenantId};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

/// More than anything here should take on a machine with all cores busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Member {
    pub(crate) raft: Arc<CellRaft>,
    pub(crate) node: NodeId,
    pub(crate) address: String,
    /// Where others are told to reach it.
    announced: String,
    pub(crate) peers: Peers,
    tasks: Vec<AbortOnDropHandle<()>>,
}

/// What a member is started with; the next start of the same node has a higher number.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) directory: PathBuf,
    pub(crate) node: NodeId,
    pub(crate) start: u64,
    pub(crate) port: u16,
}

impl Setup {
    pub(crate) fn new(directory: &Path) -> Self {
        Self { directory: directory.join("raft"), node: NodeId::generate(), start: 1, port: 0 }
    }

    pub(crate) async fn start(&mut self) -> Result<Member, RaftStartError> {
        self.start_announcing("").await
    }

    /// Starts, and tells its peers that it is reached at `announced`; at its own address, when that is empty.
    pub(crate) async fn start_announcing(&mut self, announced: &str) -> Result<Member, RaftStartError> {
        let socket = TcpListener::bind(("127.0.0.1", self.port)).await.expect("the port is free");
        let address = socket.local_addr().unwrap();
        self.port = address.port();
        let config = PeerConfig {
            secret: Secret::new("a secret for the tests of raft"),
            cell: None,
            node: self.node,
            start: self.start,
            name: format!("node-{}", self.port),
            tls: PeerTls::SelfSigned,
        };
        self.start += 1;
        let clock = Arc::new(SystemClock::new());
        let peers = Peers::new(&config, clock.clone()).unwrap();
        let announced = if announced.is_empty() { address.to_string() } else { announced.to_owned() };
        let config = RaftConfig { directory: self.directory.clone(), node: self.node, address: announced.clone() };
        let raft = Arc::new(CellRaft::start(config, &peers, clock).await?);
        let (sender, mut streams) = mpsc::channel(16);
        let listener = peers.listener(socket).run(PeerRoutes { raft: Some(sender), ..PeerRoutes::default() });
        let accepting = raft.clone();
        let accept = async move {
            while let Some(stream) = streams.recv().await {
                accepting.accept(stream);
            }
        };
        let tasks = vec![AbortOnDropHandle::new(tokio::spawn(listener)), AbortOnDropHandle::new(tokio::spawn(accept))];
        Ok(Member { raft, node: self.node, address: address.to_string(), announced, peers, tasks })
    }
}

impl Member {
    pub(crate) async fn found(&self) -> CellId {
        self.raft.found().await.unwrap();
        let cell = CellId::generate();
        let command = CellCommand::Found { cell, node: self.node, member: Box::new(self.as_cell_member()) };
        self.propose(command).await.unwrap().outcome.unwrap();
        cell
    }

    pub(crate) fn as_cell_member(&self) -> CellMember {
        CellMember {
            name: "n".to_owned(),
            start: 1,
            identity: Identity([1; 16]),
            raft: self.raft.id(),
            peer: self.address.clone(),
            url: String::new(),
            zone: String::new(),
            labels: BTreeSet::new(),
            capacity: 100,
            protocol: ProtocolRange { min: 1, max: 1 },
            health: Health::Up,
            draining: false,
        }
    }

    pub(crate) async fn propose(&self, command: CellCommand) -> Result<Agreed, ProposeError> {
        self.raft.propose(command, PATIENCE).await
    }

    pub(crate) async fn put_camera(&self) -> Result<(u64, CameraKey), ProposeError> {
        let (key, command) = put_camera();
        let agreed = self.propose(command).await?;
        agreed.outcome.unwrap();
        Ok((agreed.index, key))
    }

    /// Takes `other` in as a learner, as the control plane does when a node joins: a former Raft id of it goes first. This one
    /// leads.
    pub(crate) async fn admit(&self, other: &Self) {
        self.add(other.raft.id(), RaftPeer { node: other.node, address: other.announced.clone() }).await.unwrap();
        let id = other.raft.id();
        other.role(|role| role.peers.contains_key(&id) && role.view.leader.is_some()).await;
    }

    /// The first half of [`Self::admit`].
    pub(crate) async fn add(&self, raft: RaftId, peer: RaftPeer) -> Result<(), MembershipError> {
        let role = self.raft.role_now();
        for (former, _) in role.peers.iter().filter(|(id, known)| known.node == peer.node && **id != raft) {
            self.raft.remove(*former).await?;
        }
        self.raft.add_learner(raft, peer).await
    }

    /// Waits until the role is as `wanted`.
    pub(crate) async fn role(&self, wanted: impl FnMut(&RaftRole) -> bool) -> RaftRole {
        let mut role = self.raft.role();
        let found = timeout(PATIENCE, role.wait_for(wanted)).await;
        match found {
            Ok(role) => role.unwrap().clone(),
            Err(_) => panic!("the role stayed {:?}", self.raft.role_now()),
        }
    }

    /// Waits until the state is as `wanted`.
    pub(crate) async fn state(&self, mut wanted: impl FnMut(&CellState) -> bool) {
        let mut state = self.raft.state();
        let found = timeout(PATIENCE, state.wait_for(|applied| wanted(&applied.state))).await;
        found.expect("the state became so").unwrap();
    }

    pub(crate) async fn stop(self) {
        self.raft.stop().await;
        for task in self.tasks {
            task.abort();
            // Aborted, it ends with an error; then its socket is closed.
            let _ = task.await;
        }
    }
}

pub(crate) fn put_camera() -> (CameraKey, CellCommand) {
    let key = CameraKey { tenant: TenantId::default_tenant(), camera: CameraId::generate() };
    let needs =
        CameraNeeds { revision: 1, enabled: true, redundancy: 1, labels: BTreeSet::new(), max_sessions: 2, weight: 1 };
    (key.clone(), CellCommand::PutCamera { key, needs: Box::new(needs) })
}

/// A cell of `N` nodes, all voters; the first leads. The directory goes with it.
pub(crate) struct Cell<const N: usize> {
    pub(crate) setups: [Setup; N],
    pub(crate) members: Vec<Member>,
    _dir: tempfile::TempDir,
}

impl<const N: usize> Cell<N> {
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut setups: [Setup; N] = std::array::from_fn(|n| Setup::new(&dir.path().join(n.to_string())));
        let mut members = Vec::new();
        for setup in &mut setups {
            members.push(setup.start().await.unwrap());
        }
        members[0].found().await;
        for member in &members[1..] {
            members[0].admit(member).await;
        }
        let cell = Self { setups, members, _dir: dir };
        cell.promote_all(&cell.members[0]).await;
        cell
    }

    /// Lets all members vote, one after the other.
    pub(crate) async fn promote_all(&self, leader: &Member) {
        let ids: BTreeSet<RaftId> = self.members.iter().map(|member| member.raft.id()).collect();
        let caught_up = |role: &RaftRole| ids.iter().all(|id| role.view.members.get(id).is_some_and(|m| m.caught_up));
        leader.role(caught_up).await;
        for id in &ids {
            let mut voters = leader.raft.voters();
            voters.insert(*id);
            leader.raft.change_voters(voters).await.unwrap();
        }
        for member in &self.members {
            member.role(|role| role.view.voters().len() == N && !role.view.changing).await;
        }
    }

    /// The member that leads, of those that are left.
    pub(crate) async fn leader(&self) -> &Member {
        let find = async {
            loop {
                if let Some(leader) = self.members.iter().find(|member| member.raft.role_now().view.ready) {
                    return leader;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, find).await.expect("somebody leads")
    }
}
