use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use eyrie_types::NodeId;
use rustls_pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::handshake::greet_as_dialer;
use super::peers::Shared;
use super::proof::EXPORTER_LABEL;
use super::{ATTEMPT_DEADLINE, PEER_PORT, PeerError, PeerStream, Purpose};

/// How long a name may take to resolve.
const RESOLVE_DEADLINE: Duration = Duration::from_secs(3);
/// Addresses of one name that are tried: a headless service has one for each of its nodes.
const ADDRESSES_MAX: usize = 16;

/// Opens connections with peers.
#[derive(Clone)]
pub struct Dialer(Arc<Shared>);

impl Dialer {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Connects with the node at `address`: `host:port`, `[v6]:port`, or a name without a port ([`PEER_PORT`] then). All
    /// addresses of a name are tried in turn, each for at most [`ATTEMPT_DEADLINE`]; with `expected_node`, only that node
    /// will do.
    ///
    /// # Errors
    /// Why the last address did not do.
    pub async fn dial(
        &self,
        address: &str,
        purpose: Purpose,
        expected_node: Option<NodeId>,
    ) -> Result<PeerStream, PeerError> {
        let mut last = None;
        for at in resolve(address).await? {
            match self.dial_at(at, purpose, expected_node).await {
                Ok(stream) => return Ok(stream),
                Err(error) => {
                    let reason = error.reason().as_str();
                    metrics::counter!("eyrie_peer_dial_failures_total", "reason" => reason).increment(1);
                    tracing::debug!(%at, %purpose, "a peer could not be reached: {error}");
                    // That a name also leads here says nothing about the others behind it.
                    if last.is_none() || !matches!(error, PeerError::Myself) {
                        last = Some(error);
                    }
                }
            }
        }
        Err(last.unwrap_or_else(|| PeerError::NoAddress(address.to_owned())))
    }

    /// Connects with the node at one address.
    ///
    /// # Errors
    /// When it does not answer within [`ATTEMPT_DEADLINE`], turns this node away, or is not who it should be.
    pub async fn dial_at(
        &self,
        at: SocketAddr,
        purpose: Purpose,
        expected_node: Option<NodeId>,
    ) -> Result<PeerStream, PeerError> {
        let attempt = self.attempt(at, purpose, expected_node);
        timeout(ATTEMPT_DEADLINE, attempt).await.unwrap_or(Err(PeerError::TooSlow))
    }

    async fn attempt(
        &self,
        at: SocketAddr,
        purpose: Purpose,
        expected_node: Option<NodeId>,
    ) -> Result<PeerStream, PeerError> {
        let stream = TcpStream::connect(at).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::from(at.ip());
        let mut tls = TlsConnector::from(self.0.tls.dialer.clone()).connect(name, stream).await?;
        let exported =
            tls.get_ref().1.export_keying_material([0; 32], EXPORTER_LABEL, None).map_err(io::Error::other)?;
        let greeted = greet_as_dialer(&mut tls, &exported, &self.0, purpose, expected_node).await?;
        Ok(PeerStream::new(tls.into(), at, greeted))
    }
}

async fn resolve(address: &str) -> Result<Vec<SocketAddr>, PeerError> {
    let with_port = with_port(address)?;
    let resolve_error = |source| PeerError::Resolve { address: address.to_owned(), source };
    let found = timeout(RESOLVE_DEADLINE, lookup_host(&with_port)).await;
    let found = found.unwrap_or(Err(io::ErrorKind::TimedOut.into())).map_err(resolve_error)?;
    Ok(found.take(ADDRESSES_MAX).collect())
}

/// The address of a peer with its port: [`PEER_PORT`] where it names none.
///
/// # Errors
/// When it is no address.
pub fn with_port(address: &str) -> Result<String, PeerError> {
    Ok(if has_port(address)? { address.to_owned() } else { format!("{address}:{PEER_PORT}") })
}

/// Whether an address names its port.
fn has_port(address: &str) -> Result<bool, PeerError> {
    let wrong = || PeerError::Address(address.chars().filter(|c| !c.is_control()).take(100).collect());
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (address, None),
    };
    let bare_v6 = host.contains(':') && !(host.starts_with('[') && host.ends_with(']'));
    let printable = host.chars().all(|c| c.is_ascii_graphic() && !"/@?#".contains(c));
    if host.is_empty() || bare_v6 || !printable || port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err(wrong());
    }
    Ok(port.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn addresses_are_host_and_port() {
        for (address, port) in [("127.0.0.1:80", 80), ("[::1]:81", 81), ("127.0.0.1", PEER_PORT), ("[::1]", PEER_PORT)]
        {
            let found = resolve(address).await.unwrap();
            assert!(!found.is_empty() && found.iter().all(|at| at.port() == port), "{address}: {found:?}");
        }
        for wrong in ["", ":80", "host:", "host:99999", "::1", "http://host:80", "a b:80", "user@host:80", "host:80:81"]
        {
            assert!(matches!(resolve(wrong).await, Err(PeerError::Address(_))), "{wrong:?}");
        }
    }
}
