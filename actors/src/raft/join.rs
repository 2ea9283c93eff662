use std::collections::BTreeSet;
use std::time::Duration;

use eyrie_types::NodeId;
use tokio::sync::watch;
use tokio::time::timeout;

use super::channel::ask_once;
use super::core::Core;
use super::membership::{add_learner, remove};
use super::timing::REQUEST_DEADLINE;
use super::types::RaftPeer;
use super::wire::{ANYBODY, RaftAnswer, RaftRequest};
use super::{JoinError, MembershipError, RaftRole};
use crate::backoff::jitter;
use crate::peer::Purpose;

/// Pause between two rounds over the seeds, jittered; a cell that elects a leader needs about as long.
const ROUND_PAUSE: Duration = Duration::from_millis(400);
/// Longest address kept in the membership.
const ADDRESS_BYTES_MAX: usize = 255;

/// Lets a node in as a learner, if this node leads; an earlier Raft id of the same node goes first, for what it had promised is
/// lost.
pub(super) async fn admit(core: &Core, node: NodeId, raft: u64, address: String) -> RaftAnswer {
    let role = RaftRole::of(core);
    if !role.view.ready {
        return RaftAnswer::NotLeader { leader: role.leader().map(|(_, peer)| peer.clone()) };
    }
    let failed = |error: String| RaftAnswer::Failed(error);
    if raft == ANYBODY || address.len() > ADDRESS_BYTES_MAX {
        return failed("a request to join without a Raft id, or with too long an address".to_owned());
    }
    if let Some(peer) = role.peers.get(&eyrie_cluster::RaftId(raft)).filter(|peer| peer.node != node) {
        return failed(format!("its Raft id belongs to node {}: was a Raft directory copied?", peer.node));
    }
    // A wrong address is noticed here rather than as a member that is never heard.
    let reached = core.links.dialer().dial(&address, Purpose::Raft, Some(node)).await;
    if let Err(error) = reached {
        return failed(format!("it is not reached at {address}, the address it gave: {error}"));
    }
    let former = role.peers.iter().filter(|(id, peer)| peer.node == node && id.0 != raft).map(|(id, _)| *id);
    for id in former {
        tracing::info!(%node, raft = %id, "a node has lost its Raft log: its former Raft id is removed");
        if let Err(error) = remove(core, id.0).await {
            return failed(format!("its former Raft id {id} cannot be removed: {error}"));
        }
    }
    match add_learner(core, raft, RaftPeer { node, address }).await {
        Ok(()) => RaftAnswer::Done,
        Err(MembershipError::NotLeader { leader }) => RaftAnswer::NotLeader { leader: leader.map(|(_, peer)| peer) },
        Err(error) => failed(error.to_string()),
    }
}

/// Asks the seeds, and whom they name, until a leader takes this node in and is heard.
pub(super) async fn join(
    core: &Core,
    role: &mut watch::Receiver<RaftRole>,
    seeds: &[String],
    patience: Duration,
) -> Result<(), JoinError> {
    if seeds.is_empty() {
        return Err(JoinError::NoSeeds);
    }
    if core.myself.address.is_empty() {
        return Err(JoinError::NoAddress);
    }
    let mut last = "no seed answered".to_owned();
    let taken = timeout(patience, async {
        loop {
            if let Some(text) = stopped(role) {
                return Err(JoinError::Stopped(text));
            }
            if ask_all(core, seeds, &mut last).await {
                return Ok(());
            }
            tokio::time::sleep(ROUND_PAUSE + ROUND_PAUSE.mul_f64((jitter() % 1024) as f64 / 1024.0)).await;
        }
    });
    match taken.await {
        Ok(result) => result?,
        Err(_) => return Err(JoinError::TooSlow { waited: patience, last }),
    }
    let me = eyrie_cluster::RaftId(core.me);
    let heard = role.wait_for(|role| role.peers.contains_key(&me) && role.view.leader.is_some());
    match timeout(patience, heard).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(_)) => Err(JoinError::Stopped("the node is stopping".to_owned())),
        Err(_) => Err(JoinError::NotReached { address: core.myself.address.clone() }),
    }
}

fn stopped(role: &watch::Receiver<RaftRole>) -> Option<String> {
    role.borrow().stopped.clone()
}

/// One round over the seeds and the leaders they name.
async fn ask_all(core: &Core, seeds: &[String], last: &mut String) -> bool {
    let mut asked = BTreeSet::new();
    let mut to_ask: Vec<(String, Option<NodeId>)> = seeds.iter().rev().map(|seed| (seed.clone(), None)).collect();
    while let Some((address, node)) = to_ask.pop() {
        if !asked.insert(address.clone()) {
            continue;
        }
        match ask(core, &address, node).await {
            Ok(RaftAnswer::Done) => return true,
            Ok(RaftAnswer::NotLeader { leader: Some(leader) }) => {
                *last = format!("{address} says that node {leader} leads");
                to_ask.push((leader.address, Some(leader.node)));
            }
            Ok(RaftAnswer::NotLeader { leader: None }) => *last = format!("{address} knows no leader now"),
            Ok(RaftAnswer::Failed(text)) => *last = format!("{address} refuses: {text}"),
            Ok(_) => *last = format!("{address} answers another question"),
            Err(text) => *last = format!("{address}: {text}"),
        }
        tracing::debug!("joining: {last}");
    }
    false
}

async fn ask(core: &Core, address: &str, node: Option<NodeId>) -> Result<RaftAnswer, String> {
    let dialed = core.links.dialer().dial(address, Purpose::Raft, node).await;
    let mut stream = dialed.map_err(|error| error.to_string())?;
    let body = RaftRequest::Join { raft: core.me, address: core.myself.address.clone() };
    // Longer than a change of the membership may take.
    let answer = timeout(REQUEST_DEADLINE * 3, ask_once(&mut stream, (core.me, ANYBODY), body)).await;
    match answer {
        Ok(Ok(answer)) => {
            if core.peers.cell().is_none()
                && let Some(cell) = stream.peer().cell
            {
                core.peers.set_cell(cell);
            }
            Ok(answer)
        }
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no answer in time".to_owned()),
    }
}
