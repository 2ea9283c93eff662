use std::sync::Arc;
use std::time::Duration;

use eyrie_storage::store::NODE_ALIVE_EVERY;
use eyrie_types::{Placement, WallTime};
use futures::FutureExt;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SupervisionEvent};

use super::key_spool;
use super::service::{Service, ServiceArgs};
use crate::backoff::{Backoff, jitter};
use crate::camera_supervisor::{CameraSupervisor, SupervisorMessage};
use crate::context::NodeContext;
use crate::recording::{LeftSegments, RepairError, adopt_lost, repair_index};
use crate::{facts, recording_account, retention, twin_repair};

/// How long a node may take to stop all its cameras in order: a child's patience, and a round of the disks.
const CAMERAS_STOP_PATIENCE: Duration = Duration::from_secs(20);
/// How long the last rows may take to reach the index. What does not is found by the next start.
const INDEX_PATIENCE: Duration = Duration::from_secs(5);
/// How long key rows in the spool may take to reach the store. What does not stays in the spool for the next start.
const KEYS_PATIENCE: Duration = Duration::from_secs(2);
/// How long the last events may take to reach the outbox: a store that took the rows takes these, too.
const OUTBOX_PATIENCE: Duration = Duration::from_secs(2);

/// The root: cameras on one side, the loops that serve the whole node on the other. Each that fails is started again, with
/// backoff; the root itself only ends when told to.
pub(crate) struct NodeSupervisor;

/// Control of the root; few and rare.
pub(crate) enum NodeMessage {
    /// A service's pause is over.
    RestartService(usize),
    /// The camera supervisor's pause is over.
    RestartCameras,
    /// Run one more service; answers whether it was started.
    Serve(ServiceArgs, ractor::RpcReplyPort<bool>),
    /// Where the camera supervisor is now.
    Cameras(ractor::RpcReplyPort<Option<ActorRef<SupervisorMessage>>>),
}

impl ractor::Message for NodeMessage {}

struct Place {
    args: ServiceArgs,
    cell: Option<ActorCell>,
    backoff: Backoff,
}

/// See [`NodeSupervisor`].
pub(crate) struct Tree {
    node: Arc<NodeContext>,
    services: Vec<Place>,
    cameras: Option<ActorRef<SupervisorMessage>>,
    cameras_backoff: Backoff,
}

impl Tree {
    async fn start_service(&mut self, me: &ActorRef<NodeMessage>, at: usize) -> Result<(), ActorProcessingErr> {
        let Some(place) = self.services.get_mut(at) else { return Ok(()) };
        let (service, _) = Actor::spawn_linked(None, Service, place.args.clone(), me.get_cell()).await?;
        place.cell = Some(service.get_cell());
        Ok(())
    }

    async fn start_cameras(&mut self, me: &ActorRef<NodeMessage>) -> Result<(), ActorProcessingErr> {
        let (cameras, _) = Actor::spawn_linked(None, CameraSupervisor, Arc::clone(&self.node), me.get_cell()).await?;
        self.cameras = Some(cameras);
        Ok(())
    }

    fn fell(&mut self, me: &ActorRef<NodeMessage>, who: &ActorCell, error: &str) {
        let id = who.get_id();
        if self.cameras.as_ref().is_some_and(|cameras| cameras.get_id() == id) {
            self.cameras = None;
            let pause = self.cameras_backoff.pause(jitter());
            tracing::error!(%error, ?pause, "the camera supervisor failed and starts again");
            drop(me.send_after(pause, || NodeMessage::RestartCameras));
        }
        let found = self.services.iter_mut().enumerate();
        let found = found.filter(|(_, place)| place.cell.as_ref().is_some_and(|cell| cell.get_id() == id));
        for (at, place) in found {
            place.cell = None;
            let pause = place.backoff.pause(jitter());
            metrics::counter!("eyrie_node_service_restarts_total", "service" => place.args.name).increment(1);
            tracing::error!(service = place.args.name, %error, ?pause, "a service of the node failed and starts again");
            drop(me.send_after(pause, move || NodeMessage::RestartService(at)));
        }
    }
}

