use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::entry::{Arrival, enter};
use super::tls::RtmpTls;
use crate::context::NodeContext;

/// Publishers and those who want to be, at a time: ten times what one node is measured with.
const CONNECTIONS_MAX: usize = 4_096;
/// Those that have not asked to publish yet.
const SETUPS_MAX: usize = 256;
/// Of one address; cameras of a site may share one.
const SETUPS_PER_ADDRESS_MAX: usize = 32;
/// Pause after an accept that failed, as it does while the process has no file descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The one TCP listener of a node for cameras that push with RTMP.
pub(crate) struct RtmpListener {
    node: Arc<NodeContext>,
    socket: TcpListener,
    tls: RtmpTls,
    connections: Arc<Semaphore>,
    setups: Arc<Semaphore>,
    of_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl RtmpListener {
    pub(crate) fn new(node: Arc<NodeContext>, socket: TcpListener, tls: RtmpTls) -> Self {
        let (connections, setups) = (Arc::new(Semaphore::new(CONNECTIONS_MAX)), Arc::new(Semaphore::new(SETUPS_MAX)));
        Self { node, socket, tls, connections, setups, of_address: Arc::default() }
    }

    /// Takes connections for as long as it is polled.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            match self.socket.accept().await {
                Ok((stream, remote)) => self.take(stream, remote),
                Err(error) => {
                    metrics::counter!("eyrie_publish_accept_failures_total").increment(1);
                    tracing::warn!(%error, "no connection of a publisher could be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn take(&self, stream: TcpStream, remote: SocketAddr) {
        metrics::counter!("eyrie_publish_connections_total").increment(1);
        let places = Arc::clone(&self.connections).try_acquire_owned().ok();
        let places = places.zip(Arc::clone(&self.setups).try_acquire_owned().ok());
        let address = places.and_then(|places| Some((places, Counted::of(&self.of_address, remote.ip())?)));
        let Some(((counted, setup), of_address)) = address else {
            metrics::counter!("eyrie_publish_refused_total", "reason" => "too_many").increment(1);
            return;
        };
        let (node, tls) = (Arc::clone(&self.node), self.tls.clone());
        // Bounded by the places it holds, and in time.
        tokio::spawn(async move {
            if stream.set_nodelay(true).is_ok() {
                enter(&node, &tls, Arrival { socket: stream, remote, counted }).await;
            }
            drop((setup, of_address));
        });
    }
}

/// One of those of an address that have not asked to publish yet.
struct Counted {
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
    address: IpAddr,
}

impl Counted {
    /// One more, if the address may have another.
    fn of(counts: &Arc<Mutex<HashMap<IpAddr, usize>>>, address: IpAddr) -> Option<Self> {
        let mut known = counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = known.entry(address).or_default();
        if *count >= SETUPS_PER_ADDRESS_MAX {
            return None;
        }
        *count += 1;
        drop(known);
        Some(Self { counts: Arc::clone(counts), address })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut known = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = known.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                known.remove(&self.address);
            }
        }
    }
}
