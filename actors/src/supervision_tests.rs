//! Supervision as it really happens: a loop panics, and only its actor is started again. The loops come through the same
//! [`Children`] that production uses.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use eyrie_camsim::{CamSim, CamSimConfig, ClipSpec, StreamConfig};
use eyrie_storage::disk::{Disk, DiskConfig};
use eyrie_storage::keys::{KeyRing, KeyRows, KeySpool, MasterKey};
use eyrie_storage::segment::{SegmentPath, SegmentReader};
use eyrie_storage::store::{Store, StoreConfig};
use eyrie_types::{
    Camera, CameraId, CameraSpec, CameraState, Clock, Epoch, EventKind, GapCause, Incident, NodeId, RecordingSpec,
    RtspSource, RtspTransport, SegmentRow, SegmentState, Slot, SourceSpec, SystemClock, TenantId, TimeRange, WallTime,
};
use futures::FutureExt;
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::children::Children;
use crate::{Assignment, NetworkPolicy, Node, NodeConfig, NodeHandle, NodeParts};

const PATIENCE: Duration = Duration::from_secs(60);

fn epoch(counter: u32) -> Epoch {
    Epoch::new(0, counter).unwrap()
}

struct Rig {
    node: NodeHandle,
    store: Arc<Store>,
    sim: CamSim,
    dir: TempDir,
}

impl Rig {
    async fn start(children: Children) -> Self {
        let clip = ClipSpec { width: 160, height: 120, bitrate_kbps: 100, seconds: 4, ..ClipSpec::default() };
        let streams = ["a", "b"].map(|path| StreamConfig::new(path, clip.clone())).to_vec();
        let sim = CamSim::start(CamSimConfig::loopback(streams)).await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let path = dir.path().join("eyrie.db");
        let store = Arc::new(Store::open(StoreConfig::Sqlite { path }, Arc::clone(&clock)).await.unwrap());
        let keyring = Arc::new(KeyRing::new(MasterKey::from_bytes(&[7; 32]), &[]).unwrap());
        let mut config = NodeConfig::new(NodeId::random());
        config.sealing = false;
        config.network = NetworkPolicy::new(vec!["127.0.0.0/8".parse().unwrap()], Vec::new());
        let mut disk = DiskConfig::new(dir.path().join("recordings"));
        disk.reserve = eyrie_types::ByteSize::bytes(0);
        let disk = Disk::open(disk, Arc::clone(&clock)).unwrap();
        let spool = KeySpool::open(&dir.path().join("key-spool")).unwrap();
        let key_rows = Arc::new(KeyRows::new(Arc::clone(&store), spool));
        let parts = NodeParts {
            store: Arc::clone(&store),
            keyring,
            key_rows,
            disks: vec![disk],
            clock,
            fallen: mpsc::channel(1).0,
        };
        let node = Node::start_with(config, parts, children).await.unwrap();
        Self { node, store, sim, dir }
    }

    async fn add(&self, path: &str) -> CameraId {
        let id = CameraId::generate();
        self.put(id, path, 1, true).await;
        id
    }

    async fn put(&self, id: CameraId, path: &str, revision: u64, enabled: bool) {
        let source = RtspSource {
            url: self.sim.url(path),
            username: None,
            password: None,
            transport: RtspTransport::Tcp,
            certificate_sha256: None,
        };
        let spec = CameraSpec {
            name: path.to_owned(),
            enabled,
            labels: Default::default(),
            site: None,
            source: SourceSpec::Rtsp(source),
            recording: RecordingSpec::default(),
            placement: Default::default(),
        };
        let (tenant, now) = (TenantId::default_tenant(), WallTime::EPOCH);
        let camera = Camera { id, tenant, revision, created_at: now, updated_at: now, spec };
        let assignment = Assignment { camera, slot: Slot::OWNER, epoch: epoch(1), dead_since: None, feed_from: None };
        self.node.assign(assignment).await.unwrap();
    }

    async fn online(&self, camera: CameraId) {
        self.until("online", async || {
            self.node.status(camera).is_some_and(|status| status.state == CameraState::Online)
        })
        .await;
    }

