use std::collections::BTreeMap;
use std::hash::Hash;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use eyrie_cluster::PlacementKey;
use eyrie_media::{RingBudget, Stream};
use eyrie_storage::disk::{Disk, DiskHealth};
use eyrie_storage::facts::{NodePoint, Step, StepPlan, StreamPoint};
use eyrie_storage::footage::{Footage, OpenTail};
use eyrie_storage::keys::{KeyRing, KeyRows};
use eyrie_storage::store::{Store, StoreError};
use eyrie_types::{CameraId, CameraState, CameraStatus, Clock, Epoch, Event, TenantId, TimeRange, WallTime};
use futures::FutureExt as _;
use ractor::rpc::CallResult;
use ractor::{Actor, ActorRef};
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc};

use super::{
    Assignment, Directory, Fallen, NodeConfig, NodeError, NodeMessage, NodeSettings, NodeSupervisor, ServiceArgs,
};
use crate::camera_supervisor::SupervisorMessage;
use crate::children::Children;
use crate::context::NodeContext;
use crate::events::EventBus;
use crate::facts::{self, FactsBoard, StreamFacts};
use crate::feed::{FeedHandler, Feeders};
use crate::index_writer::IndexWriter;
use crate::ingest::silence_watch::SilenceWatch;
use crate::live::{LiveError, LiveHandle, RelayedViewers, viewer_number};
use crate::media_threads::MediaThreads;
use crate::outbox_writer::OutboxWriter;
use crate::recording::{LeftSegments, RotationPace};
use crate::retention::RetentionOutlook;
use crate::rtmp::{RtmpListener, RtmpTls};
use crate::setup_gate::SetupGate;
use crate::telemetry;

/// How long a command may wait for its turn.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the whole tree may take to stop.
const STOP_PATIENCE: Duration = Duration::from_secs(30);

/// Starts nodes.
#[derive(Debug)]
pub struct Node;

impl Node {
    /// Starts the supervision tree. It runs no camera yet: hand them over with [`NodeHandle::assign`]. What an earlier run left
    /// open is scanned and indexed in the background.
    ///
    /// # Errors
    /// When the tree cannot be started.
    pub async fn start(config: NodeConfig, parts: NodeParts) -> Result<NodeHandle, NodeError> {
        Self::start_with(config, parts, Children::default()).await
    }

    pub(crate) async fn start_with(
        config: NodeConfig,
        parts: NodeParts,
        children: Children,
    ) -> Result<NodeHandle, NodeError> {
        telemetry::describe();
        let media = MediaThreads::start(config.media_threads).map_err(|error| NodeError::Start(error.to_string()))?;
        let NodeParts { store, keyring, key_rows, disks, clock, fallen } = parts;
        let outbox = Arc::new(OutboxWriter::default());
        let footage = Arc::new(Footage::new(
            config.node,
            Arc::clone(&store),
            Arc::clone(&keyring),
            Arc::clone(&key_rows),
            &disks,
            Arc::clone(&clock),
        ));
        let context = Arc::new(NodeContext {
            events: EventBus::new(Arc::clone(&clock), Arc::clone(&outbox)),
            outbox,
            index: Arc::new(IndexWriter::default()),
            budget: RingBudget::new(config.frame_memory),
            silence: Arc::new(SilenceWatch::default()),
            gate: SetupGate::new(config.setups, Arc::clone(&clock)),
            rotation: RotationPace::default(),
            left_segments: LeftSegments::default(),
            directory: Directory::new(),
            feeders: OnceLock::new(),
            fallen,
            settings: ArcSwap::from_pointee(config.settings),
            facts: FactsBoard::default(),
            relayed_viewers: RelayedViewers::default(),
            outlook: ArcSwapOption::empty(),
            written_bytes: AtomicU64::new(0),
            config,
            store,
            footage,
            keyring,
            key_rows,
            disks,
            clock,
            children,
            media,
        });
        let (root, _) = Actor::spawn(None, NodeSupervisor, Arc::clone(&context))
            .await
            .map_err(|error| NodeError::Start(error.to_string()))?;
        Ok(NodeHandle { context, root })
    }
}

