use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::handshake::greet_as_listener;
use super::peers::Shared;
use super::proof::EXPORTER_LABEL;
use super::{HANDSHAKE_DEADLINE, PeerError, PeerStream, Purpose};

/// Handshakes at a time: twice the other nodes of the largest cell would come at once after a power cut, in turns.
const HANDSHAKES_MAX: usize = 64;
/// Handshakes at a time with one address, so that one host that stands still in all of them does not keep the others out.
const HANDSHAKES_PER_ADDRESS_MAX: usize = 16;
/// Pause after an accept that failed, as it does while the process has no file descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Where connections go once their peer is known. A full or missing queue turns the peer away, who tries again later.
#[derive(Debug, Clone, Default)]
pub struct PeerRoutes {
    /// Takes connections of [`Purpose::Raft`].
    pub raft: Option<mpsc::Sender<PeerStream>>,
    /// Takes connections of [`Purpose::Actors`].
    pub actors: Option<mpsc::Sender<PeerStream>>,
    /// Takes connections of [`Purpose::Media`].
    pub media: Option<mpsc::Sender<PeerStream>>,
}

impl PeerRoutes {
    fn reserve(&self, purpose: Purpose) -> Result<mpsc::OwnedPermit<PeerStream>, PeerError> {
        let route = match purpose {
            Purpose::Raft => &self.raft,
            Purpose::Actors => &self.actors,
            Purpose::Media => &self.media,
        };
        let route = route.clone().ok_or(PeerError::Unavailable("this node takes no such connections"))?;
        route
            .try_reserve_owned()
            .map_err(|_| PeerError::Unavailable("this node is too busy for another connection now"))
    }
}

/// The one TCP listener of a node for all connections between nodes.
pub struct PeerListener {
    shared: Arc<Shared>,
    socket: TcpListener,
}

impl PeerListener {
    pub(super) fn new(shared: Arc<Shared>, socket: TcpListener) -> Self {
        Self { shared, socket }
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the socket says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Greets peers and hands their connections to `routes`, until the future is dropped.
    pub async fn run(self, routes: PeerRoutes) {
        let mut handshakes = JoinSet::new();
        let mut of_address: HashMap<IpAddr, usize> = HashMap::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                Some(ended) = handshakes.join_next(), if !handshakes.is_empty() => {
                    release(&mut of_address, ended);
                    continue;
                }
            };
            let (stream, from) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    metrics::counter!("eyrie_peer_accept_failures_total").increment(1);
                    tracing::warn!(%error, "no connection of a peer could be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let open = of_address.entry(from.ip()).or_default();
            if handshakes.len() >= HANDSHAKES_MAX || *open >= HANDSHAKES_PER_ADDRESS_MAX {
                self.shared.refusals.count(from, &PeerError::Unavailable("too many greetings at a time"));
                continue;
            }
            *open += 1;
            let (shared, routes) = (self.shared.clone(), routes.clone());
            handshakes.spawn(async move {
                let greeted = timeout(HANDSHAKE_DEADLINE, greet(&shared, stream, from, &routes)).await;
                if let Err(error) = greeted.unwrap_or(Err(PeerError::TooSlow)) {
                    shared.refusals.count(from, &error);
                }
                from.ip()
            });
        }
    }
}

fn release(of_address: &mut HashMap<IpAddr, usize>, ended: Result<IpAddr, tokio::task::JoinError>) {
    match ended {
        Ok(address) => {
            if let Some(open) = of_address.get_mut(&address) {
                *open -= 1;
                if *open == 0 {
                    of_address.remove(&address);
                }
            }
        }
        // A greeting that panicked is a bug of ours; its address is not known here, so all counts start again.
        Err(error) => {
            tracing::error!(%error, "a greeting failed");
            of_address.clear();
        }
    }
}

async fn greet(shared: &Shared, stream: TcpStream, from: SocketAddr, routes: &PeerRoutes) -> Result<(), PeerError> {
    stream.set_nodelay(true)?;
    let mut tls = TlsAcceptor::from(shared.tls.listener.clone()).accept(stream).await?;
    let exported = tls.get_ref().1.export_keying_material([0; 32], EXPORTER_LABEL, None).map_err(io::Error::other)?;
    let (greeted, place) = greet_as_listener(&mut tls, &exported, shared, |purpose| routes.reserve(purpose)).await?;
    metrics::counter!("eyrie_peer_accepted_total", "purpose" => greeted.0.purpose.to_string()).increment(1);
    place.send(PeerStream::new(tls.into(), from, greeted));
    Ok(())
}
