use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use eyrie_types::NodeId;
use http_body_util::Full;
use hyper::http::uri::{Authority, PathAndQuery, Scheme};
use hyper::{Request, Response, Uri};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::handlers::prefix;
use super::peer::AskedPeer;
use super::{FIRST_BYTE_WITHIN, MediaBody, MediaHandlers, MediaLinkError, PEERS_MAX, server, telemetry};
use crate::peer::{Dialer, PROTOCOL_OF_MEDIA, PeerStream};

/// Where a node can be asked for media.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaPeer {
    /// See [`Dialer::dial`].
    pub address: String,
    /// The newest protocol it speaks: an older release has no media link.
    pub protocol_max: u32,
}

/// What a media link is made of.
pub struct MediaLinkConfig {
    /// This node.
    pub node: NodeId,
    /// What dials peers.
    pub dialer: Dialer,
    /// Connections of peers, greeted for [`crate::peer::Purpose::Media`]; `None` for a node that listens to nobody.
    pub incoming: Option<mpsc::Receiver<PeerStream>>,
    /// Who answers them.
    pub handlers: MediaHandlers,
}

/// What a node asks the others of its cell for media with, and answers them by. Cheap to clone; one a node.
#[derive(Clone)]
pub struct MediaLink(Arc<Shared>);

struct Shared {
    node: NodeId,
    dialer: Dialer,
    peers: Mutex<BTreeMap<NodeId, Arc<AskedPeer>>>,
    serves: Mutex<Option<AbortOnDropHandle<()>>>,
}

impl MediaLink {
    /// Starts it; it knows no peer before [`Self::set_peers`], and dials none before it is asked to ask.
    pub fn start(config: MediaLinkConfig) -> Self {
        telemetry::describe();
        let MediaLinkConfig { node, dialer, incoming, handlers } = config;
        let serves = incoming.map(|incoming| AbortOnDropHandle::new(tokio::spawn(server::serve(incoming, handlers))));
        Self(Arc::new(Shared { node, dialer, peers: Mutex::default(), serves: Mutex::new(serves) }))
    }

    /// The nodes that can be asked, and where they are. Connections with those that are left out, or are elsewhere now, end.
    pub fn set_peers(&self, peers: BTreeMap<NodeId, MediaPeer>) {
        let mut known = self.0.peers.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|node, peer| peers.get(node).is_some_and(|now| *now == peer.known));
        for (node, peer) in peers.into_iter().filter(|(node, _)| *node != self.0.node) {
            if known.len() >= PEERS_MAX && !known.contains_key(&node) {
                tracing::error!(%node, max = PEERS_MAX, "a peer cannot be asked for media: there are too many");
                continue;
            }
            known.entry(node).or_insert_with(|| AskedPeer::new(node, peer, self.0.dialer.clone()));
        }
    }

    /// Asks `node`, and answers with the head of its answer once that is there; the body streams. The first element of the path
    /// names the handler. The deadline to the head is [`FIRST_BYTE_WITHIN`].
    ///
    /// # Errors
    /// See [`MediaLinkError`]. A cell of one has no peers.
    pub async fn ask(&self, node: NodeId, request: Request<Bytes>) -> Result<Response<MediaBody>, MediaLinkError> {
        self.ask_within(node, request, FIRST_BYTE_WITHIN).await
    }

    /// As [`Self::ask`], with a deadline of one's own, as for what is about to come. A peer that stands still or dies meanwhile is
    /// found all the same.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn ask_within(
        &self,
        node: NodeId,
        request: Request<Bytes>,
        within: Duration,
    ) -> Result<Response<MediaBody>, MediaLinkError> {
        // Of our own making: one of a few.
        let prefix = prefix(request.uri().path()).to_owned();
        let asked = Instant::now();
        let answered = timeout(within, self.try_ask(node, request, &prefix)).await;
        let answered = answered.unwrap_or(Err(MediaLinkError::TooSlow { node, within }));
        let outcome = answered.as_ref().err().map_or("answered", MediaLinkError::reason);
        if answered.is_ok() {
            let seconds = asked.elapsed().as_secs_f64();
            metrics::histogram!("eyrie_media_link_first_byte_seconds", "prefix" => prefix.clone()).record(seconds);
        }
        metrics::counter!("eyrie_media_link_requests_total", "prefix" => prefix, "outcome" => outcome).increment(1);
        answered
    }

    async fn try_ask(
        &self,
        node: NodeId,
        request: Request<Bytes>,
        prefix: &str,
    ) -> Result<Response<MediaBody>, MediaLinkError> {
        let peer = self.0.peers.lock().unwrap_or_else(PoisonError::into_inner).get(&node).cloned();
        let peer = peer.ok_or(MediaLinkError::NoPeer(node))?;
        if peer.known.protocol_max < u32::from(PROTOCOL_OF_MEDIA) {
            return Err(MediaLinkError::TooOld(node));
        }
        // Never closed.
        let place = Arc::clone(&peer.streams).acquire_owned().await.map_err(|_| MediaLinkError::NoPeer(node))?;
        let (mut head, body) = request.into_parts();
        head.uri = absolute(node, head.uri);
        let response = peer.ask(Request::from_parts(head, Full::new(body))).await?;
        let received = metrics::counter!("eyrie_media_link_received_bytes_total", "prefix" => prefix.to_owned());
        Ok(response.map(|body| MediaBody::new(node, body, received, place)))
    }

    /// Ends all connections, of both directions.
    pub fn stop(&self) {
        self.0.peers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.0.serves.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// HTTP/2 wants scheme and authority (RFC 9113, 8.3.1); whom it is for, the connection tells.
fn absolute(node: NodeId, uri: Uri) -> Uri {
    let mut parts = uri.into_parts();
    parts.scheme = Some(Scheme::HTTPS);
    parts.authority = Authority::try_from(node.to_string()).ok();
    parts.path_and_query = parts.path_and_query.or(Some(PathAndQuery::from_static("/")));
    Uri::from_parts(parts).unwrap_or_default()
}

impl std::fmt::Debug for MediaLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MediaLink").field("node", &self.0.node).finish_non_exhaustive()
    }
}
