use std::sync::Arc;
use std::time::Duration;

use eyrie_cluster::{Command, PlacementKey, reconcile};
use eyrie_media::GopRing;
use eyrie_types::{CameraSpec, CameraState, GapCause, NodeId, Placement, RecordingMode};
use futures::future::join_all;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, SupervisionEvent};
use tokio::sync::mpsc::error::TrySendError;

use crate::backoff::{Backoff, jitter};
use crate::camera::{CameraActor, CameraArgs, CameraMessage};
use crate::context::{CameraContext, NodeContext};
use crate::incidents::Trouble;
use crate::live::LiveState;
use crate::node::{Assignment, Fallen, RunningCamera};

/// How often what could not be started for want of memory or an epoch is tried again.
const RETRY_STARTS: Duration = Duration::from_secs(5);
/// How long a camera may take to stop.
const CAMERA_STOP_PATIENCE: Duration = Duration::from_secs(18);

/// Brings what this node runs in line with what it should run, one camera actor an incarnation. Set-ups of connections are
/// paced by the node's gate; starting an actor is cheap.
pub(crate) struct CameraSupervisor;

/// Control; callers wait for the answer, so each has at most one message here.
pub(crate) enum SupervisorMessage {
    /// This is what a placement should be.
    Assign(Box<Assignment>, RpcReplyPort<()>),
    /// The placement is not this node's any more.
    Withdraw(PlacementKey, RpcReplyPort<()>),
    /// Compare again.
    Reconcile,
    /// The pause after a fall is over.
    Tell(Fallen),
}

impl ractor::Message for SupervisorMessage {}

/// See [`CameraSupervisor`].
pub(crate) struct Cameras {
    node: Arc<NodeContext>,
    backoff: Backoff,
    retry_planned: bool,
}

impl Cameras {
    /// Brings one placement in line, so that what a change costs does not rise with the number of cameras; `None` is all of
    /// them, for what could not be started before.
    async fn reconcile(&mut self, me: &ActorRef<SupervisorMessage>, only: Option<&PlacementKey>) {
        let plan = {
            let (desired, running) = self.node.directory.lock().compared(only);
            reconcile(&desired, &running)
        };
        if !plan.is_empty() {
            tracing::debug!(%plan, "reconciling");
        }
        for command in plan.commands {
            match command {
                Command::Stop { key, .. } => self.stop(&key),
                Command::Update { key, .. } => self.update(&key),
                Command::Start { key, .. } => self.start(me, key).await,
            }
        }
        self.show_disabled(only);
    }

    fn stop(&self, key: &PlacementKey) {
        let Some(running) = self.node.directory.lock().leave(key) else { return };
        let node = Arc::clone(&self.node);
        // In a task of its own: one camera that takes its time to say goodbye must not keep the others waiting.
        tokio::spawn(async move { end(&node, running).await });
    }

    fn update(&self, key: &PlacementKey) {
        let mut directory = self.node.directory.lock();
        let Some(camera) = directory.assignment(key).map(|assignment| assignment.camera.clone()) else { return };
        if let Some(running) = directory.running.get_mut(key) {
            running.revision = camera.revision;
            running.records = records(&camera.spec);
            // An actor that is gone is seen by supervision, and started with the new spec.
            let _ = running.actor.send_message(CameraMessage::Apply(Box::new(camera.spec)));
        }
    }

    /// Tells what runs by whom it is to be fed; an incarnation goes on through a change of that.
    fn tell_feeder(&self, key: &PlacementKey, feed_from: Option<NodeId>) {
        let directory = self.node.directory.lock();
        if let Some(running) = directory.running.get(key) {
            running.context.feed_from.send_if_modified(|told| std::mem::replace(told, feed_from) != feed_from);
        }
    }

    async fn start(&mut self, me: &ActorRef<SupervisorMessage>, key: PlacementKey) {
        let found = self.node.directory.lock().assignment(&key).cloned();
        let Some(Assignment { camera, epoch, dead_since, feed_from, .. }) = found else { return };
        self.node.events.enter(&key.tenant, key.camera);
        let say = |state, reason: &str| self.node.events.set_ingest(&key.tenant, key.camera, state, reason);
        let placement = Placement { tenant: key.tenant.clone(), camera: key.camera, slot: key.slot, epoch };
        if let Some(since) = dead_since {
            let trouble = Trouble::new(placement.clone(), Arc::clone(&self.node.index));
            trouble.note(GapCause::NodeDown, since, self.node.clock.now());
        }
        if let Err(full) = self.node.budget.admit() {
            say(CameraState::Offline, &full.to_string());
            metrics::counter!("eyrie_cameras_not_admitted_total").increment(1);
            let now = self.node.clock.now();
            Trouble::new(placement, Arc::clone(&self.node.index)).note(GapCause::MemoryLimit, now, now + RETRY_STARTS);
            return self.retry_later(me);
        }
        say(CameraState::Connecting, "waiting for its turn to connect");
        let again = self.node.directory.lock().begins(&key, epoch);
        let over = if again { Some(self.node.clock.now()) } else { dead_since };
        self.node.index.begin(key.clone(), epoch, over);
        let (writer, ring) = GopRing::new(self.node.config.ring, Arc::clone(&self.node.budget));
        drop(writer);
        let context = CameraContext::new(Arc::clone(&self.node), placement, ring, feed_from);
        let live = Arc::new(LiveState::new());
        let args = CameraArgs { camera: Arc::clone(&context), live: Arc::clone(&live), spec: camera.spec.clone() };
        match Actor::spawn_linked(None, CameraActor, args, me.get_cell()).await {
            Ok((actor, _)) => {
                let records = records(&camera.spec);
                let running = RunningCamera { context, live, actor, revision: camera.revision, records };
                self.node.directory.lock().started(key, running);
            }
            Err(error) => {
                tracing::error!(%error, "a camera could not be started");
                self.retry_later(me);
            }
        }
    }

