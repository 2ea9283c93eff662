use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use super::tls::Certificate;
use super::{GatewayError, GatewayParts, GatewayState, router, waiting};
use crate::authorize::Peer;

/// Connections at the same time: ten thousand viewers, one each, and some. Each costs some 20 KiB; the listener's backlog holds
/// those beyond for a moment.
const CONNECTIONS_MAX: usize = 16_384;
/// How long a TLS handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the head of a request may take to arrive, idle time before it included (slowloris).
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// Requests at the same time on one HTTP/2 connection: a wall of 64 cameras with a playlist and a part each.
const STREAMS_MAX: u32 = 256;
/// An HTTP/2 peer that answers no ping for this long is gone.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// How long running requests may take to finish when the gateway stops.
const STOP_PATIENCE: Duration = Duration::from_secs(10);
/// The pause after an accept that failed for want of something (file descriptors): trying at once would only spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The HTTP gateway.
#[derive(Debug)]
pub struct Gateway;

impl Gateway {
    /// All routes with everything around them. Requests should carry the address of their peer, as [`Gateway::serve`] puts it.
    pub fn router(state: GatewayState) -> Router {
        router::router(state)
    }

    /// Serves HTTP/1.1 and HTTP/2 on `listener`, with TLS where there is a certificate, until `stop` is cancelled; then finishes
    /// what runs, for 10 s at most. While it serves, changed files of the certificate are taken over within 10 s. What goes wrong
    /// concerns single connections.
    pub async fn serve(
        state: GatewayState,
        listener: TcpListener,
        tls: Option<Arc<Certificate>>,
        stop: CancellationToken,
    ) {
        let front = Front::new(router::router(state.clone()));
        accept(&front, listener, tls, stop, || state.stopping().cancel()).await;
    }

    /// The same for a gateway that may not be ready yet, for its store is down: until it is, [`Gateway::router`]'s place is taken
    /// by one that says that the process lives, and to everything else that it is not ready.
    ///
    /// # Errors
    /// When the gateway can never get ready.
    pub async fn serve_once_ready(
        parts: GatewayParts,
        listener: TcpListener,
        tls: Option<Arc<Certificate>>,
        stop: CancellationToken,
    ) -> Result<(), GatewayError> {
        match waiting::open(&parts).await {
            Ok(state) => {
                Self::serve(state, listener, tls, stop).await;
                return Ok(());
            }
            Err(error) if error.is_unavailable() => {}
            Err(error) => return Err(error),
        }
        let front = Front::new(waiting::router());
        let opened: OnceLock<GatewayState> = OnceLock::new();
        let ready = async {
            let state = waiting::ready(parts).await?;
            front.become_ready(router::router(state.clone()));
            let _ = opened.set(state);
            std::future::pending().await
        };
        let accepting = accept(&front, listener, tls, stop, || {
            opened.get().inspect(|state| state.stopping().cancel());
        });
        tokio::select! {
            () = accepting => Ok(()),
            failed = ready => failed,
        }
    }
}

/// What answers connections that are accepted from now on.
struct Front(ArcSwap<Router>);

impl Front {
    fn new(router: Router) -> Self {
        Self(ArcSwap::from_pointee(router))
    }

    fn router(&self) -> Router {
        Router::clone(&self.0.load())
    }

    fn become_ready(&self, router: Router) {
        self.0.store(Arc::new(router));
    }
}

/// Accepts connections until `stop` is cancelled; tells by `stopping`, and finishes what runs.
async fn accept(
    front: &Front,
    listener: TcpListener,
    certificate: Option<Arc<Certificate>>,
    stop: CancellationToken,
    stopping: impl FnOnce(),
) {
    let watch = certificate.clone().map(|certificate| tokio::spawn(certificate.watch()));
    let (places, tasks) = (Arc::new(Semaphore::new(CONNECTIONS_MAX)), TaskTracker::new());
    loop {
        // The place is taken before the connection: at the limit, callers wait in the kernel's queue.
        let Ok(place) = places.clone().acquire_owned().await else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                accept_failed(&error).await;
                continue;
            }
        };
        metrics::gauge!("eyrie_http_connections").set((CONNECTIONS_MAX - places.available_permits()) as f64);
        // Parts and playlists are small and due now.
        let _ = stream.set_nodelay(true);
        let (router, certificate, stop) = (front.router(), certificate.clone(), stop.clone());
        tasks.spawn(async move {
            match certificate {
                None => serve_connection(stream, peer, router, stop).await,
                Some(certificate) => {
                    let handshake = TlsAcceptor::from(certificate.https()).accept(stream);
                    match tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake).await {
                        Ok(Ok(stream)) => serve_connection(stream, peer, router, stop).await,
                        Ok(Err(error)) => tracing::debug!(%peer, %error, "the TLS handshake failed"),
                        Err(_) => tracing::debug!(%peer, "the TLS handshake took too long"),
                    }
                }
            }
            drop(place);
        });
    }
    drop(listener);
    stopping();
    if let Some(watch) = watch {
        watch.abort();
    }
    tasks.close();
    if tokio::time::timeout(STOP_PATIENCE, tasks.wait()).await.is_err() {
        tracing::warn!(connections = tasks.len(), "requests were still running and are cut off");
    }
}

async fn accept_failed(error: &io::Error) {
    // A peer that went away before it was accepted is its own affair.
    if !matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
        tracing::warn!(%error, "a connection could not be accepted");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}

async fn serve_connection<S>(stream: S, peer: SocketAddr, router: Router, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = router.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        request.map(axum::body::Body::new)
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE);
    let service = TowerToHyperService::new(service);
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection ended with an error");
    }
}
