//! What is wired to what: the one place that knows all parts of a node.

use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use eyrie_actors::control::ControlHandle;
use eyrie_actors::{NetworkPolicy, Node, NodeConfig, NodeHandle, NodeParts, RtmpTls};
use eyrie_api::{
    BootstrapError, Certificate, Gateway, GatewayError, GatewayParts, PublishAddress, TlsFiles, ensure_admin,
};
use eyrie_cluster::PacerLimits;
use eyrie_media::RingConfig;
use eyrie_storage::NodeIdentity;
use eyrie_storage::disk::{Disk, DiskConfig};
use eyrie_storage::keys::{KeyRing, KeyRows, KeySpool, MasterKey, Sealer, TenantKeyRow};
use eyrie_storage::mirror::Mirror;
use eyrie_storage::shared::{MemoryCell, SharedState};
use eyrie_storage::store::{Store, StoreError};
use eyrie_types::{Clock, NodeId, Secret, SystemClock, TenantId};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::cell;
use crate::config::Config;

/// Incarnations that fell and wait to be told to the cell; beyond, they are told later.
const FALLEN_MAX: usize = 1024;
/// How often histograms are condensed: the exporter keeps every sample until then.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);
/// The pause between two looks whether the metadata store is there, for which a first start waits.
const STORE_AGAIN: Duration = Duration::from_millis(500);
/// Upper bounds of the buckets of every `…_seconds` histogram: from an answer out of memory to a disk that hangs.
const SECONDS_BUCKETS: [f64; 13] = [0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// How long a metadata store that is away is waited for, where nothing can be done without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// As long as it takes.
    Endless,
    /// Not at all: somebody waits for an answer.
    None,
}

/// The parts of a node that commands need without running cameras: directory, store and keys. Holds the directory's lock.
pub(crate) struct DataDir {
    pub(crate) store: Arc<Store>,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) key_rows: Arc<KeyRows>,
    /// What is known of the cell while the store is down.
    pub(crate) mirror: Arc<Mirror>,
    pub(crate) identity: NodeIdentity,
    pub(crate) clock: Arc<dyn Clock>,
    _lock: File,
}

impl DataDir {
    /// Opens the data directory and makes what is missing in it: store, master key, tenant key, key spool, node id. At its first
    /// start a node needs the store that it shares with others, and waits for it with [`Patience::Endless`].
    ///
    /// # Errors
    /// When another process uses it, or any part cannot be opened.
    pub(crate) async fn open(config: &Config, patience: Patience) -> anyhow::Result<Self> {
        make_private_dir(&config.data_dir)?;
        let lock = lock(&config.data_dir)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let store = open_store(config, &clock).await?;
        let master = MasterKey::load_or_create(&config.master_key_file)
            .with_context(|| format!("the master key {}", config.master_key_file.display()))?;
        let mirror = Mirror::open(&config.data_dir.join("mirror"), Sealer::new(master.clone()))?;
        let keys = KeyRing::new(master, &[])?;
        let tenant = TenantId::default_tenant();
        let (mut told, waits) = (String::new(), config.cql.is_some() && patience == Patience::Endless);
        loop {
            match open_tenant(&store, &keys, &mirror, &tenant, clock.as_ref()).await {
                Ok(()) => break,
                Err(error) if is_unavailable(&error) && !mirror.tenant_keys(&tenant).is_empty() => {
                    tracing::warn!("the metadata store cannot be reached: {error:#}; this node goes by what it keeps");
                    mirror
                        .tenant_keys(&tenant)
                        .iter()
                        .filter_map(TenantKeyRow::from_stored)
                        .try_for_each(|row| keys.add(&row))?;
                    break;
                }
                Err(error) if is_unavailable(&error) && waits => {
                    let reason = format!("{error:#}");
                    if told != reason {
                        tracing::warn!(
                            reason,
                            "this node starts for the first time, for which it waits for the metadata store"
                        );
                        told = reason;
                    }
                    tokio::time::sleep(STORE_AGAIN).await;
                }
                Err(error) => return Err(error),
            }
        }
        let identity = if config.cql.is_some() {
            // Nodes share this store; who this one is stands in its directory alone.
            let identity = NodeIdentity::open(&config.data_dir, NodeId::generate)?;
            store.node_id(identity.node).await?;
            identity
        } else {
            let known = store.node_id(NodeId::generate()).await?;
            NodeIdentity::open(&config.data_dir, || known)?
        };
        let store = Arc::new(store);
        let key_rows = KeyRows::new(Arc::clone(&store), KeySpool::open(&config.key_spool_file())?);
        let (keys, key_rows, mirror) = (Arc::new(keys), Arc::new(key_rows), Arc::new(mirror));
        Ok(Self { store, keys, key_rows, mirror, identity, clock, _lock: lock })
    }
}