impl Actor for NodeSupervisor {
    type Msg = NodeMessage;
    type State = Tree;
    type Arguments = Arc<NodeContext>;

    async fn pre_start(&self, me: ActorRef<NodeMessage>, node: Self::Arguments) -> Result<Tree, ActorProcessingErr> {
        let services = services(&node);
        let services: Vec<_> =
            services.into_iter().map(|args| Place { args, cell: None, backoff: Backoff::restart() }).collect();
        let mut tree = Tree { node, services, cameras: None, cameras_backoff: Backoff::restart() };
        for at in 0..tree.services.len() {
            tree.start_service(&me, at).await?;
        }
        tree.start_cameras(&me).await?;
        Ok(tree)
    }

    async fn handle(
        &self,
        me: ActorRef<NodeMessage>,
        message: NodeMessage,
        tree: &mut Tree,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            NodeMessage::RestartService(at) => tree.start_service(&me, at).await?,
            NodeMessage::RestartCameras => tree.start_cameras(&me).await?,
            NodeMessage::Serve(args, reply) => {
                tree.services.push(Place { args, cell: None, backoff: Backoff::restart() });
                let started = tree.start_service(&me, tree.services.len() - 1).await;
                let _ = reply.send(started.is_ok());
            }
            // Whoever asked may have given up.
            NodeMessage::Cameras(reply) => drop(reply.send(tree.cameras.clone())),
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        me: ActorRef<NodeMessage>,
        event: SupervisionEvent,
        tree: &mut Tree,
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(who, error) = event {
            tree.fell(&me, &who, &error.to_string());
        }
        Ok(())
    }

    async fn post_stop(&self, _: ActorRef<NodeMessage>, tree: &mut Tree) -> Result<(), ActorProcessingErr> {
        if let Some(cameras) = tree.cameras.take()
            && cameras.get_cell().stop_and_wait(None, Some(CAMERAS_STOP_PATIENCE)).await.is_err()
        {
            tracing::warn!(
                "not all cameras stopped in time; their segments stay unclosed and are repaired by the next start"
            );
        }
        if !key_spool::drained(&tree.node, KEYS_PATIENCE).await {
            tracing::info!("key rows stay in the key spool; the next start hands them to the store");
        }
        if !tree.node.index.drained(INDEX_PATIENCE).await {
            tracing::warn!("not all rows reached the index in time; the next start finds them by scanning");
        }
        if !tree.node.outbox.drained(OUTBOX_PATIENCE).await {
            tracing::warn!("not all events reached the outbox in time; they are lost to whoever reads it");
        }
        Ok(())
    }
}

