use std::sync::Arc;

use openraft::Snapshot;
use openraft::raft::VoteResponse;
use tokio::io::AsyncWriteExt;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::core::Core;
use super::timing::WRITE_DEADLINE;
use super::wire::{AnswerFrame, FRAME_BYTES_MAX, RaftAnswer, RaftRequest, RequestFrame, decode, encode};
use crate::peer::PeerStream;
use crate::peer::frame::{read_frame, write_frame};

/// Requests of one peer under way; one more waits in the socket.
const REQUESTS_MAX: usize = 32;

/// Answers the requests of one peer until its connection ends.
pub(super) async fn serve(core: Arc<Core>, stream: PeerStream) {
    let peer = stream.peer().clone();
    let (mut read, mut write) = tokio::io::split(stream);
    let (answers, mut ready) = mpsc::channel::<AnswerFrame>(REQUESTS_MAX);
    let room = Arc::new(Semaphore::new(REQUESTS_MAX));
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        while let Some(answer) = ready.recv().await {
            let bytes = encode(&answer);
            let written = timeout(WRITE_DEADLINE, write_frame(&mut write, &bytes, FRAME_BYTES_MAX)).await;
            if !matches!(written, Ok(Ok(()))) {
                break;
            }
        }
        // The other side may be gone.
        let _ = timeout(WRITE_DEADLINE, write.shutdown()).await;
    });
    // Who leads through this connection: when it ends, the leader may have, too.
    let mut leader = None;
    loop {
        let Ok(place) = room.clone().acquire_owned().await else { break };
        let frame = match read_frame(&mut read, FRAME_BYTES_MAX).await {
            Ok(Some(bytes)) => decode::<RequestFrame>(&bytes),
            Ok(None) | Err(_) => break,
        };
        let Some(RequestFrame { number, to, from, body }) = frame else {
            metrics::counter!("eyrie_raft_malformed_total").increment(1);
            tracing::warn!(node = %peer.node, name = peer.name, "a Raft message of this node cannot be read: is it of another release?");
            break;
        };
        if matches!(body, RaftRequest::Append(_) | RaftRequest::Alive { .. }) {
            leader = Some(from);
        }
        // Those that are done make room in the set.
        while tasks.try_join_next().is_some() {}
        let (core, answers) = (core.clone(), answers.clone());
        tasks.spawn(async move {
            let to_me = to == core.me;
            let body = if to_me { answer(&core, from, body).await } else { RaftAnswer::AnotherId { raft: core.me } };
            // The connection may have ended meanwhile.
            let _ = answers.send(AnswerFrame { number, body }).await;
            drop(place);
        });
    }
    if let Some(leader) = leader {
        core.contact.connection_lost(leader);
    }
}

async fn answer(core: &Core, from: u64, body: RaftRequest) -> RaftAnswer {
    let failed = |error: &dyn std::fmt::Display| RaftAnswer::Failed(error.to_string());
    match body {
        RaftRequest::Append(request) => {
            // Before the disk: a slow one of ours says nothing about the leader.
            if core.acknowledges(&request.vote) {
                core.contact.heard(from, core.clock.monotonic());
            }
            match core.raft.append_entries(request).await {
                Ok(answer) => RaftAnswer::Append(answer),
                Err(error) => failed(&error),
            }
        }
        RaftRequest::Alive { vote } => {
            if !core.acknowledges(&vote) {
                return RaftAnswer::Failed("another leads since".to_owned());
            }
            core.contact.heard(from, core.clock.monotonic());
            RaftAnswer::Done
        }
        RaftRequest::Vote { request, handover } => {
            if !handover && core.leader_lives() {
                metrics::counter!("eyrie_raft_votes_refused_total").increment(1);
                return RaftAnswer::Vote(VoteResponse::new(core.metrics().vote, core.log.last(), false));
            }
            match core.raft.vote(request).await {
                Ok(answer) => RaftAnswer::Vote(answer),
                Err(error) => failed(&error),
            }
        }
        RaftRequest::PreVote { last } => {
            RaftAnswer::PreVote { granted: !core.leader_lives() && last >= core.log.last() }
        }
        RaftRequest::Snapshot { vote, meta, state } => {
            if core.acknowledges(&vote) {
                core.contact.heard(from, core.clock.monotonic());
            }
            metrics::counter!("eyrie_raft_snapshots_received_total").increment(1);
            let snapshot = Snapshot { meta, snapshot: Box::new(state) };
            match core.raft.install_full_snapshot(vote, snapshot).await {
                Ok(answer) => RaftAnswer::Snapshot(answer),
                Err(error) => failed(&error),
            }
        }
        RaftRequest::Stand => {
            core.links.set_handover(true);
            match core.raft.trigger().elect().await {
                Ok(()) => RaftAnswer::Done,
                Err(error) => failed(&error),
            }
        }
        RaftRequest::Ping => RaftAnswer::Done,
    }
}