/// Opens the metadata store that the configuration names.
async fn open_store(config: &Config, clock: &Arc<dyn Clock>) -> anyhow::Result<Store> {
    let file = config.store_file();
    let Some(cql) = &config.cql else {
        let opened = Store::open(config.store(), Arc::clone(clock)).await;
        return opened.with_context(|| format!("opening {}", file.display()));
    };
    if file.exists() {
        bail!(
            "store.contact_points is set, and this node's metadata is still in {}: move it with `eyrie storage migrate --to cql`, \
             or put the file elsewhere to begin with the cluster's",
            file.display()
        );
    }
    let opened = Store::open(config.store(), Arc::clone(clock)).await;
    opened.with_context(|| format!("opening keyspace {} at {}", cql.keyspace, cql.contact_points.join(", ")))
}

/// Puts the keys of a tenant to use, and makes the first where there is none; all are kept beside the store.
async fn open_tenant(
    store: &Store,
    keys: &KeyRing,
    mirror: &Mirror,
    tenant: &TenantId,
    clock: &dyn Clock,
) -> anyhow::Result<()> {
    for row in tenant_keys(store, tenant).await? {
        keys.add(&row)?;
    }
    if !keys.has_tenant(tenant) {
        // Durable before it is used: what is sealed to a lost key is lost.
        let row = keys.new_tenant_key(tenant)?;
        match store.create_tenant_key(row.to_stored(clock.now())).await {
            Ok(()) => keys.add(&row)?,
            // Another node of the cell was first: its key is the tenant's.
            Err(StoreError::AlreadyExists(_)) => {
                for row in tenant_keys(store, tenant).await? {
                    keys.add(&row)?;
                }
            }
            Err(error) => return Err(error).context("keeping the tenant's key"),
        }
    }
    for row in store.tenant_keys(tenant).await? {
        mirror.put_tenant_key(row).await?;
    }
    Ok(())
}

/// Whether the store is away, and may come back.
pub(crate) fn is_unavailable(error: &anyhow::Error) -> bool {
    error.downcast_ref::<StoreError>().is_some_and(StoreError::is_unavailable)
}

/// The key pairs that a tenant has.
async fn tenant_keys(store: &Store, tenant: &TenantId) -> anyhow::Result<Vec<TenantKeyRow>> {
    let stored = store.tenant_keys(tenant).await?;
    let rows: Option<Vec<_>> = stored.iter().map(TenantKeyRow::from_stored).collect();
    rows.context("the store holds a tenant key of a later version of Eyrie")
}

/// A node with its gateway, serving.
pub(crate) struct RunningNode {
    data: DataDir,
    node: NodeHandle,
    control: ControlHandle,
    drain_timeout: Duration,
    disks: Vec<Disk>,
    stop: CancellationToken,
    gateway: tokio::task::JoinHandle<Result<(), GatewayError>>,
    url: String,
    generated_password: Option<Secret>,
}

impl RunningNode {
    /// Starts everything. `admin_password` is for the first user of a new store.
    ///
    /// # Errors
    /// When any part cannot be started; the message says which and why.
    pub(crate) async fn start(config: &Config, admin_password: Option<Secret>) -> anyhow::Result<Self> {
        let metrics = install_metrics()?;
        // Bound first: an address in use is the most frequent reason to fail, and nothing has to be undone yet.
        let listener =
            TcpListener::bind(config.listen).await.with_context(|| format!("listening on {}", config.listen))?;
        let address = listener.local_addr()?;
        let rtmp = match config.rtmp {
            Some(at) => Some(TcpListener::bind(at).await.with_context(|| format!("listening on {at} for RTMP"))?),
            None => None,
        };
        let certificate = match config.tls.clone() {
            Some((certificate, key)) => Some(Certificate::load(TlsFiles { certificate, key }).await?),
            None => None,
        };
        let publish = match &rtmp {
            Some(socket) => Some(PublishAddress {
                host: config.rtmp_address.clone(),
                port: socket.local_addr()?.port(),
                tls: certificate.is_some(),
            }),
            None => None,
        };
        let data = DataDir::open(config, Patience::Endless).await?;
        // Before rows of this node are written: it may run elsewhere.
        let seat = cell::take_seat(config, &data).await?;
        make_private_dir(&config.recordings_dir)?;
        make_private_dir(&config.sources_dir)?;
        let made = ensure_admin(&data.store, data.clock.as_ref(), admin_password.clone()).await;
        let generated_password = match made {
            Err(BootstrapError::Store(error)) if error.is_unavailable() => {
                tracing::warn!(%error, "the metadata store cannot be reached: cameras start from what this node keeps");
                None
            }
            made => made?,
        };
        let disk = DiskConfig { sync_interval: config.sync_interval, ..DiskConfig::new(&config.recordings_dir) };
        let disks = vec![
            Disk::open(disk, Arc::clone(&data.clock))
                .with_context(|| format!("the recordings directory {}", config.recordings_dir.display()))?,
        ];
        let network = NetworkPolicy::new(config.allow_networks.clone(), config.camera_networks.clone());
        let shared = match config.redis.clone() {
            Some(redis) => SharedState::in_redis(data.identity.node, redis, Arc::clone(&data.clock)),
            None => SharedState::in_memory(data.identity.node, MemoryCell::default(), Arc::clone(&data.clock)),
        };
        let node_config = NodeConfig {
            frame_memory: config.rings_total,
            ring: RingConfig { bytes_max: config.ring_per_camera, ..RingConfig::default() },
            sealing: config.sealing,
            segment_length: config.segment_duration,
            network: network.clone(),
            file_sources: Some(config.sources_dir.clone()),
            setups: PacerLimits { in_flight_max: config.connecting_max, ..PacerLimits::default() },
            settings: config.settings,
            shared: Some(shared.clone()),
            ..NodeConfig::new(data.identity.node)
        };
        let (fallen, fell) = mpsc::channel(FALLEN_MAX);
        let parts = NodeParts {
            store: Arc::clone(&data.store),
            keyring: Arc::clone(&data.keys),
            key_rows: Arc::clone(&data.key_rows),
            disks: disks.clone(),
            clock: Arc::clone(&data.clock),
            fallen,
        };
        let node = Node::start(node_config, parts).await?;
        let scheme = if config.tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{address}");
        let control = cell::join(config, &data, seat, &node, fell, config.cluster.url.as_ref().unwrap_or(&url)).await?;
        if !control.settled().await {
            tracing::warn!("the cell has not said yet what this node is to run; it goes on asking");
        }
        let stop = CancellationToken::new();
        let parts = GatewayParts {
            store: Arc::clone(&data.store),
            keys: Arc::clone(&data.keys),
            shared,
            node: node.clone(),
            control: control.clone(),
            disks: disks.clone(),
            node_id: data.identity.node,
            network,
            clock: Arc::clone(&data.clock),
            metrics,
            metrics_token: None,
            admin_password,
            publish,
        };
        if let Some(socket) = rtmp {
            tracing::info!(at = %socket.local_addr()?, "cameras may publish with RTMP");
            let tls = certificate.clone().map_or_else(RtmpTls::default, |certificate| {
                RtmpTls::new(move || certificate.bare(), config.rtmp_tls_required)
            });
            node.serve_rtmp(socket, tls).await?;
        }
        let gateway = tokio::spawn(Gateway::serve_once_ready(parts, listener, certificate, stop.clone()));
        Ok(Self {
            data,
            node,
            control,
            drain_timeout: config.cluster.drain_timeout,
            disks,
            stop,
            gateway,
            url,
            generated_password,
        })
    }

