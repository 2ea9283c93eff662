use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use eyrie_cluster::{
    CameraKey, CellNode, CellReport, Health, Heartbeat, JobName, Member, NodeSetup, PlacementKey, ProtocolRange,
    SpentEpochs,
};
use eyrie_storage::keys::{KeyRing, Sealer};
use eyrie_storage::mirror::Mirror;
use eyrie_storage::store::{Store, StoredCamera};
use eyrie_types::{CameraId, Clock, Epoch, Monotonic, NodeId, Slot, TenantId, WallTime};
use futures::FutureExt as _;
use tokio::sync::{mpsc, watch};

use super::clocks::Clocks;
use super::courier::{Courier, HEARTBEATS_MAX};
use super::driver::Driver;
use super::executor::{self, Orders};
use super::{
    CellPart, ControlConfig, ControlError, ControlHandle, ControlParts, directory_sync, feeding, jobs, news, seeds,
    spec_keeper,
};
use crate::feed::{FeedQuery, Feeders};
use crate::footage_link::{self, FootageHandler, FootageLink};
use crate::link::{Link, LinkConfig};
use crate::live::LiveServer;
use crate::media_link::{MediaLink, MediaLinkConfig};
use crate::node::{NodeHandle, ServiceArgs};
use crate::peer::{Dialer, PROTOCOL_MAX, PROTOCOL_MIN, PeerRoutes};
use crate::raft::{CellRaft, RaftConfig};
use crate::twin_repair;

/// Connections of peers that wait to be taken.
const INCOMING_MAX: usize = 64;

/// How long its lease is over before a node takes itself for cut off.
const CUT_OFF_AFTER: Duration = Duration::from_secs(2);

/// What each node last said of itself, and when that was.
pub(super) type Heard = BTreeMap<NodeId, (Monotonic, Heartbeat)>;

/// What the parts of control share.
pub(super) struct Shared {
    pub(super) me: NodeId,
    pub(super) member: Member,
    pub(super) raft: CellRaft,
    pub(super) node: NodeHandle,
    pub(super) store: Arc<Store>,
    pub(super) mirror: Arc<Mirror>,
    pub(super) keyring: Arc<KeyRing>,
    pub(super) sealer: Sealer,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) seeds: Vec<String>,
    /// Those of them that answered, and where.
    pub(super) met: watch::Sender<BTreeMap<NodeId, String>>,
    pub(super) dialer: Dialer,
    pub(super) epochs_given: Option<Epoch>,
    pub(super) twin_labels: Vec<String>,
    /// Outlives the loop that drives it: it knows which incarnations run.
    core: Mutex<CellNode>,
    link: OnceLock<Arc<Link>>,
    pub(super) media: MediaLink,
    pub(super) orders: watch::Sender<Orders>,
    /// The version of the orders that were carried out.
    pub(super) executed: watch::Sender<u64>,
    /// Until when side effects are permitted, in microseconds of the monotonic clock.
    pub(super) lease_until_us: AtomicU64,
    /// What each node last said of itself, and when.
    heard: Mutex<Heard>,
    /// Why this node was last not let in, as people were told.
    join_refused: Mutex<Option<String>>,
    /// How far the clocks of other nodes are from this one's.
    clocks: Mutex<Clocks>,
    /// Nodes held to be dead, since when they were not heard.
    silent_since: Mutex<BTreeMap<NodeId, WallTime>>,
    /// Cameras that the mirror could not keep; no more than the cell has.
    unkept: Mutex<BTreeMap<CameraKey, StoredCamera>>,
    /// Jobs this node is to do while its lease lasts.
    pub(super) jobs: watch::Sender<BTreeMap<JobName, Epoch>>,
    /// Jobs this node is at: one that was taken from it is here until it has stopped.
    working: Mutex<BTreeSet<JobName>>,
    /// The directory was compared with the cell once, or could not be.
    pub(super) synced: watch::Sender<bool>,
    /// Fires when another process has taken this node's place.
    pub(super) superseded: watch::Sender<Option<String>>,
}

impl Shared {
    /// For longer than a busy machine explains, most voters have confirmed nothing: the cell can decide nothing that this node
    /// would hear of.
    pub(super) fn cut_off(&self) -> bool {
        let confirmed = Duration::from_micros(self.lease_until_us.load(Ordering::Acquire));
        self.clock.monotonic() > Monotonic::from_start(confirmed + CUT_OFF_AFTER)
    }

    /// The core; never held across a wait.
    pub(super) fn core(&self) -> MutexGuard<'_, CellNode> {
        // A panic within it is a bug; it goes on with what it knows, for the recordings.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The other nodes that record `camera` now, by what the cell has agreed on as far as this node knows.
    fn other_recorders(&self, tenant: &TenantId, camera: CameraId) -> Vec<NodeId> {
        let state = Arc::clone(self.core().state().1);
        let key = |slot| PlacementKey { tenant: tenant.clone(), camera, slot };
        let placed = [Slot::OWNER, Slot::TWIN].into_iter().filter_map(|slot| state.placement(&key(slot)));
        let nodes: BTreeSet<NodeId> = placed.flat_map(|placement| placement.nodes().collect::<Vec<_>>()).collect();
        nodes.into_iter().filter(|node| *node != self.me).collect()
    }