    async fn until(&self, what: &str, mut probe: impl AsyncFnMut() -> bool) {
        let look = async {
            while !probe().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, look).await.is_ok(), "never {what}");
    }

    fn durable(&self, camera: CameraId) -> u32 {
        self.node.open_tail(camera).iter().map(|tail| tail.row.fragments).sum()
    }

    async fn incidents(&self, camera: CameraId) -> Vec<Incident> {
        let all = TimeRange::new(WallTime::EPOCH, WallTime::MAX).unwrap();
        self.store.incidents(&TenantId::default_tenant(), camera, all).await.unwrap()
    }

    /// The rows of a camera in the index.
    async fn rows(&self, camera: CameraId) -> Vec<SegmentRow> {
        let end = SystemClock::new().now() + Duration::from_secs(3_600);
        let recent = TimeRange::new(end - Duration::from_secs(7_200), end).unwrap();
        self.store.segments(&TenantId::default_tenant(), camera, recent).await.unwrap()
    }
}

/// Children whose first ingest or recorder of one camera panics when told to.
struct Saboteur {
    now: Arc<Notify>,
    starts: Arc<AtomicU32>,
}

impl Saboteur {
    fn new() -> Self {
        Self { now: Arc::new(Notify::new()), starts: Arc::default() }
    }