/// What a node works with.
pub struct NodeParts {
    /// The metadata.
    pub store: Arc<Store>,
    /// The keys of tenants.
    pub keyring: Arc<KeyRing>,
    /// The keys of segments.
    pub key_rows: Arc<KeyRows>,
    /// Where recordings lie.
    pub disks: Vec<Disk>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Told of incarnations that ended by themselves. They stay down until they are assigned another epoch.
    pub fallen: mpsc::Sender<Fallen>,
}

/// A running node, as the API and the binary hold it. Cheap to clone.
#[derive(Clone)]
pub struct NodeHandle {
    context: Arc<NodeContext>,
    root: ActorRef<NodeMessage>,
}

impl NodeHandle {
    /// Runs a placement as its camera's spec says from now on: starts, changes or stops it.
    ///
    /// # Errors
    /// When the node is shutting down.
    pub async fn assign(&self, assignment: Assignment) -> Result<(), NodeError> {
        self.command(|reply| SupervisorMessage::Assign(Box::new(assignment), reply)).await
    }

    /// Stops a placement and forgets it. What it recorded stays.
    ///
    /// # Errors
    /// When the node is shutting down.
    pub async fn withdraw(&self, key: PlacementKey) -> Result<(), NodeError> {
        self.command(|reply| SupervisorMessage::Withdraw(key, reply)).await
    }

    /// What runs here: each placement with its incarnation, and whether it records. What its spec does not let record counts as
    /// recording once it sends.
    pub(crate) fn incarnations(&self) -> Vec<(PlacementKey, Epoch, bool)> {
        let running: Vec<_> = {
            let directory = self.context.directory.lock();
            let running = directory.running.iter();
            running.map(|(key, running)| (key.clone(), Arc::clone(&running.context), running.records)).collect()
        };
        let told = running.into_iter().map(|(key, context, records)| {
            let sends = || self.context.events.stream(key.camera).is_some();
            let recording = context.last_durable_seq().is_some() || (!records && sends());
            (key, context.placement.epoch, recording)
        });
        told.collect()
    }

    /// Lets cameras be fed by the other nodes of the cell, once; answers what feeds theirs.
    pub(crate) fn meet(&self, feeders: Feeders) -> Arc<FeedHandler> {
        // A node has one part in one cell.
        let _ = self.context.feeders.set(feeders);
        Arc::new(FeedHandler::new(&self.context))
    }

    /// What every part of the tree shares.
    pub(crate) fn context(&self) -> &Arc<NodeContext> {
        &self.context
    }

    /// Where all events pass.
    pub(crate) fn bus(&self) -> &EventBus {
        &self.context.events
    }

    /// Runs `service` beside the node's own: started again when it fails, ended with the node.
    ///
    /// # Errors
    /// When the node is shutting down.
    pub(crate) async fn serve(&self, service: ServiceArgs) -> Result<(), NodeError> {
        let served = self.root.call(|reply| NodeMessage::Serve(service, reply), Some(COMMAND_TIMEOUT)).await;
        match served {
            Ok(CallResult::Success(true)) => Ok(()),
            _ => Err(NodeError::NotRunning),
        }
    }

    /// Takes cameras that push with RTMP at `socket`, with or without TLS as `tls` says, for as long as the node runs.
    ///
    /// # Errors
    /// When the node is shutting down.
    pub async fn serve_rtmp(&self, socket: TcpListener, tls: RtmpTls) -> Result<(), NodeError> {
        let listener = Arc::new(RtmpListener::new(Arc::clone(&self.context), socket, tls));
        self.serve(ServiceArgs { name: "RTMP listener", body: Arc::new(move || Arc::clone(&listener).run().boxed()) })
            .await
    }

    /// What a camera is doing; `None` when this node knows no such camera.
    pub fn status(&self, camera: CameraId) -> Option<CameraStatus> {
        self.context.events.status(camera)
    }