    /// The cell as repairs see it: which cameras this node has with another, and which nodes there are.
    fn repairs(&self) -> twin_repair::Cell {
        let state = Arc::clone(self.core().state().1);
        let members = state.members().iter().map(|(node, member)| (*node, member.health == Health::Up)).collect();
        let mut cameras: BTreeMap<_, Vec<NodeId>> = BTreeMap::new();
        // Placements are sorted: a camera's owner comes before its twin.
        for (key, placement) in state.placements() {
            cameras.entry((key.tenant.clone(), key.camera)).or_default().push(placement.node);
        }
        cameras.retain(|_, nodes| nodes.len() > 1 && nodes.contains(&self.me));
        twin_repair::Cell { cameras, members }
    }

    /// What each node last said; never held across a wait.
    pub(super) fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why this node was last not let in; never held across a wait.
    pub(super) fn join_refused(&self) -> MutexGuard<'_, Option<String>> {
        self.join_refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far other nodes' clocks are from this one's; never held across a wait.
    pub(super) fn clocks(&self) -> MutexGuard<'_, Clocks> {
        self.clocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nodes held to be dead, with the time since when they were not heard; never held across a wait.
    pub(super) fn silent_since(&self) -> MutexGuard<'_, BTreeMap<NodeId, WallTime>> {
        self.silent_since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Jobs this node is at; never held across a wait.
    pub(super) fn working(&self) -> MutexGuard<'_, BTreeSet<JobName>> {
        self.working.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this node may act for others to see: answer live as the owner, delete, do jobs. Asked at each such act.
    pub(super) fn may_act(&self) -> bool {
        self.lease_until_us.load(Ordering::Acquire) > self.clock.monotonic().as_us()
    }

    /// Cameras that the mirror could not keep; never held across a wait.
    pub(super) fn unkept(&self) -> MutexGuard<'_, BTreeMap<CameraKey, StoredCamera>> {
        self.unkept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows how the cell fares, while this node leads it.
    pub(super) fn report(&self, report: &CellReport) {
        metrics::gauge!("eyrie_cell_survives_any_node").set(f64::from(u8::from(report.survival.any_node())));
        metrics::gauge!("eyrie_cell_survives_any_zone").set(f64::from(u8::from(report.survival.any_zone())));
        metrics::gauge!("eyrie_cell_unplaced").set(report.unplaced.len() as f64);
        metrics::gauge!("eyrie_cell_stuck").set(report.stuck.len() as f64);
    }

    /// Sessions with peers; `None` in a cell of one without a listener.
    pub(super) fn link(&self) -> Option<&Arc<Link>> {
        self.link.get()
    }
}

/// Starts a node's part in its cell.
#[derive(Debug)]
pub struct Control;