    /// Panics at the call, in the loop of the first that started.
    fn strike(&self) -> impl Future<Output = ()> + Send + use<> {
        let (now, first) = (Arc::clone(&self.now), self.starts.fetch_add(1, Ordering::SeqCst) == 0);
        async move {
            if !first {
                std::future::pending::<()>().await;
            }
            now.notified().await;
            panic!("sabotage");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorder_that_panics_goes_on_where_it_stopped_and_nobody_else_notices() {
    let saboteur = Arc::new(Saboteur::new());
    let rig = Rig::start(with_sabotaged_recorder(&saboteur)).await;
    let (victim, witness) = (rig.add("a").await, rig.add("b").await);
    rig.until("both recorded", async || rig.durable(victim) >= 2 && rig.durable(witness) >= 2).await;
    let mut events = rig.node.events();
    saboteur.now.notify_one();
    rig.until("a second recorder's segment", async || {
        saboteur.starts.load(Ordering::SeqCst) >= 3 && rig.durable(victim) >= 2
    })
    .await;
    rig.node.shutdown().await;
    let told = std::iter::from_fn(|| events.try_recv().ok());
    let health: Vec<_> = told
        .filter_map(|event| match event.kind {
            EventKind::RecordingHealth { camera, trouble } => Some((camera, trouble)),
            _ => None,
        })
        .collect();
    assert_eq!(health, [(victim, Some(GapCause::ProcessRestart)), (victim, None)]);
    let incidents = rig.incidents(victim).await;
    let crash = incidents.iter().find(|incident| incident.cause == GapCause::ProcessRestart);
    assert!(crash.is_some_and(|incident| incident.end.is_some()), "{incidents:?}");
    assert!(rig.incidents(witness).await.iter().all(|incident| incident.cause == GapCause::Starting));
    let stats = ["a", "b"].map(|path| rig.sim.stats(path).unwrap().sessions_total);
    assert_eq!(stats, [1, 1], "no ingest was touched");
    // Nothing was lost: the second recorder began right after the last durable unit of the first.
    let all = TimeRange::new(WallTime::EPOCH, WallTime::MAX).unwrap();
    let recent = TimeRange::new(crash.unwrap().start - Duration::from_secs(600), all.end - Duration::from_secs(1));
    let since = recent.unwrap().start;
    let range = TimeRange::new(since, since + Duration::from_secs(7_200)).unwrap();
    let mut rows = rig.store.segments(&TenantId::default_tenant(), victim, range).await.unwrap();
    rows.sort_by_key(|row| row.start);
    assert!(rows.len() >= 2, "{rows:?}");
    for pair in rows.windows(2) {
        assert!(pair[1].start <= pair[0].end + Duration::from_millis(100), "a hole between segments: {pair:?}");
    }
}

/// Children whose first recorder panics when told to.
fn with_sabotaged_recorder(saboteur: &Arc<Saboteur>) -> Children {
    let mut children = Children::default();
    let (production, at) = (Arc::clone(&children.recording), Arc::clone(saboteur));
    children.recording = Arc::new(move |camera, stop| {
        let (work, strike) = (production(camera, stop), at.strike());
        async move {
            tokio::select! {
                () = work => {}
                () = strike => {}
            }
        }
        .boxed()
    });
    children
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fragment_of_a_segment_that_a_crashed_recorder_left_is_in_the_index_at_once() {
    let saboteur = Arc::new(Saboteur::new());
    let rig = Rig::start(with_sabotaged_recorder(&saboteur)).await;
    let victim = rig.add("a").await;
    rig.until("some fragments", async || rig.durable(victim) >= 3).await;
    let left = rig.node.open_tail(victim)[0].row.clone();
    let tenant = TenantId::default_tenant();
    assert_eq!(left.state, SegmentState::Open);
    let known = rig.store.fragments(&tenant, victim, left.segment).await.unwrap();
    assert!(known.is_empty(), "a crash now would lose nothing: the test shows nothing");
    saboteur.now.notify_one();
    rig.until("the left segment was scanned", async || {
        let rows = rig.rows(victim).await;
        rows.iter().any(|row| row.segment == left.segment && row.state == SegmentState::Unclosed)
    })
    .await;
    // The node still runs: nothing waited for its stop or next start.
    assert!(rig.node.status(victim).is_some());
    let path = SegmentPath::new(left.placement.clone(), left.segment, left.start).relative();
    let scan = SegmentReader::open(rig.dir.path().join("recordings").join(path), None).unwrap().scan(0).unwrap();
    assert!(scan.fragments.len() >= 3);
    assert_eq!(rig.store.fragments(&tenant, victim, left.segment).await.unwrap(), scan.fragments);
    let rows = rig.rows(victim).await;
    let row = rows.iter().find(|row| row.segment == left.segment).unwrap();
    assert_eq!((row.fragments as usize, row.bytes), (scan.fragments.len(), scan.bytes));
    let copies = rig.store.copies_of_segment(&tenant, victim, left.start, left.segment).await.unwrap();
    assert_eq!(copies.iter().map(|copy| copy.bytes).collect::<Vec<_>>(), [scan.bytes]);
    rig.node.shutdown().await;
}

/// Children whose recorders hear that they are to end only once the gate is open.
fn with_late_recorder(gate: &CancellationToken) -> Children {
    let mut children = Children::default();
    let (production, gate) = (Arc::clone(&children.recording), gate.clone());
    children.recording = Arc::new(move |camera, stop| {
        let (told, gate) = (CancellationToken::new(), gate.clone());
        let work = production(camera, told.clone());
        let tell = async move {
            stop.cancelled().await;
            gate.cancelled().await;
            told.cancel();
        };
        async move { tokio::join!(work, tell).0 }.boxed()
    });
    children
}

/// Children whose recorders do nothing any more once they are to end, as if they hung.
fn with_hung_recorder() -> Children {
    let mut children = Children::default();
    let production = Arc::clone(&children.recording);
    children.recording = Arc::new(move |camera, stop| {
        let work = production(camera, CancellationToken::new());
        async move {
            // Kept as it is, and never polled again: it can neither go on nor clean up.
            let mut work = std::pin::pin!(work);
            tokio::select! {
                ended = &mut work => ended,
                () = stop.cancelled() => std::future::pending().await,
            }
        }
        .boxed()
    });
    children
}

impl Rig {
    /// The durable fragments of a camera that a reader finds: the tail first, then the index.
    async fn found(&self, camera: CameraId) -> u32 {
        let tail = self.node.open_tail(camera);
        let mut rows = self.rows(camera).await;
        rows.retain(|row| tail.iter().all(|open| open.row.segment != row.segment));
        rows.iter().chain(tail.iter().map(|open| &open.row)).map(|row| row.fragments).sum()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_camera_recorded_last_is_found_while_it_ends_and_after() {
    let gate = CancellationToken::new();
    let rig = Rig::start(with_late_recorder(&gate)).await;
    let camera = rig.add("a").await;
    rig.until("some fragments", async || rig.durable(camera) >= 3).await;
    rig.put(camera, "a", 2, false).await;
    assert_eq!(rig.node.status(camera).unwrap().state, CameraState::Disabled);
    let mut last = rig.found(camera).await;
    assert!(last >= 3, "{last} fragments are found of a camera that ends");
    gate.cancel();
    rig.until("the segment is closed in the index", async || {
        let found = rig.found(camera).await;
        assert!(found >= last, "{found} fragments are found where {last} were");
        last = found;
        let rows = rig.rows(camera).await;
        rig.node.open_tail(camera).is_empty() && rows.iter().all(|row| row.state == SegmentState::Closed)
    })
    .await;
    rig.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorder_that_does_not_end_in_time_leaves_a_segment_that_is_scanned_at_once() {
    let rig = Rig::start(with_hung_recorder()).await;
    let camera = rig.add("a").await;
    rig.until("some fragments", async || rig.durable(camera) >= 3).await;
    let last = rig.found(camera).await;
    rig.put(camera, "a", 2, false).await;
    rig.until("the segment was scanned", async || {
        let found = rig.found(camera).await;
        assert!(found >= last, "{found} fragments are found where {last} were");
        rig.rows(camera).await.iter().any(|row| row.state == SegmentState::Unclosed && row.fragments >= last)
    })
    .await;
    rig.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_node_sees_of_its_cameras_is_in_the_outbox_in_the_order_it_was_told() {
    let saboteur = Arc::new(Saboteur::new());
    let rig = Rig::start(with_sabotaged_recorder(&saboteur)).await;
    let mut events = rig.node.events();
    let victim = rig.add("a").await;
    rig.until("recorded", async || rig.durable(victim) >= 1).await;
    saboteur.now.notify_one();
    rig.until("recorded again", async || saboteur.starts.load(Ordering::SeqCst) >= 2 && rig.durable(victim) >= 1).await;
    rig.node.shutdown().await;
    let told: Vec<_> = std::iter::from_fn(|| events.try_recv().ok()).map(|event| (*event).clone()).collect();
    let kept = rig.store.events_after(0, 1000).await.unwrap();
    assert_eq!(kept.into_iter().map(|entry| entry.event).collect::<Vec<_>>(), told);
    let health = |trouble| EventKind::RecordingHealth { camera: victim, trouble };
    for expected in [health(Some(GapCause::ProcessRestart)), health(None)] {
        assert!(told.iter().any(|event| event.kind == expected), "{told:?}");
    }
    let online = |kind: &EventKind| matches!(kind, EventKind::CameraStatus { status, .. } if status.state == CameraState::Online);
    assert!(told.iter().any(|event| online(&event.kind)), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingest_that_panics_is_started_again_alone() {
    let (saboteur, mut children) = (Arc::new(Saboteur::new()), Children::default());
    let (production, at) = (Arc::clone(&children.ingest), Arc::clone(&saboteur));
    children.ingest = Arc::new(move |camera, spec, stop| {
        let (work, strike) = (production(camera, spec, stop), at.strike());
        async move {
            tokio::select! {
                () = work => {}
                () = strike => {}
            }
        }
        .boxed()
    });
    let rig = Rig::start(children).await;
    let victim = rig.add("a").await;
    rig.online(victim).await;
    let witness = rig.add("b").await;
    rig.online(witness).await;
    let mut events = rig.node.events();
    saboteur.now.notify_one();
    rig.until("another session", async || rig.sim.stats("a").unwrap().sessions_total == 2).await;
    rig.online(victim).await;
    let told: Vec<_> = std::iter::from_fn(|| events.try_recv().ok()).map(|event| event.kind.clone()).collect();
    let says_so = |kind: &EventKind| matches!(kind, EventKind::CameraStatus { camera, status } if *camera == victim && status.reason.contains("crashed"));
    assert!(told.iter().any(says_so), "{told:?}");
    assert_eq!(rig.sim.stats("b").unwrap().sessions_total, 1);
    rig.node.shutdown().await;
}
