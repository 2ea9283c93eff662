//! What the tests share: a node in a temporary directory, cameras, and patience.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eyrie_actors::{Assignment, NetworkPolicy, Node, NodeConfig, NodeHandle, NodeParts};
use eyrie_camsim::{CamSim, CamSimConfig, ClipSpec, StreamConfig, au_number};
use eyrie_storage::disk::{Disk, DiskConfig};
use eyrie_storage::keys::{KeyRing, KeyRows, KeySpool, MasterKey, SegmentKey};
use eyrie_storage::segment::{SegmentPath, SegmentReader};
use eyrie_storage::store::{Store, StoreConfig};
use eyrie_types::{
    ByteSize, Camera, CameraId, CameraSpec, CameraState, CameraStatus, Clock, Epoch, Incident, NodeId, RecordingSpec,
    RtspSource, RtspTransport, SegmentRow, Slot, SourceSpec, SystemClock, TenantId, TimeRange, WallTime,
};
use tempfile::TempDir;
use tokio::sync::mpsc;

/// How long anything may take on a machine that is busy with other tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `probe` answers.
pub(crate) async fn until<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let look = async {
        loop {
            if let Some(found) = probe().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    match tokio::time::timeout(PATIENCE, look).await {
        Ok(found) => found,
        Err(_) => panic!("not within {PATIENCE:?}: {what}"),
    }
}

/// An epoch of the first generation.
pub(crate) fn epoch(counter: u32) -> Epoch {
    Epoch::new(0, counter).unwrap()
}

pub(crate) struct Rig {
    pub(crate) node: NodeHandle,
    pub(crate) store: Arc<Store>,
    pub(crate) keyring: Arc<KeyRing>,
    pub(crate) key_rows: Arc<KeyRows>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) recordings: PathBuf,
    pub(crate) config: NodeConfig,
    pub(crate) started: WallTime,
    pub(crate) dir: TempDir,
    /// The incarnation of each camera, and whether it is switched on.
    epochs: Mutex<HashMap<CameraId, (u32, bool)>>,
}