/// The loops that serve the whole node.
fn services(node: &Arc<NodeContext>) -> Vec<ServiceArgs> {
    let started = node.clock.now();
    let (silence, gate, index) = (Arc::clone(node), Arc::clone(node), Arc::clone(node));
    let (outbox, alive, keys) = (Arc::clone(node), Arc::clone(node), Arc::clone(node));
    let (left, repair, keep) = (Arc::clone(node), Arc::clone(node), Arc::clone(node));
    let (account, look, keep_facts) = (Arc::clone(node), Arc::clone(node), Arc::clone(node));
    let (viewers, looked) = (Arc::clone(node), Arc::clone(node));
    vec![
        ServiceArgs {
            name: "silence watch",
            body: Arc::new(move || Arc::clone(&silence.silence).run(Arc::clone(&silence.clock)).boxed()),
        },
        ServiceArgs { name: "set-up gate", body: Arc::new(move || Arc::clone(&gate.gate).run().boxed()) },
        ServiceArgs {
            name: "index writer",
            body: Arc::new(move || {
                Arc::clone(&index.index).run(Arc::clone(&index.store), index.config.node, started).boxed()
            }),
        },
        ServiceArgs {
            name: "outbox writer",
            body: Arc::new(move || Arc::clone(&outbox.outbox).run(Arc::clone(&outbox.store)).boxed()),
        },
        ServiceArgs { name: "key spool", body: Arc::new(move || key_spool::run(Arc::clone(&keys)).boxed()) },
        ServiceArgs { name: "heartbeat", body: Arc::new(move || heartbeat(Arc::clone(&alive), started).boxed()) },
        ServiceArgs { name: "left segments", body: Arc::new(move || LeftSegments::run(Arc::clone(&left)).boxed()) },
        ServiceArgs { name: "index repair", body: Arc::new(move || repair_once(Arc::clone(&repair), started).boxed()) },
        ServiceArgs { name: "retention", body: Arc::new(move || retention::run(Arc::clone(&keep), started).boxed()) },
        ServiceArgs {
            name: "look through",
            body: Arc::new(move || twin_repair::look_through(Arc::clone(&looked)).boxed()),
        },
        ServiceArgs {
            name: "recording account",
            body: Arc::new(move || recording_account::run(Arc::clone(&account)).boxed()),
        },
        ServiceArgs { name: "facts sampler", body: Arc::new(move || facts::sample(Arc::clone(&look)).boxed()) },
        ServiceArgs {
            name: "viewers elsewhere",
            body: Arc::new(move || facts::exchange_viewers(Arc::clone(&viewers)).boxed()),
        },
        ServiceArgs { name: "facts writer", body: Arc::new(move || facts::write(Arc::clone(&keep_facts)).boxed()) },
    ]
}

/// Says every few seconds that this node is alive: the ledger tells the time it was not by it.
async fn heartbeat(node: Arc<NodeContext>, started: WallTime) {
    let mut tick = tokio::time::interval(NODE_ALIVE_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(error) = node.store.node_alive(node.config.node, started, node.clock.now()).await {
            metrics::counter!("eyrie_node_heartbeat_failures_total").increment(1);
            tracing::warn!(%error, "the node's heartbeat was not stored");
        }
        for (state, count) in node.events.own_counts() {
            metrics::gauge!("eyrie_cameras", "state" => state.as_str()).set(count as f64);
        }
        metrics::gauge!("eyrie_frame_memory_bytes").set(node.budget.used_bytes() as f64);
    }
}

/// Scans what earlier runs left open, and finds what they wrote while the store took nothing.
async fn repair_once(node: Arc<NodeContext>, started: WallTime) {
    let mut backoff = Backoff::storage();
    loop {
        match repair(&node, started).await {
            Ok(mended) => {
                if mended > 0 {
                    tracing::info!(mended, "segments left open or unknown by an earlier run were scanned");
                }
                return;
            }
            Err(error) => {
                let pause = backoff.pause(jitter());
                tracing::warn!(%error, ?pause, "the index could not be repaired yet");
                tokio::time::sleep(pause).await;
            }
        }
    }
}

/// How long before the last sign of life of the earlier run files are looked for: a store that takes no rows takes no signs of life
/// either, so the day before it is slack for a clock that was set.
const ADOPT_SLACK: Duration = Duration::from_secs(86_400);

async fn repair(node: &NodeContext, started: WallTime) -> Result<usize, RepairError> {
    let id = node.config.node;
    let earlier = node.store.last_run_before(id, started).await?;
    let is_left = |placement: &Placement| !node.directory.lock().is_of_this_run(placement);
    let left = repair_index(&node.store, id, &node.disks, is_left).await?;
    let since = earlier.map(|run| run.last_alive - ADOPT_SLACK);
    let adopted = adopt_lost(&node.store, id, &node.disks, is_left, since).await?;
    Ok(left.findings.len() + adopted.findings.len())
}
