use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use eyrie_types::SystemClock;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clip::{Clip, ClipError, ClipSpec, Clips};
use crate::config::{CamSimConfig, StreamConfig};
use crate::connection::Connection;
use crate::error::CamSimError;
use crate::fault::Fault;
use crate::journal::{Journal, JournalEntry};
use crate::pacer::Pacer;
use crate::session::{SessionId, UdpPair};
use crate::stats::StreamStats;
use crate::stream::Stream;

/// Clients at once, at most: beyond it connections wait unaccepted.
const CONNECTIONS_MAX: usize = 4_096;
/// How often a pair of neighbouring UDP ports is looked for.
const UDP_PAIR_ATTEMPTS: usize = 64;

/// A running server of simulated cameras. Dropped, it stops.
#[derive(Debug)]
pub struct CamSim {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

/// What connections share.
#[derive(Debug)]
pub(crate) struct Shared {
    streams: Vec<Arc<Stream>>,
    by_path: HashMap<String, usize>,
    pub(crate) pacer: Pacer,
    pub(crate) udp: UdpPair,
    random: Mutex<StdRng>,
    sessions: AtomicU64,
    pub(crate) journal: Journal,
}

impl Shared {
    /// The stream at `path`, with its position.
    pub(crate) fn stream(&self, path: &str) -> Option<(usize, Arc<Stream>)> {
        let index = *self.by_path.get(path)?;
        self.streams.get(index).map(|stream| (index, Arc::clone(stream)))
    }

    pub(crate) fn random(&self) -> u64 {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).random()
    }

    pub(crate) fn next_session(&self) -> SessionId {
        SessionId(self.sessions.fetch_add(1, Ordering::Relaxed))
    }
}

impl CamSim {
    /// Encodes the clips that the cache lacks, then serves.
    ///
    /// # Errors
    /// A clip cannot be made, two streams share a path, or the address is taken.
    pub async fn start(config: CamSimConfig) -> Result<Self, CamSimError> {
        let CamSimConfig { bind, clip_dir, streams, seed } = config;
        let (streams, by_path) = tokio::task::spawn_blocking(move || load(&Clips::ensure(clip_dir), streams))
            .await
            .map_err(|_| ClipError::Stopped)??;
        let failed = |source| CamSimError::Bind { address: bind, source };
        let listener = TcpListener::bind(bind).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let shared = Arc::new(Shared {
            streams,
            by_path,
            pacer: Pacer::new(Arc::new(SystemClock::new())),
            udp: udp_pair(bind.ip()).await?,
            random: Mutex::new(StdRng::seed_from_u64(seed)),
            sessions: AtomicU64::new(0),
            journal: Journal::default(),
        });
        let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
        let (pacing, stopped) = (Arc::clone(&shared), stop.clone());
        tasks.spawn(async move {
            let _ = stopped.run_until_cancelled(pacing.pacer.run(&pacing.streams, &pacing.udp)).await;
        });
        let (accepting, stopped) = (Arc::clone(&shared), stop.clone());
        tasks.spawn(async move {
            let _ = stopped.run_until_cancelled(accept(listener, accepting)).await;
        });
        Ok(Self { address, shared, stop, tasks })
    }

    /// Where RTSP is served.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The address of the stream at `path`, without credentials.
    pub fn url(&self, path: &str) -> String {
        format!("rtsp://{}/{path}", self.address)
    }

