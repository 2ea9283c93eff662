use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eyrie_types::Clock;
use openraft::error::{
    Fatal, NetworkError, RPCError, RaftError, RemoteError, ReplicationClosed, StreamingError, Unreachable,
};
use openraft::network::{Backoff, RPCOption};
use openraft::raft::{AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, VoteRequest, VoteResponse};
use openraft::{RaftNetwork, RaftNetworkFactory, Snapshot};

use super::channel::{CallError, Channel, ask_once};
use super::timing::{REQUEST_DEADLINE, SNAPSHOT_DEADLINE, VOTE_DEADLINE};
use super::types::{CellTypes, RaftPeer, Vote};
use super::wire::{RaftAnswer, RaftRequest};
use crate::peer::{Dialer, Purpose};

/// This member's connections to the others, one each.
#[derive(Clone)]
pub(super) struct RaftLinks(Arc<Shared>);

struct Shared {
    me: u64,
    dialer: Dialer,
    clock: Arc<dyn Clock>,
    channels: Mutex<HashMap<u64, Arc<Channel>>>,
    /// Votes are asked for on behalf of a leader that hands over.
    handover: AtomicBool,
}

impl RaftLinks {
    /// The connections of the member with Raft id `me`.
    pub(super) fn new(me: u64, dialer: Dialer, clock: Arc<dyn Clock>) -> Self {
        let (channels, handover) = (Mutex::default(), AtomicBool::new(false));
        Self(Arc::new(Shared { me, dialer, clock, channels, handover }))
    }

    /// The connection to the member with Raft id `raft`.
    pub(super) fn channel(&self, raft: u64, peer: &RaftPeer) -> Arc<Channel> {
        let shared = &self.0;
        let mut channels = shared.channels.lock().unwrap_or_else(PoisonError::into_inner);
        match channels.get(&raft) {
            Some(channel) if channel.peer() == peer => channel.clone(),
            _ => {
                let channel = Channel::new(shared.me, peer.clone(), shared.dialer.clone(), shared.clock.clone());
                let channel = Arc::new(channel);
                channels.insert(raft, channel.clone());
                channel
            }
        }
    }

    /// Closes the connections to those that are no longer members.
    pub(super) fn keep_only(&self, members: &BTreeSet<u64>) {
        let mut channels = self.0.channels.lock().unwrap_or_else(PoisonError::into_inner);
        channels.retain(|raft, _| members.contains(raft));
    }

    /// Asks a member.
    pub(super) async fn call(
        &self,
        raft: u64,
        peer: &RaftPeer,
        body: RaftRequest,
        deadline: Duration,
    ) -> Result<RaftAnswer, CallError> {
        self.channel(raft, peer).call(raft, body, deadline).await
    }

    pub(super) fn dialer(&self) -> &Dialer {
        &self.0.dialer
    }

    /// Whether the next votes are asked for on behalf of a leader that hands over.
    pub(super) fn set_handover(&self, handover: bool) {
        self.0.handover.store(handover, Ordering::Relaxed);
    }
}

impl RaftNetworkFactory<CellTypes> for RaftLinks {
    type Network = MemberLink;

    async fn new_client(&mut self, target: u64, node: &RaftPeer) -> MemberLink {
        MemberLink { links: self.clone(), target, peer: node.clone() }
    }
}

/// One member, as openraft reaches it.
pub(super) struct MemberLink {
    links: RaftLinks,
    target: u64,
    peer: RaftPeer,
}

type MemberError = RPCError<u64, RaftPeer, RaftError<u64>>;

impl MemberLink {
    async fn call(&self, body: RaftRequest, deadline: Duration) -> Result<RaftAnswer, MemberError> {
        let answer = self.links.call(self.target, &self.peer, body, deadline).await;
        answer.map_err(|error| RPCError::Unreachable(Unreachable::new(&error)))
    }

    /// The error for an answer that is not the one to the question.
    fn unexpected(&self, answer: &RaftAnswer) -> io::Error {
        io::Error::other(match answer {
            RaftAnswer::AnotherId { raft } => {
                format!("node {} lost its log: its Raft id is {raft:016x} now", self.peer.node)
            }
            RaftAnswer::Failed(text) => format!("node {}: {text}", self.peer.node),
            _ => format!("node {} answered another question", self.peer.node),
        })
    }
}

impl RaftNetwork<CellTypes> for MemberLink {
    async fn append_entries(
        &mut self,
        rpc: AppendEntriesRequest<CellTypes>,
        _option: RPCOption,
    ) -> Result<AppendEntriesResponse<u64>, MemberError> {
        match self.call(RaftRequest::Append(rpc), REQUEST_DEADLINE).await? {
            RaftAnswer::Append(answer) => Ok(answer),
            other => Err(RPCError::Unreachable(Unreachable::new(&self.unexpected(&other)))),
        }
    }

    async fn vote(&mut self, rpc: VoteRequest<u64>, _option: RPCOption) -> Result<VoteResponse<u64>, MemberError> {
        let handover = self.links.0.handover.load(Ordering::Relaxed);
        match self.call(RaftRequest::Vote { request: rpc, handover }, VOTE_DEADLINE).await? {
            RaftAnswer::Vote(answer) => Ok(answer),
            other => Err(RPCError::Network(NetworkError::new(&self.unexpected(&other)))),
        }
    }

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: Snapshot<CellTypes>,
        cancel: impl Future<Output = ReplicationClosed> + Send + 'static,
        _option: RPCOption,
    ) -> Result<SnapshotResponse<u64>, StreamingError<CellTypes, Fatal<u64>>> {
        let unreachable = |error: io::Error| StreamingError::Unreachable(Unreachable::new(&error));
        let send = async {
            let dialer = self.links.dialer();
            let dialed = dialer.dial(&self.peer.address, Purpose::Raft, Some(self.peer.node)).await;
            let mut stream = dialed.map_err(io::Error::other)?;
            let body = RaftRequest::Snapshot { vote, meta: snapshot.meta, state: *snapshot.snapshot };
            metrics::counter!("eyrie_raft_snapshots_sent_total").increment(1);
            ask_once(&mut stream, (self.links.0.me, self.target), body).await
        };
        let answer = tokio::select! {
            sent = tokio::time::timeout(SNAPSHOT_DEADLINE, send) => {
                sent.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map_err(unreachable)?
            }
            closed = cancel => return Err(StreamingError::Closed(closed)),
        };
        match answer {
            RaftAnswer::Snapshot(answer) => Ok(answer),
            RaftAnswer::Failed(text) => {
                tracing::warn!(node = %self.peer.node, "a snapshot could not be installed there: {text}");
                Err(StreamingError::RemoteError(RemoteError::new(self.target, Fatal::Stopped)))
            }
            other => Err(unreachable(self.unexpected(&other))),
        }
    }

    fn backoff(&self) -> Backoff {
        // The channel has its own pauses; this one only keeps openraft from asking it in a loop.
        Backoff::new(std::iter::repeat(Duration::from_millis(50)))
    }
}
