use std::sync::Arc;
use std::time::Duration;

use eyrie_types::NodeId;
use ractor::ActorRef;
use ractor_cluster::NodeServerMessage;
use tokio::time::Instant;

use super::session::LinkPeer;
use super::sessions::Sessions;
use super::stream::CutStream;
use crate::backoff::{Backoff, jitter};
use crate::peer::{Dialer, PeerStream, Purpose};

/// How long the node with the greater id leaves the other one to dial first: time for a connection to be greeted, so that two nodes
/// that both know each other open one session and not two.
const DIAL_AFTER: Duration = Duration::from_millis(1000);
/// How long a session may take to be agreed upon, on a connection that is there.
const READY_WITHIN: Duration = Duration::from_secs(5);
/// How long reaching all addresses of a name may take.
const DIAL_WITHIN: Duration = Duration::from_secs(15);

/// What opens sessions on connections.
#[derive(Clone)]
pub(super) struct Opener {
    pub(super) sessions: Arc<Sessions>,
    pub(super) host: ActorRef<NodeServerMessage>,
}

impl Opener {
    /// Opens a session on `stream`; its number. It ends by itself when the peer does not agree in time.
    pub(super) fn open(&self, stream: PeerStream, dialed: bool) -> Option<u64> {
        let hello = stream.peer();
        let peer = LinkPeer {
            node: hello.node,
            start: hello.start,
            instance: hello.instance,
            name: hello.name.clone(),
            dialed,
            session: 0,
        };
        let (number, cut) = self.sessions.open(peer)?;
        let stream = Box::new(CutStream::new(stream, number, cut.clone()));
        if self.host.cast(NodeServerMessage::ConnectionOpenedExternal { stream, is_server: !dialed }).is_err() {
            self.sessions.ended(number);
            return None;
        }
        let sessions = Arc::clone(&self.sessions);
        tokio::spawn(async move {
            tokio::select! {
                () = tokio::time::sleep(READY_WITHIN) => {}
                () = cut.cancelled() => return,
            }
            if sessions.is_opening(number) {
                sessions.cut(number, "not_ready");
            }
        });
        Some(number)
    }
}

/// Keeps a session with `node` at `address`, until the future is dropped.
pub(super) async fn keep_connected(opener: Opener, dialer: Dialer, node: NodeId, address: String) {
    let sessions = Arc::clone(&opener.sessions);
    let mut connected = sessions.connected();
    let mut backoff = Backoff::peer();
    let mut told = false;
    loop {
        let since = Instant::now();
        // The sender lives as long as `sessions`.
        let was = connected.borrow_and_update().contains_key(&node);
        let _ = connected.wait_for(|peers| !peers.contains_key(&node)).await;
        if was {
            backoff.worked_for(since.elapsed());
            told = false;
        }
        let first = if sessions.own() < node { Duration::ZERO } else { DIAL_AFTER };
        let pause = backoff.pause(jitter()).max(first);
        if tokio::time::timeout(pause, connected.wait_for(|peers| peers.contains_key(&node))).await.is_ok() {
            continue;
        }
        let dialing = tokio::time::timeout(DIAL_WITHIN, dialer.dial(&address, Purpose::Actors, Some(node)));
        match dialing.await {
            Ok(Ok(stream)) => {
                let Some(number) = opener.open(stream, true) else { continue };
                // Ready, or not: what follows is told by the sessions.
                let agreed = async {
                    while sessions.is_opening(number) {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                };
                let _ = tokio::time::timeout(READY_WITHIN * 2, agreed).await;
            }
            Ok(Err(error)) => {
                metrics::counter!("eyrie_link_dials_failed_total").increment(1);
                if !told {
                    tracing::warn!(%node, address, %error, "a peer cannot be reached; it is tried again");
                }
                told = true;
            }
            Err(_) => {
                metrics::counter!("eyrie_link_dials_failed_total").increment(1);
            }
        }
    }
}
