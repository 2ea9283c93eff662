use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eyrie_types::NodeId;
use ractor::{Actor, ActorCell, SpawnErr};
use tokio::sync::{mpsc, watch};
use tokio_util::task::AbortOnDropHandle;

use super::dialing::{Opener, keep_connected};
use super::gateway::Gateway;
use super::host::SessionHost;
use super::message::{Envelope, encode};
use super::session::{LinkPeer, LinkSession};
use super::sessions::Sessions;
use super::{LinkAnswer, LinkCast, LinkError, LinkHandler, LinkRequest, telemetry};
use crate::peer::{Dialer, PeerStream};

/// Most peers that are dialed: a cell has at most 100 nodes; beyond, none is dialed, and that is told.
pub const LINK_PEERS_MAX: usize = 256;

/// Whom the link keeps a session with: where, and what dials.
type Dialed = BTreeMap<NodeId, (String, AbortOnDropHandle<()>)>;

/// What a link is made of.
pub struct LinkConfig {
    /// This node.
    pub node: NodeId,
    /// What dials peers.
    pub dialer: Dialer,
    /// Connections of peers that dialed us, greeted for [`crate::peer::Purpose::Actors`].
    pub incoming: mpsc::Receiver<PeerStream>,
}

/// The sessions of this process with the other nodes of its cell. One a process: ractor's registry and groups are the process's.
///
/// Dropping it closes all sessions.
pub struct Link {
    sessions: Arc<Sessions>,
    opener: Opener,
    dialer: Dialer,
    dialed: Mutex<Dialed>,
    actors: [ActorCell; 2],
    _accepts: AbortOnDropHandle<()>,
}

impl Link {
    /// Starts it; `handler` answers peers. Nobody is dialed before [`Link::set_peers`]; peers that dial are taken, whoever they
    /// are: they have proved the cell's secret.
    ///
    /// # Errors
    /// When an actor cannot be started.
    pub async fn start(config: LinkConfig, handler: Arc<dyn LinkHandler>) -> Result<Self, SpawnErr> {
        telemetry::describe();
        let LinkConfig { node, dialer, mut incoming } = config;
        let sessions = Arc::new(Sessions::new(node));
        let (gateway, _) = Actor::spawn(None, Gateway::new(Arc::clone(&sessions), handler), ()).await?;
        let (host, _) = Actor::spawn(None, SessionHost::new(Arc::clone(&sessions)), ()).await?;
        let actors = [gateway.get_cell(), host.get_cell()];
        let opener = Opener { sessions: Arc::clone(&sessions), host };
        let accepts = opener.clone();
        let accepts = tokio::spawn(async move {
            while let Some(stream) = incoming.recv().await {
                accepts.open(stream, false);
            }
        });
        let (dialed, _accepts) = (Mutex::default(), AbortOnDropHandle::new(accepts));
        Ok(Self { sessions, opener, dialer, dialed, actors, _accepts })
    }

    /// The nodes to have sessions with, and where they are (see [`Dialer::dial`]). Others than before are dialed; sessions with
    /// those that are left out now are closed.
    pub fn set_peers(&self, peers: BTreeMap<NodeId, String>) {
        let mut dialed = self.dialed.lock().unwrap_or_else(PoisonError::into_inner);
        let gone: Vec<_> = dialed.keys().filter(|node| !peers.contains_key(node)).copied().collect();
        for node in gone {
            dialed.remove(&node);
            self.sessions.forget(node);
        }
        for (node, address) in peers {
            if dialed.get(&node).is_none_or(|(known, _)| *known != address) {
                self.keep(&mut dialed, node, address);
            }
        }
    }

    /// Sessions with these nodes besides, which have just answered at these addresses. What the link was told of others stays; so does
    /// a session that is there.
    pub fn meet(&self, peers: BTreeMap<NodeId, String>) {
        let mut dialed = self.dialed.lock().unwrap_or_else(PoisonError::into_inner);
        for (node, address) in peers {
            let elsewhere = dialed.get(&node).is_none_or(|(known, _)| *known != address);
            if elsewhere && self.sessions.of(node).is_none() {
                self.keep(&mut dialed, node, address);
            }
        }
    }

    fn keep(&self, dialed: &mut Dialed, node: NodeId, address: String) {
        if node == self.sessions.own() {
            return;
        }
        if dialed.len() >= LINK_PEERS_MAX && !dialed.contains_key(&node) {
            tracing::error!(%node, max = LINK_PEERS_MAX, "a peer is not dialed: there are too many");
            return;
        }
        let dials = keep_connected(self.opener.clone(), self.dialer.clone(), node, address.clone());
        dialed.insert(node, (address, AbortOnDropHandle::new(tokio::spawn(dials))));
    }

    /// The peers with which there is a session, as it changes.
    pub fn connected(&self) -> watch::Receiver<Arc<BTreeMap<NodeId, LinkPeer>>> {
        self.sessions.connected()
    }

    /// Asks `node`, and answers what it answered within `within`.
    ///
    /// # Errors
    /// See [`LinkError`]; at once when there is no session or no credit.
    pub async fn call(&self, node: NodeId, request: LinkRequest, within: Duration) -> Result<LinkAnswer, LinkError> {
        let called = async {
            let bytes = encode(&Envelope { from: self.sessions.own(), message: request })?;
            self.session(node)?.call(bytes, within).await
        };
        let called = called.await;
        let outcome = called.as_ref().err().map_or("answered", LinkError::reason);
        metrics::counter!("eyrie_link_calls_total", "outcome" => outcome).increment(1);
        called
    }

    /// Says something to `node`, at once or not at all; whether it arrives is not told.
    ///
    /// # Errors
    /// [`LinkError::NotConnected`], [`LinkError::NoCredit`], [`LinkError::TooLong`]: it was dropped, and counted.
    pub fn cast(&self, node: NodeId, cast: LinkCast) -> Result<(), LinkError> {
        let said = encode(&Envelope { from: self.sessions.own(), message: cast })
            .and_then(|bytes| self.session(node)?.cast(bytes));
        said.inspect_err(|error| {
            metrics::counter!("eyrie_link_dropped_total", "kind" => "cast", "reason" => error.reason()).increment(1);
        })
    }

    /// Closes all sessions and dials nobody any more.
    pub fn stop(&self) {
        self.dialed.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.sessions.stop();
        self.actors.iter().for_each(|actor| actor.stop(None));
    }

    fn session(&self, node: NodeId) -> Result<Arc<LinkSession>, LinkError> {
        self.sessions.of(node).ok_or(LinkError::NotConnected(node))
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.stop();
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("node", &self.sessions.own()).finish_non_exhaustive()
    }
}