    /// An incarnation failed as a whole: it is gone. After a pause the cell is told, which answers with the epoch of the next one.
    fn fell(&mut self, me: &ActorRef<SupervisorMessage>, id: ractor::ActorId, error: &str) {
        let mut directory = self.node.directory.lock();
        let key =
            directory.running.iter().find(|(_, running)| running.actor.get_id() == id).map(|(key, _)| key.clone());
        let Some(running) = key.and_then(|key| directory.leave(&key)) else { return };
        directory.fell(&running.context.key(), running.context.placement.epoch);
        drop(directory);
        self.node.directory.left(&running.context);
        let placement = &running.context.placement;
        let pause = self.backoff.pause(jitter());
        metrics::counter!("eyrie_camera_restarts_total").increment(1);
        tracing::error!(%placement, %error, ?pause, "a camera failed and starts again");
        running.context.ring.close();
        running.context.set_ingest(CameraState::Connecting, "this camera crashed and is being restarted");
        let now = self.node.clock.now();
        let trouble = Trouble::new(placement.clone(), Arc::clone(&self.node.index));
        trouble.note(GapCause::ProcessRestart, now, now + pause);
        let (key, epoch) = (running.context.key(), placement.epoch);
        drop(me.send_after(pause, move || SupervisorMessage::Tell(Fallen { key, epoch })));
    }

    fn retry_later(&mut self, me: &ActorRef<SupervisorMessage>) {
        if !std::mem::replace(&mut self.retry_planned, true) {
            drop(me.send_after(RETRY_STARTS, || SupervisorMessage::Reconcile));
        }
    }

    fn show_disabled(&self, only: Option<&PlacementKey>) {
        let off: Vec<_> = {
            let directory = self.node.directory.lock();
            match only {
                Some(key) => {
                    let off = directory.assignment(key).is_some_and(|assignment| !assignment.camera.spec.enabled);
                    off.then(|| key.clone()).into_iter().collect()
                }
                None => directory.disabled(),
            }
        };
        for key in off {
            self.node.events.enter(&key.tenant, key.camera);
            self.node.events.set_ingest(&key.tenant, key.camera, CameraState::Disabled, "switched off");
            self.node.events.set_stream(key.camera, None);
        }
    }
}

impl Actor for CameraSupervisor {
    type Msg = SupervisorMessage;
    type State = Cameras;
    type Arguments = Arc<NodeContext>;

    async fn pre_start(
        &self,
        me: ActorRef<SupervisorMessage>,
        node: Arc<NodeContext>,
    ) -> Result<Cameras, ActorProcessingErr> {
        // After a crash of this actor its cameras are gone with it; what they should be is still known.
        for running in leave_all(&node) {
            node.directory.left(&running.context);
        }
        let mut cameras = Cameras { node, backoff: Backoff::restart(), retry_planned: false };
        cameras.reconcile(&me, None).await;
        Ok(cameras)
    }

    async fn handle(
        &self,
        me: ActorRef<SupervisorMessage>,
        message: SupervisorMessage,
        cameras: &mut Cameras,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            SupervisorMessage::Assign(assignment, reply) => {
                let feed_from = assignment.feed_from;
                let key = cameras.node.directory.lock().put(*assignment);
                cameras.reconcile(&me, Some(&key)).await;
                cameras.tell_feeder(&key, feed_from);
                // Whoever asked may have given up.
                let _ = reply.send(());
            }
            SupervisorMessage::Withdraw(key, reply) => {
                let removed = cameras.node.directory.lock().remove(&key);
                if !cameras.node.directory.knows(&key.tenant, key.camera) {
                    cameras.node.events.forget(key.camera);
                }
                if removed {
                    cameras.reconcile(&me, Some(&key)).await;
                }
                let _ = reply.send(());
            }
            SupervisorMessage::Tell(fallen) => {
                if let Err(TrySendError::Full(fallen)) = cameras.node.fallen.try_send(fallen) {
                    drop(me.send_after(RETRY_STARTS, move || SupervisorMessage::Tell(fallen)));
                }
            }
            SupervisorMessage::Reconcile => {
                cameras.retry_planned = false;
                cameras.reconcile(&me, None).await;
            }
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        me: ActorRef<SupervisorMessage>,
        event: SupervisionEvent,
        cameras: &mut Cameras,
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(who, error) = event {
            cameras.fell(&me, who.get_id(), &error.to_string());
        }
        Ok(())
    }

    async fn post_stop(&self, _: ActorRef<SupervisorMessage>, cameras: &mut Cameras) -> Result<(), ActorProcessingErr> {
        join_all(leave_all(&cameras.node).into_iter().map(|running| end(&cameras.node, running))).await;
        Ok(())
    }
}

/// Whether a camera is to be recorded.
fn records(spec: &CameraSpec) -> bool {
    spec.recording.mode != RecordingMode::Off
}

/// Tells all that run to end.
fn leave_all(node: &NodeContext) -> Vec<RunningCamera> {
    let mut directory = node.directory.lock();
    let keys: Vec<_> = directory.running.keys().cloned().collect();
    keys.iter().filter_map(|key| directory.leave(key)).collect()
}

/// Ends a camera in order, or else with force.
async fn end(node: &NodeContext, running: RunningCamera) {
    let cell = running.actor.get_cell();
    if cell.stop_and_wait(None, Some(CAMERA_STOP_PATIENCE)).await.is_err() {
        tracing::warn!(placement = %running.context.placement, "a camera did not stop in time and was killed");
        cell.kill();
    }
    node.directory.left(&running.context);
}
