use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use eyrie_types::NodeId;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::body::told;
use super::server::one_less_at_the_end;
use super::{
    ATTEMPTS_MAX, CONNECT_WITHIN, CONNECTION_WINDOW_BYTES, DIAL_WITHIN, FRAME_BYTES_MAX, MediaLinkError, MediaPeer,
    PING_AFTER, PONG_WITHIN, STREAM_WINDOW_BYTES, STREAMS_MAX,
};
use crate::backoff::{Backoff, jitter};
use crate::peer::{Dialer, PeerError, Purpose, RefusalReason};

/// A peer's side of what can be asked: at most one connection, at most one attempt to make it.
pub(super) struct AskedPeer {
    node: NodeId,
    pub(super) known: MediaPeer,
    dialer: Dialer,
    /// Places among the questions to it.
    pub(super) streams: Arc<Semaphore>,
    phase: watch::Sender<Phase>,
    backoff: Mutex<Backoff>,
    /// What dials, and then carries the connection.
    carrier: Mutex<Option<AbortOnDropHandle<()>>>,
}

#[derive(Clone)]
enum Phase {
    /// Whoever asks next dials.
    Idle,
    Dialing,
    Up(SendRequest<Full<Bytes>>),
    /// The last attempt failed: nobody dials before.
    Resting {
        until: Instant,
        error: MediaLinkError,
    },
}

impl AskedPeer {
    pub(super) fn new(node: NodeId, known: MediaPeer, dialer: Dialer) -> Arc<Self> {
        Arc::new(Self {
            node,
            known,
            dialer,
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            phase: watch::Sender::new(Phase::Idle),
            backoff: Mutex::new(Backoff::peer()),
            carrier: Mutex::default(),
        })
    }

    /// Sends `request`, on a new connection if need be, and waits for the head of the answer.
    ///
    /// # Errors
    /// See [`MediaLinkError`].
    pub(super) async fn ask(
        self: &Arc<Self>,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, MediaLinkError> {
        let mut lost = String::new();
        for _ in 0..ATTEMPTS_MAX {
            let connected = tokio::time::timeout(CONNECT_WITHIN, self.connected()).await;
            let mut sender = connected.unwrap_or_else(|_| {
                let why = format!("no connection within {CONNECT_WITHIN:?}");
                Err(MediaLinkError::Unreachable { node: self.node, why })
            })?;
            match sender.try_send_request(request).await {
                Ok(response) => return Ok(response),
                Err(mut error) => {
                    lost = told(error.error());
                    // What was sent may be under way: it is not sent twice.
                    let Some(unsent) = error.take_message() else { break };
                    request = unsent;
                }
            }
        }
        Err(MediaLinkError::Lost { node: self.node, why: lost })
    }

    /// The connection: the one that is there, the one that is being made, or a new one.
    async fn connected(self: &Arc<Self>) -> Result<SendRequest<Full<Bytes>>, MediaLinkError> {
        let mut phases = self.phase.subscribe();
        loop {
            let phase = phases.borrow_and_update().clone();
            match phase {
                Phase::Up(sender) if !sender.is_closed() => return Ok(sender),
                Phase::Resting { until, error } if Instant::now() < until => return Err(error),
                // Its carrier is about to say that it ended.
                Phase::Dialing | Phase::Up(_) => {}
                Phase::Idle | Phase::Resting { .. } => self.dial(),
            }
            // The sender lives as long as `self`.
            let _ = phases.changed().await;
        }
    }

    /// Dials, unless somebody does.
    fn dial(self: &Arc<Self>) {
        let first = self.phase.send_if_modified(|phase| {
            let first = match phase {
                Phase::Idle => true,
                Phase::Dialing | Phase::Up(_) => false,
                Phase::Resting { until, .. } => Instant::now() >= *until,
            };
            if first {
                *phase = Phase::Dialing;
            }
            first
        });
        if first {
            let carrier =
                tokio::spawn(carry(Arc::downgrade(self), self.dialer.clone(), self.node, self.known.address.clone()));
            *self.carrier.lock().unwrap_or_else(PoisonError::into_inner) = Some(AbortOnDropHandle::new(carrier));
        }
    }

    fn rest(&self, error: MediaLinkError, since: Option<Instant>) {
        let mut backoff = self.backoff.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(since) = since {
            backoff.worked_for(since.elapsed());
        }
        let until = Instant::now() + backoff.pause(jitter());
        self.phase.send_replace(Phase::Resting { until, error });
    }
}

/// Makes a connection, and carries it to its end.
async fn carry(me: std::sync::Weak<AskedPeer>, dialer: Dialer, node: NodeId, address: String) {
    let made = tokio::time::timeout(DIAL_WITHIN, connect(&dialer, node, &address)).await;
    let outcome = match &made {
        Ok(Ok(_)) => "connected",
        Ok(Err(error)) => error.reason(),
        Err(_) => "too_slow",
    };
    metrics::counter!("eyrie_media_link_dials_total", "outcome" => outcome).increment(1);
    let slow = || MediaLinkError::Unreachable { node, why: "no connection in time".to_owned() };
    let (sender, connection) = match made.unwrap_or_else(|_| Err(slow())) {
        Ok(made) => made,
        Err(error) => {
            tracing::debug!(%node, address, %error, "a peer cannot be reached for media");
            if let Some(me) = me.upgrade() {
                me.rest(error, None);
            }
            return;
        }
    };
    let Some(here) = me.upgrade() else { return };
    here.phase.send_replace(Phase::Up(sender));
    drop(here);
    let since = Instant::now();
    let gauge = metrics::gauge!("eyrie_media_link_connections", "side" => "asks");
    gauge.increment(1.0);
    let counted = one_less_at_the_end(gauge);
    let ended = connection.await;
    drop(counted);
    let (reason, why) = match ended {
        Ok(()) => ("ended", "the other side closed it".to_owned()),
        Err(error) => ("failed", told(&error)),
    };
    metrics::counter!("eyrie_media_link_closed_total", "side" => "asks", "reason" => reason).increment(1);
    tracing::debug!(%node, why, "the connection with a peer for media ended");
    if let Some(me) = me.upgrade() {
        me.rest(MediaLinkError::Lost { node, why }, Some(since));
    }
}

type Connection = http2::Connection<TokioIo<crate::peer::PeerStream>, Full<Bytes>, TokioExecutor>;

async fn connect(
    dialer: &Dialer,
    node: NodeId,
    address: &str,
) -> Result<(SendRequest<Full<Bytes>>, Connection), MediaLinkError> {
    let stream = dialer.dial(address, Purpose::Media, Some(node)).await.map_err(|error| not_reached(node, &error))?;
    let mut http = http2::Builder::new(TokioExecutor::new());
    http.timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES_MAX)
        .keep_alive_interval(PING_AFTER)
        .keep_alive_timeout(PONG_WITHIN)
        .keep_alive_while_idle(true);
    let made = http.handshake(TokioIo::new(stream)).await;
    made.map_err(|error| MediaLinkError::Unreachable { node, why: told(&error) })
}

fn not_reached(node: NodeId, error: &PeerError) -> MediaLinkError {
    let why = error.to_string();
    match error.reason() {
        RefusalReason::Transport | RefusalReason::TooSlow | RefusalReason::Closed | RefusalReason::Busy => {
            MediaLinkError::Unreachable { node, why }
        }
        _ => MediaLinkError::Refused { node, why },
    }
}
