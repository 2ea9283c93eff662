//! What is wired to what: the one place that knows all parts of a node.

use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use eyrie_actors::{NetworkPolicy, Node, NodeConfig, NodeHandle};
use eyrie_api::{Gateway, GatewayParts, GatewayState, TlsFiles, ensure_admin, run_camera};
use eyrie_cluster::PacerLimits;
use eyrie_media::RingConfig;
use eyrie_storage::disk::{Disk, DiskConfig};
use eyrie_storage::keys::{KeyRing, KeyRows, KeySpool, MasterKey, TenantKeyRow};
use eyrie_storage::shared::{MemoryCell, SharedState};
use eyrie_storage::store::{Store, StoreConfig};
use eyrie_types::{Clock, NodeId, Secret, SystemClock, TenantId};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::housekeeping::keep_house;

/// How often histograms are condensed: the exporter keeps every sample until then.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);
/// Upper bounds of the buckets of every `…_seconds` histogram: from an answer out of memory to a disk that hangs.
const SECONDS_BUCKETS: [f64; 13] = [0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// The parts of a node that commands need without running cameras: directory, store and keys. Holds the directory's lock.
pub(crate) struct DataDir {
    pub(crate) store: Arc<Store>,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) key_rows: Arc<KeyRows>,
    pub(crate) node: NodeId,
    pub(crate) clock: Arc<dyn Clock>,
    _lock: File,
}

impl DataDir {
    /// Opens the data directory and makes what is missing in it: store, master key, tenant key, key spool, node id.
    ///
    /// # Errors
    /// When another process uses it, or any part cannot be opened.
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Self> {
        make_private_dir(&config.data_dir)?;
        let lock = lock(&config.data_dir)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let store = Store::open(StoreConfig { path: config.store_file() }, Arc::clone(&clock))
            .await
            .with_context(|| format!("opening {}", config.store_file().display()))?;
        let master = MasterKey::load_or_create(&config.master_key_file)
            .with_context(|| format!("the master key {}", config.master_key_file.display()))?;
        let tenant = TenantId::default_tenant();
        let stored = store.tenant_keys(&tenant).await?;
        let rows: Option<Vec<_>> = stored.iter().map(TenantKeyRow::from_stored).collect();
        let keys = KeyRing::new(master, &rows.context("the store holds a tenant key of a later version of Eyrie")?)?;
        if !keys.has_tenant(&tenant) {
            // Durable before it is used: what is sealed to a lost key is lost.
            let row = keys.new_tenant_key(&tenant)?;
            store.create_tenant_key(row.to_stored(clock.now())).await.context("keeping the tenant's key")?;
            keys.add(&row)?;
        }
        let node = store.node_id(NodeId::generate()).await?;
        let store = Arc::new(store);
        let key_rows = KeyRows::new(Arc::clone(&store), KeySpool::open(&config.key_spool_file())?);
        Ok(Self { store, keys: Arc::new(keys), key_rows: Arc::new(key_rows), node, clock, _lock: lock })
    }
}

/// A node with its gateway, serving.
pub(crate) struct RunningNode {
    data: DataDir,
    node: NodeHandle,
    disks: Vec<Disk>,
    stop: CancellationToken,
    gateway: tokio::task::JoinHandle<Result<(), eyrie_api::ServeError>>,
    housekeeping: tokio::task::JoinHandle<()>,
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
        let data = DataDir::open(config).await?;
        make_private_dir(&config.recordings_dir)?;
        make_private_dir(&config.sources_dir)?;
        let generated_password = ensure_admin(&data.store, data.clock.as_ref(), admin_password).await?;
        let disk = DiskConfig { sync_interval: config.sync_interval, ..DiskConfig::new(&config.recordings_dir) };
        let disks = vec![
            Disk::open(disk, Arc::clone(&data.clock))
                .with_context(|| format!("the recordings directory {}", config.recordings_dir.display()))?,
        ];
        let network = NetworkPolicy::new(config.allow_networks.clone(), config.camera_networks.clone());
        let shared = match config.redis.clone() {
            Some(redis) => SharedState::in_redis(data.node, redis, Arc::clone(&data.clock)),
            None => SharedState::in_memory(data.node, MemoryCell::default(), Arc::clone(&data.clock)),
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
            ..NodeConfig::new(data.node)
        };
        let (store, keys, clock) = (Arc::clone(&data.store), Arc::clone(&data.keys), Arc::clone(&data.clock));
        let key_rows = Arc::clone(&data.key_rows);
        let node = Node::start(node_config, store, keys, key_rows, disks.clone(), clock).await?;
        start_cameras(&data, &node).await?;
        let stop = CancellationToken::new();
        let state = GatewayState::new(GatewayParts {
            store: Arc::clone(&data.store),
            keys: Arc::clone(&data.keys),
            shared,
            node: node.clone(),
            disks: disks.clone(),
            node_id: data.node,
            network,
            clock: Arc::clone(&data.clock),
            metrics,
            metrics_token: None,
        })
        .await?;
        let housekeeping = tokio::spawn(keep_house(Arc::clone(&data.store), Arc::clone(&data.clock)));
        let tls = config.tls.clone().map(|(certificate, key)| TlsFiles { certificate, key });
        let scheme = if tls.is_some() { "https" } else { "http" };
        let gateway = tokio::spawn(Gateway::serve(state, listener, tls, stop.clone()));
        Ok(Self {
            data,
            node,
            disks,
            stop,
            gateway,
            housekeeping,
            url: format!("{scheme}://{address}"),
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

    /// Returns once the gateway has ended by itself, which it does only when it cannot serve.
    pub(crate) async fn failed(&mut self) -> anyhow::Error {
        match (&mut self.gateway).await {
            Ok(Ok(())) => anyhow::anyhow!("the gateway stopped by itself"),
            Ok(Err(error)) => error.into(),
            Err(error) => error.into(),
        }
    }

    /// Stops everything in order: no more requests, then cameras with their files closed, then disks and store.
    pub(crate) async fn shutdown(self) {
        self.stop.cancel();
        self.housekeeping.abort();
        if !self.gateway.is_finished() {
            // How it ended no longer matters: the process ends too.
            let _ = self.gateway.await;
        }
        self.node.shutdown().await;
        for disk in &self.disks {
            disk.shutdown().await;
        }
        if let Err(error) = self.data.store.close().await {
            tracing::warn!(%error, "the store was not closed cleanly; its log is replayed at the next start");
        }
    }
}

/// Hands every camera of the directory to the node.
async fn start_cameras(data: &DataDir, node: &NodeHandle) -> anyhow::Result<()> {
    let sealer = data.keys.sealer();
    let mut after = None;
    loop {
        let page = data.store.cameras_of_all_tenants(after).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some((last.camera.tenant.clone(), last.camera.id));
        for stored in page {
            run_camera(node, &sealer, stored).await?;
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
fn make_private_dir(path: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("making the directory {}", path.display()))
}

/// Takes the data directory for this process alone: two nodes in one directory would hand out the same epochs.
fn lock(data_dir: &Path) -> anyhow::Result<File> {
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