    /// What a camera sends, once it is known.
    pub fn stream_facts(&self, camera: CameraId) -> Option<Arc<Stream>> {
        self.context.events.stream(camera)
    }

    /// Shows to `seen` what each of `cameras` is doing and what it sends, in their order and as of one moment. `seen` must be
    /// quick: no status changes meanwhile.
    pub fn look(
        &self,
        cameras: impl Iterator<Item = CameraId>,
        seen: impl FnMut(Option<&CameraStatus>, Option<&Stream>),
    ) {
        self.context.events.look(cameras, seen);
    }

    /// A number that another one follows whenever a camera comes, goes or changes its state.
    pub fn states_revision(&self) -> u64 {
        self.context.events.states_revision()
    }

    /// What up to `limit` cameras of a tenant after `after` are doing, by id. Disabled cameras are among them, and those that
    /// [cannot run](Self::put_unrunnable).
    pub fn statuses(
        &self,
        tenant: &TenantId,
        after: Option<CameraId>,
        limit: usize,
    ) -> BTreeMap<CameraId, CameraStatus> {
        self.context.events.page(tenant, after, limit)
    }

    /// The cameras of a tenant that are in `state`, by id.
    pub fn cameras_in_state(&self, tenant: &TenantId, state: CameraState) -> Vec<CameraId> {
        self.context.events.in_state(tenant, state)
    }

    /// How many cameras of a tenant are in each state; states without cameras are left out.
    pub fn camera_counts(&self, tenant: &TenantId) -> BTreeMap<CameraState, u64> {
        self.context.events.counts(tenant)
    }

    /// Shows a camera that is in the directory and cannot be run, such as one whose password cannot be opened: in `state`, for
    /// `reason`.
    pub fn put_unrunnable(&self, tenant: &TenantId, camera: CameraId, state: CameraState, reason: &str) {
        self.context.events.enter(tenant, camera);
        self.context.events.set_ingest(tenant, camera, state, reason);
    }

    /// All that happens from now on: what the node sees, and what is [announced](Self::announce). A receiver that lags 8,192
    /// events behind loses the oldest and is told so.
    pub fn events(&self) -> broadcast::Receiver<Arc<Event>> {
        self.context.events.subscribe()
    }

    /// Tells listeners of a change that was made in the store, which put its event into the outbox.
    pub fn announce(&self, event: Event) {
        self.context.events.announce(Arc::new(event));
    }

    /// A handle for live requests of `camera`. Nothing is packaged until the first request.
    ///
    /// # Errors
    /// [`LiveError::NotFound`] when no such camera of `tenant` runs here, [`LiveError::NotLive`] when it is switched off.
    pub fn live(&self, tenant: &TenantId, camera: CameraId) -> Result<LiveHandle, LiveError> {
        match self.context.directory.owner(camera) {
            Some(running) if running.context.placement.tenant == *tenant => {
                Ok(LiveHandle::new(running.context, running.live, running.actor))
            }
            Some(_) => Err(LiveError::NotFound),
            None => {
                let known = self.context.directory.knows(tenant, camera);
                let status = self.status(camera).filter(|_| known);
                Err(status.map_or(LiveError::NotFound, LiveError::NotLive))
            }
        }
    }

    /// Footage of `camera` that is durable on this node and may not be in the index yet: rows that replace those of the same
    /// segment. Ask before the index, or what passes from here to there meanwhile is missed.
    pub fn open_tail(&self, camera: CameraId) -> Vec<OpenTail> {
        self.context.open_tail(camera)
    }

    /// As [`Self::open_tail`], of all nodes of the cell that record the camera. Those that do not answer in time say nothing.
    pub async fn tails(&self, tenant: &TenantId, camera: CameraId) -> Vec<OpenTail> {
        let mut tails = self.open_tail(camera);
        tails.retain(|tail| tail.row.placement.tenant == *tenant);
        tails.extend(self.context.footage.tails_elsewhere(tenant, camera).await);
        tails
    }