impl Control {
    /// Opens Raft's log, listens for peers, and drives the core from then on. A node without seeds makes a cell at its first start;
    /// one with seeds asks to join theirs, for as long as it takes.
    ///
    /// # Errors
    /// When the log cannot be opened, or an actor cannot be started.
    pub async fn start(config: ControlConfig, parts: ControlParts) -> Result<ControlHandle, ControlError> {
        let ControlParts { node, store, mirror, keyring, clock, fallen, media: handlers } = parts;
        let CellPart { socket, address, peers, seeds } = config.cell;
        let raft_config = RaftConfig { node: config.node, directory: config.raft_dir, address: address.clone() };
        let raft = CellRaft::start(raft_config, &peers, Arc::clone(&clock)).await?;
        let protocol = ProtocolRange { min: u32::from(PROTOCOL_MIN), max: u32::from(PROTOCOL_MAX) };
        let member = Member {
            name: config.name,
            start: config.start,
            identity: config.identity,
            raft: raft.id(),
            peer: address,
            url: config.url,
            zone: config.zone,
            labels: config.labels,
            capacity: config.capacity,
            protocol,
            health: Health::Up,
            draining: false,
        };
        let mut spent = SpentEpochs::default();
        for noted in mirror.spent() {
            let key = PlacementKey { tenant: noted.tenant, camera: noted.camera, slot: noted.slot };
            spent.note(key, noted.epoch);
        }
        let setup = NodeSetup { node: config.node, member: member.clone(), spent, limits: config.limits };
        let (media_streams, incoming_media) = mpsc::channel(INCOMING_MAX);
        handlers.serve(footage_link::PREFIX, Arc::new(FootageHandler::new(node.clone())));
        let media = MediaLink::start(MediaLinkConfig {
            node: config.node,
            dialer: peers.dialer(),
            incoming: socket.is_some().then_some(incoming_media),
            handlers: handlers.clone(),
        });
        let shared = Arc::new(Shared {
            me: config.node,
            member,
            raft,
            node,
            store,
            mirror,
            sealer: keyring.sealer(),
            keyring,
            clock,
            seeds,
            met: watch::Sender::default(),
            dialer: peers.dialer(),
            epochs_given: config.epochs_given,
            twin_labels: config.twin_labels,
            core: Mutex::new(CellNode::new(setup)),
            link: OnceLock::new(),
            media,
            orders: watch::Sender::default(),
            executed: watch::Sender::default(),
            lease_until_us: AtomicU64::new(0),
            heard: Mutex::default(),
            join_refused: Mutex::default(),
            clocks: Mutex::default(),
            silent_since: Mutex::default(),
            unkept: Mutex::default(),
            jobs: watch::Sender::default(),
            working: Mutex::default(),
            synced: watch::Sender::default(),
            superseded: watch::Sender::default(),
        });
        let knows = Arc::downgrade(&shared);
        let holders = move |key: &PlacementKey| knows.upgrade().map_or_else(Vec::new, |shared| shared.holders(key));
        let feeders = Feeders { link: shared.media.clone(), holders: Arc::new(holders) };
        handlers.serve(FeedQuery::PREFIX, shared.node.meet(feeders));
        // The node outlives its part in the cell, and is asked by those who ask it.
        let cell = Arc::downgrade(&shared);
        let recorders = move |tenant: &TenantId, camera| {
            cell.upgrade().map_or_else(Vec::new, |cell| cell.other_recorders(tenant, camera))
        };
        let knows = Arc::downgrade(&shared);
        let alive = move |node| {
            let member = |cell: Arc<Shared>| cell.core().state().1.member(node).map(|member| member.health);
            knows.upgrade().and_then(member) == Some(Health::Up)
        };
        let elsewhere = FootageLink::new(shared.media.clone(), Box::new(recorders), Box::new(alive));
        shared.node.footage().reach_through(Arc::new(elsewhere));
        let (beats, heartbeats) = mpsc::channel(HEARTBEATS_MAX);
        if let Some(socket) = socket {
            let (raft_streams, mut incoming_raft) = mpsc::channel(INCOMING_MAX);
            let (actor_streams, incoming) = mpsc::channel(INCOMING_MAX);
            let courier = Arc::new(Courier::new(Arc::clone(&shared), beats));
            let link = LinkConfig { node: config.node, dialer: peers.dialer(), incoming };
            // Set once, here.
            let _ = shared.link.set(Arc::new(Link::start(link, courier).await?));
            let routes =
                PeerRoutes { raft: Some(raft_streams), actors: Some(actor_streams), media: Some(media_streams) };
            // Both end with the last connection, after the link and Raft have stopped.
            tokio::spawn(peers.listener(socket).run(routes));
            let accepting = Arc::clone(&shared);
            tokio::spawn(async move {
                while let Some(stream) = incoming_raft.recv().await {
                    accepting.raft.accept(stream);
                }
            });
        }
        // Its queues outlive a panic of its loop.
        let driver = Arc::new(tokio::sync::Mutex::new(Driver::new(Arc::clone(&shared), heartbeats, fallen)));
        let mut services = services(&shared);
        services.extend(jobs::services(&shared));
        services.push(ServiceArgs {
            name: "cell driver",
            body: Arc::new(move || {
                let driver = Arc::clone(&driver);
                async move { driver.lock().await.run().await }.boxed()
            }),
        });
        for service in services {
            shared.node.serve(service).await?;
        }
        let control = ControlHandle::new(Arc::clone(&shared));
        handlers.serve("live", Arc::new(LiveServer::new(control.clone(), shared.node.clone())));
        Ok(control)
    }
}

/// Loops beside the driver, none of which a heartbeat waits for.
fn services(shared: &Arc<Shared>) -> Vec<ServiceArgs> {
    let (orders, specs, sync, join) = (Arc::clone(shared), Arc::clone(shared), Arc::clone(shared), Arc::clone(shared));
    let (tell, feed, repair) = (Arc::clone(shared), Arc::clone(shared), Arc::clone(shared));
    vec![
        ServiceArgs { name: "cell executor", body: Arc::new(move || executor::run(Arc::clone(&orders)).boxed()) },
        ServiceArgs { name: "cell specs", body: Arc::new(move || spec_keeper::run(Arc::clone(&specs)).boxed()) },
        ServiceArgs { name: "directory sync", body: Arc::new(move || directory_sync::run(Arc::clone(&sync)).boxed()) },
        ServiceArgs { name: "cell news", body: Arc::new(move || news::run(Arc::clone(&tell)).boxed()) },
        ServiceArgs { name: "cell feeding", body: Arc::new(move || feeding::run(Arc::clone(&feed)).boxed()) },
        ServiceArgs {
            name: "twin repair",
            body: Arc::new(move || {
                let (node, cell) = (Arc::clone(repair.node.context()), Arc::clone(&repair));
                twin_repair::run(node, move || cell.repairs()).boxed()
            }),
        },
        ServiceArgs { name: "cell seeds", body: Arc::new(move || seeds::run(Arc::clone(&join)).boxed()) },
    ]
}