    /// Paths of all streams, in the order of the configuration.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.shared.streams.iter().map(|stream| stream.config.path.as_str())
    }

    fn stream(&self, path: &str) -> Result<Arc<Stream>, CamSimError> {
        self.shared.stream(path).map(|(_, stream)| stream).ok_or_else(|| CamSimError::NoStream(path.to_owned()))
    }

    /// Makes a camera misbehave.
    ///
    /// # Errors
    /// [`CamSimError::NoStream`].
    pub fn set_fault(&self, path: &str, fault: Fault) -> Result<(), CamSimError> {
        self.stream(path)?.set_fault(fault);
        Ok(())
    }

    /// Ends the fault in force.
    ///
    /// # Errors
    /// [`CamSimError::NoStream`].
    pub fn clear_fault(&self, path: &str) -> Result<(), CamSimError> {
        self.stream(path)?.clear_fault();
        Ok(())
    }

    /// The lasting fault in force.
    ///
    /// # Errors
    /// [`CamSimError::NoStream`].
    pub fn fault(&self, path: &str) -> Result<Option<Fault>, CamSimError> {
        Ok(self.stream(path)?.fault())
    }

    /// Counts of a stream.
    ///
    /// # Errors
    /// [`CamSimError::NoStream`].
    pub fn stats(&self, path: &str) -> Result<StreamStats, CamSimError> {
        Ok(self.stream(path)?.stats(self.shared.pacer.now()))
    }

    /// What clients did since this was last asked: the last steps of all, in their order.
    pub fn take_journal(&self) -> Vec<JournalEntry> {
        self.shared.journal.take()
    }

    /// Stops serving and closes all connections.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

impl Drop for CamSim {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Takes clients until dropped; its connections end with it.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    let mut number = 0;
    loop {
        while connections.try_join_next().is_some() {}
        if connections.len() >= CONNECTIONS_MAX {
            connections.join_next().await;
        }
        match listener.accept().await {
            Ok((socket, peer)) => {
                // Without it answers are late, nothing else.
                let _ = socket.set_nodelay(true);
                number += 1;
                connections.spawn(Connection::new(Arc::clone(&shared), number, socket, peer).run());
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a client");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

type Loaded = (Vec<Arc<Stream>>, HashMap<String, usize>);

/// Loads each distinct clip once. Blocks.
fn load(clips: &Clips, configs: Vec<StreamConfig>) -> Result<Loaded, CamSimError> {
    let mut loaded: HashMap<ClipSpec, Arc<Clip>> = HashMap::new();
    let mut get = |spec: &ClipSpec| -> Result<Arc<Clip>, ClipError> {
        if let Some(clip) = loaded.get(spec) {
            return Ok(Arc::clone(clip));
        }
        let clip = clips.load(spec)?;
        loaded.insert(spec.clone(), Arc::clone(&clip));
        Ok(clip)
    };
    let (mut streams, mut by_path) = (Vec::with_capacity(configs.len()), HashMap::new());
    for (index, config) in configs.into_iter().enumerate() {
        let path = config.path.clone();
        if path.is_empty() || path.starts_with('/') || path.ends_with('/') || path.contains([' ', '?']) {
            return Err(CamSimError::Path {
                path,
                reason: "must not be empty, begin or end with /, or hold spaces or ?",
            });
        }
        if by_path.insert(path.clone(), index).is_some() {
            return Err(CamSimError::Path { path, reason: "is taken twice" });
        }
        let alternate = match &config.alternate {
            Some(spec) if !interchangeable(&config.clip, spec) => return Err(CamSimError::Alternate { path }),
            Some(spec) => Some(get(spec)?),
            None => None,
        };
        let clip = get(&config.clip)?;
        streams.push(Arc::new(Stream::new(config, index, clip, alternate)));
    }
    Ok((streams, by_path))
}

/// The clips differ in looks alone, so that numbers, times and sound go on across a change.
fn interchangeable(a: &ClipSpec, b: &ClipSpec) -> bool {
    let rhythm = |spec: &ClipSpec| (spec.codec, spec.fps, spec.gop, spec.seconds, spec.b_frames, spec.audio);
    rhythm(a) == rhythm(b)
}

async fn udp_pair(ip: IpAddr) -> Result<UdpPair, CamSimError> {
    for _ in 0..UDP_PAIR_ATTEMPTS {
        let address = SocketAddr::new(ip, 0);
        let rtp = UdpSocket::bind(address).await.map_err(|source| CamSimError::Bind { address, source })?;
        let rtp_port = rtp.local_addr().map_err(|source| CamSimError::Bind { address, source })?.port();
        if !rtp_port.is_multiple_of(2) || rtp_port == u16::MAX {
            continue;
        }
        if let Ok(rtcp) = UdpSocket::bind(SocketAddr::new(ip, rtp_port + 1)).await {
            return Ok(UdpPair { rtp, rtcp, rtp_port });
        }
    }
    Err(CamSimError::NoUdpPair)
}