    /// What of the configuration may change while the node runs, as it is now.
    pub fn settings(&self) -> NodeSettings {
        **self.context.settings.load()
    }

    /// Takes other settings into use.
    pub fn set_settings(&self, settings: NodeSettings) {
        self.context.settings.store(Arc::new(settings));
    }

    /// What was recorded, for reading.
    pub fn footage(&self) -> &Arc<Footage> {
        &self.context.footage
    }

    /// Counts whoever `viewer` is among those who watch a camera of another node through this one, for a while. Equal values are
    /// one viewer.
    pub fn relayed(&self, tenant: &TenantId, camera: CameraId, viewer: impl Hash) {
        let now = self.context.clock.monotonic();
        self.context.relayed_viewers.seen((tenant.clone(), camera), viewer_number(viewer), now);
    }

    /// How well a camera's stream does; `None` when this node runs no such camera of `tenant`, switched on or off.
    pub fn facts(&self, tenant: &TenantId, camera: CameraId) -> Option<StreamFacts> {
        let known = self.context.directory.knows(tenant, camera);
        known.then(|| self.context.facts.facts(camera, self.context.clock.now()))
    }

    /// What a camera sent over `range`, in steps by `plan`. Steps without a second that was measured have no point.
    ///
    /// # Errors
    /// When the store cannot be read; steps of a second do not need it.
    pub async fn facts_history(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        range: TimeRange,
        plan: StepPlan,
    ) -> Result<Vec<(WallTime, StreamPoint)>, StoreError> {
        let range = facts::from_step(range, plan);
        let known = self.context.directory.knows(tenant, camera);
        let recent = if known { self.context.facts.recent(camera, range.start, range.end) } else { Vec::new() };
        let kept = match plan.step {
            Step::Second => BTreeMap::new(),
            step => self.context.store.camera_facts(tenant, camera, step, range).await?,
        };
        Ok(facts::combine(plan, kept, &recent))
    }

    /// How the node did over `range`, in steps by `plan`.
    ///
    /// # Errors
    /// As [`Self::facts_history`].
    pub async fn history(&self, range: TimeRange, plan: StepPlan) -> Result<Vec<(WallTime, NodePoint)>, StoreError> {
        let range = facts::from_step(range, plan);
        let recent = self.context.facts.recent_of_node(range.start, range.end);
        let kept = match plan.step {
            Step::Second => BTreeMap::new(),
            step => self.context.store.node_facts(self.context.config.node, step, range).await?,
        };
        Ok(facts::combine(plan, kept, &recent))
    }

    /// What recordings take and how long there is room for more; `None` until retention has looked, some seconds after the
    /// start. Looked at anew every minute.
    pub fn retention_outlook(&self) -> Option<RetentionOutlook> {
        self.context.outlook.load().as_deref().copied()
    }

    /// The health of each recordings directory.
    pub fn disks(&self) -> Vec<DiskHealth> {
        self.context.disks.iter().map(Disk::health).collect()
    }

    /// Bytes of frames in memory, and their limit.
    pub fn frame_memory(&self) -> (u64, u64) {
        (self.context.budget.used_bytes(), self.context.budget.limit().as_u64())
    }

    /// Stops all cameras in order: sessions are torn down, segments closed, rows written. Bounded in time.
    pub async fn shutdown(&self) {
        if self.root.get_cell().stop_and_wait(None, Some(STOP_PATIENCE)).await.is_err() {
            tracing::warn!("the node did not stop in time");
        }
    }

    async fn command(
        &self,
        message: impl FnOnce(ractor::RpcReplyPort<()>) -> SupervisorMessage,
    ) -> Result<(), NodeError> {
        let found = self.root.call(NodeMessage::Cameras, Some(COMMAND_TIMEOUT)).await;
        let Ok(CallResult::Success(Some(cameras))) = found else { return Err(NodeError::NotRunning) };
        match cameras.call(message, Some(COMMAND_TIMEOUT)).await {
            Ok(CallResult::Success(())) => Ok(()),
            _ => Err(NodeError::NotRunning),
        }
    }
}