impl Rig {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_, _| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut NodeConfig, &mut DiskConfig)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let config = StoreConfig::Sqlite { path: dir.path().join("eyrie.db") };
        let store = Arc::new(Store::open(config, Arc::clone(&clock)).await.unwrap());
        let keyring = Arc::new(KeyRing::new(MasterKey::from_bytes(&[7; 32]), &[]).unwrap());
        let row = keyring.new_tenant_key(&TenantId::default_tenant()).unwrap();
        keyring.add(&row).unwrap();
        let mut config = NodeConfig::new(store.node_id(NodeId::random()).await.unwrap());
        // Two machines' worth of cameras on one: the simulated ones live on the loopback interface.
        config.network = NetworkPolicy::new(vec!["127.0.0.0/8".parse().unwrap()], Vec::new());
        config.frame_memory = ByteSize::mib(1024);
        let mut disk = DiskConfig::new(dir.path().join("recordings"));
        disk.reserve = ByteSize::bytes(0);
        change(&mut config, &mut disk);
        let recordings = disk.root.clone();
        let disk = Disk::open(disk, Arc::clone(&clock)).unwrap();
        let started = clock.now();
        let spool = KeySpool::open(&dir.path().join("key-spool")).unwrap();
        let key_rows = Arc::new(KeyRows::new(Arc::clone(&store), spool));
        let parts = NodeParts {
            store: Arc::clone(&store),
            keyring: Arc::clone(&keyring),
            key_rows: Arc::clone(&key_rows),
            disks: vec![disk],
            clock: Arc::clone(&clock),
            fallen: mpsc::channel(1).0,
        };
        let node = Node::start(config.clone(), parts).await.unwrap();
        let epochs = Mutex::default();
        Self { node, store, keyring, key_rows, clock, recordings, config, started, dir, epochs }
    }

    pub(crate) async fn add(&self, source: SourceSpec) -> CameraId {
        let camera = self.camera(source);
        let id = camera.id;
        self.put(camera).await;
        id
    }

    /// Runs `camera` as its spec says.
    pub(crate) async fn put(&self, camera: Camera) {
        let epoch = {
            let mut epochs = self.epochs.lock().unwrap();
            let (count, enabled) = epochs.entry(camera.id).or_insert((1, camera.spec.enabled));
            // Each time it is switched on, another incarnation begins.
            *count += u32::from(camera.spec.enabled && !*enabled);
            *enabled = camera.spec.enabled;
            epoch(*count)
        };
        let assignment = Assignment { camera, slot: Slot::OWNER, epoch, dead_since: None, feed_from: None };
        self.node.assign(assignment).await.unwrap();
    }

    pub(crate) fn camera(&self, source: SourceSpec) -> Camera {
        let spec = CameraSpec {
            name: "test".to_owned(),
            enabled: true,
            labels: Default::default(),
            site: None,
            source,
            recording: RecordingSpec::default(),
            placement: Default::default(),
        };
        let now = self.clock.now();
        let tenant = TenantId::default_tenant();
        Camera { id: CameraId::generate(), tenant, revision: 1, created_at: now, updated_at: now, spec }
    }

    pub(crate) async fn status(
        &self,
        camera: CameraId,
        what: &str,
        good: impl Fn(&CameraStatus) -> bool,
    ) -> CameraStatus {
        let mut last = None;
        let found = tokio::time::timeout(PATIENCE, async {
            loop {
                last = self.node.status(camera);
                if let Some(status) = last.clone().filter(&good) {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        match found.await {
            Ok(status) => status,
            Err(_) => panic!("never {what}; it is {:?}", self.node.status(camera)),
        }
    }

    pub(crate) async fn state(&self, camera: CameraId, state: CameraState) -> CameraStatus {
        self.status(camera, state.as_str(), |status| status.state == state).await
    }

    /// Waits until `count` fragments of the camera are durable, over all its segments.
    pub(crate) async fn recorded(&self, camera: CameraId, count: u32) {
        until("enough durable fragments", async || {
            let fragments: u32 = self.rows(camera).await.iter().map(|row| row.fragments).sum();
            (fragments >= count).then_some(())
        })
        .await;
    }

    /// The camera's rows, index and open tail together, sorted by start.
    pub(crate) async fn rows(&self, camera: CameraId) -> Vec<SegmentRow> {
        let mut rows = self.indexed(camera).await;
        for tail in self.node.open_tail(camera) {
            rows.retain(|row| row.segment != tail.row.segment);
            rows.push(tail.row);
        }
        rows.sort_by_key(|row| row.start);
        rows
    }

    pub(crate) async fn indexed(&self, camera: CameraId) -> Vec<SegmentRow> {
        self.store.segments(&TenantId::default_tenant(), camera, self.range()).await.unwrap()
    }

    pub(crate) async fn incidents(&self, camera: CameraId) -> Vec<Incident> {
        self.store.incidents(&TenantId::default_tenant(), camera, self.range()).await.unwrap()
    }

    fn range(&self) -> TimeRange {
        let margin = Duration::from_secs(3_600);
        TimeRange::new(self.started - margin, self.clock.now() + margin).unwrap()
    }

    pub(crate) fn path(&self, row: &SegmentRow) -> PathBuf {
        let path = SegmentPath::new(row.placement.clone(), row.segment, row.start);
        self.recordings.join(path.relative())
    }

    pub(crate) async fn key(&self, row: &SegmentRow) -> Option<SegmentKey> {
        let (tenant, id) = (&row.placement.tenant, row.key?);
        let stored = self.key_rows.get(tenant, id).await.unwrap().expect("the key row is there");
        Some(self.keyring.open(&stored).unwrap())
    }

    /// The numbers of the access units in a segment's file, in order. For cameras without sound: their `mdat` is NAL units alone.
    pub(crate) async fn numbers(&self, row: &SegmentRow) -> Vec<u64> {
        let key = self.key(row).await;
        let reader = SegmentReader::open(self.path(row), key.as_ref()).unwrap();
        let scan = reader.scan(0).unwrap();
        let mut numbers = Vec::new();
        for entry in &scan.fragments {
            let fragment = reader.fragment(entry).unwrap();
            numbers.extend(stamps_of(&fragment));
        }
        numbers
    }

    /// The numbers of all access units recorded of a camera.
    pub(crate) async fn all_numbers(&self, camera: CameraId) -> Vec<u64> {
        let mut numbers = Vec::new();
        for row in self.rows(camera).await {
            numbers.extend(self.numbers(&row).await);
        }
        numbers
    }
}

/// The numbers in a fragment's access units.
pub(crate) fn stamps_of(fragment: &[u8]) -> Vec<u64> {
    stamps(mdat(fragment))
}

fn mdat(mut fragment: &[u8]) -> &[u8] {
    loop {
        let (size, rest) = fragment.split_first_chunk::<4>().expect("a box header");
        let size = u32::from_be_bytes(*size) as usize;
        if rest.starts_with(b"mdat") {
            return &fragment[8..size];
        }
        fragment = &fragment[size..];
    }
}

fn stamps(mut nals: &[u8]) -> Vec<u64> {
    let mut numbers = Vec::new();
    while let Some((length, _)) = nals.split_first_chunk::<4>() {
        let (nal, rest) = nals.split_at(4 + u32::from_be_bytes(*length) as usize);
        numbers.extend(au_number::find_in_avcc(nal).map(|stamp| stamp.number));
        nals = rest;
    }
    numbers
}

/// The numbers missing between the first and the last.
pub(crate) fn missing(numbers: &[u64]) -> Vec<(u64, u64)> {
    numbers.windows(2).filter(|pair| pair[1] != pair[0] + 1).map(|pair| (pair[0], pair[1])).collect()
}

pub(crate) fn clip() -> ClipSpec {
    ClipSpec { width: 160, height: 120, bitrate_kbps: 100, seconds: 4, ..ClipSpec::default() }
}

pub(crate) async fn sim(streams: Vec<StreamConfig>) -> CamSim {
    CamSim::start(CamSimConfig::loopback(streams)).await.unwrap()
}

pub(crate) async fn one_camera() -> CamSim {
    sim(vec![StreamConfig::new("cam", clip())]).await
}

pub(crate) fn rtsp(url: &str) -> SourceSpec {
    SourceSpec::Rtsp(source(url))
}

pub(crate) fn source(url: &str) -> RtspSource {
    RtspSource {
        url: url.to_owned(),
        username: None,
        password: None,
        transport: RtspTransport::Tcp,
        certificate_sha256: None,
    }
}