    /// Takes over what of a configuration may change while the node runs.
    pub(crate) fn take_settings(&self, config: &Config) {
        self.node.set_settings(config.settings);
    }

    /// Where the gateway listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The first admin's password, if it was made now. It is nowhere kept.
    pub(crate) fn generated_password(&self) -> Option<&Secret> {
        self.generated_password.as_ref()
    }

    /// Returns once the gateway has ended by itself, which it does only when it cannot serve, or another process has taken this
    /// node's place in its cell.
    pub(crate) async fn failed(&mut self) -> anyhow::Error {
        let mut superseded = self.control.superseded();
        tokio::select! {
            ended = &mut self.gateway => match ended {
                Ok(Ok(())) => anyhow::anyhow!("the gateway stopped by itself"),
                Ok(Err(error)) => error.into(),
                Err(error) => error.into(),
            },
            // The sender lives as long as the handle.
            Ok(reason) = superseded.wait_for(Option::is_some) => {
                anyhow::anyhow!("{}", reason.as_deref().unwrap_or_default())
            }
        }
    }

    /// Stops everything in order: cameras go to other nodes where there are any, then no more requests, then what cameras are left
    /// with their files closed, then disks and store.
    pub(crate) async fn shutdown(self) {
        self.control.drain_self(self.drain_timeout).await;
        self.stop.cancel();
        if !self.gateway.is_finished() {
            // How it ended no longer matters: the process ends too.
            let _ = self.gateway.await;
        }
        self.node.shutdown().await;
        self.control.shutdown().await;
        for disk in &self.disks {
            disk.shutdown().await;
        }
        if let Err(error) = self.data.store.close().await {
            tracing::warn!(%error, "the store was not closed cleanly; its log is replayed at the next start");
        }
    }
}

fn install_metrics() -> anyhow::Result<PrometheusHandle> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS_BUCKETS)?
        .install_recorder()?;
    let upkeep = handle.clone();
    tokio::spawn(async move {
        let mut every = tokio::time::interval(METRICS_UPKEEP);
        loop {
            every.tick().await;
            upkeep.run_upkeep();
        }
    });
    Ok(handle)
}

/// Makes a directory that only this user may enter. One that is there already keeps its mode: it is the operator's.
pub(crate) fn make_private_dir(path: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("making the directory {}", path.display()))
}

/// Takes the data directory for this process alone: two nodes in one directory would hand out the same epochs.
pub(crate) fn lock(data_dir: &Path) -> anyhow::Result<File> {
    let path = data_dir.join("lock");
    let open = || -> io::Result<File> { File::options().create(true).truncate(false).write(true).open(&path) };
    let file = open().with_context(|| format!("opening {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            bail!("{} is in use by another eyrie process; stop it first", data_dir.display())
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("locking {}", path.display())),
    }
}
