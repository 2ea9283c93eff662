use std::sync::Arc;

use eyrie_types::{CameraSpec, CameraState, GapCause, RecordingMode};
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SupervisionEvent};

use super::child::{ChildKind, ChildSlot};
use crate::backoff::jitter;
use crate::context::{CHILD_STOP_PATIENCE, CameraContext};
use crate::feed::Source;
use crate::incidents::Trouble;
use crate::ingest::{IngestActor, IngestArgs};
use crate::live::{LiveActor, LiveArgs, LiveState};
use crate::recording::{RecordingActor, RecordingArgs};

/// One incarnation of a camera: owns its ring and its children, and restarts a child that failed, alone, with backoff and
/// jitter. What the children share lives in [`CameraContext`], so a restarted one goes on where the last one stopped.
///
/// Children: ingest (always), recording (while the spec asks for it), live (while somebody watches). A transcoder per
/// rendition gets its slot here when it comes.
pub(crate) struct CameraActor;

/// What it starts with.
pub(crate) struct CameraArgs {
    pub(crate) camera: Arc<CameraContext>,
    pub(crate) live: Arc<LiveState>,
    pub(crate) spec: CameraSpec,
}

/// Control of a camera. Bounded by design: specs change by hand, a child asks once a restart, live once a start.
pub(crate) enum CameraMessage {
    /// Run with this spec from now on.
    Apply(Box<CameraSpec>),
    /// A child's pause is over.
    Restart(ChildKind),
    /// Somebody watches.
    StartLive,
}

impl ractor::Message for CameraMessage {}

/// See [`CameraActor`].
pub(crate) struct CameraTree {
    camera: Arc<CameraContext>,
    live: Arc<LiveState>,
    spec: CameraSpec,
    slots: [ChildSlot; 3],
    trouble: Trouble,
}

impl CameraTree {
    fn slot(&mut self, kind: ChildKind) -> &mut ChildSlot {
        let [ingest, recording, live] = &mut self.slots;
        match kind {
            ChildKind::Ingest => ingest,
            ChildKind::Recording => recording,
            ChildKind::Live => live,
        }
    }

    /// Starts a child that is wanted and not there.
    async fn start(&mut self, me: &ActorRef<CameraMessage>, kind: ChildKind) -> Result<(), ActorProcessingErr> {
        if !self.slot(kind).wanted || self.slot(kind).cell.is_some() {
            return Ok(());
        }
        let (camera, parent) = (Arc::clone(&self.camera), me.get_cell());
        let cell: ActorCell = match kind {
            ChildKind::Ingest => {
                let args = IngestArgs { camera, spec: self.spec.clone() };
                Actor::spawn_linked(None, IngestActor, args, parent).await?.0.get_cell()
            }
            ChildKind::Recording => {
                Actor::spawn_linked(None, RecordingActor, RecordingArgs { camera }, parent).await?.0.get_cell()
            }
            ChildKind::Live => {
                let args = LiveArgs { camera, live: Arc::clone(&self.live) };
                Actor::spawn_linked(None, LiveActor, args, parent).await?.0.get_cell()
            }
        };
        let now = self.camera.node.clock.monotonic();
        let slot = self.slot(kind);
        slot.cell = Some(cell);
        slot.started = now;
        if kind == ChildKind::Recording {
            self.tell_recording(None);
        }
        self.trouble.set(None, self.camera.node.clock.now());
        Ok(())
    }

    /// Stops a child in order. It is no longer wanted.
    async fn stop(&mut self, kind: ChildKind) {
        self.slot(kind).wanted = false;
        if let Some(cell) = self.slot(kind).cell.take() {
            // A child that does not end in time is killed with its task: its state is dropped.
            if cell.stop_and_wait(None, Some(CHILD_STOP_PATIENCE * 2)).await.is_err() {
                cell.kill();
            }
        }
    }

    /// A child is gone: plan its restart, and say so.
    fn fell(&mut self, me: &ActorRef<CameraMessage>, who: &ActorCell, error: Option<String>) {
        let Some(kind) = self.slots.iter().find(|slot| slot.is(who.get_id())).map(|slot| slot.kind) else { return };
        let now = self.camera.node.clock.monotonic();
        let slot = self.slot(kind);
        slot.cell = None;
        if kind == ChildKind::Live {
            // The next viewer starts it again; until then nobody misses it.
            slot.wanted = false;
            self.live.stopped();
        }
        let Some(error) = error else { return };
        metrics::counter!("eyrie_camera_child_restarts_total", "child" => kind.as_str()).increment(1);
        let slot = self.slot(kind);
        slot.backoff.worked_for(now.since(slot.started));
        let pause = slot.backoff.pause(jitter());
        tracing::error!(placement = %self.camera.placement, child = kind.as_str(), %error, ?pause, "a child failed");
        match kind {
            ChildKind::Ingest => {
                let reason = "this camera's ingest crashed and is being restarted";
                self.camera.set_ingest(CameraState::Connecting, reason);
            }
            ChildKind::Recording => self.tell_recording(Some(GapCause::ProcessRestart)),
            ChildKind::Live => return,
        }
        self.trouble.set(Some(GapCause::ProcessRestart), self.camera.node.clock.now());
        drop(me.send_after(pause, move || CameraMessage::Restart(kind)));
    }

    fn tell_recording(&self, trouble: Option<GapCause>) {
        let placement = &self.camera.placement;
        self.camera.node.events.set_recording(&placement.tenant, placement.camera, trouble);
    }

    async fn apply(&mut self, me: &ActorRef<CameraMessage>, spec: CameraSpec) -> Result<(), ActorProcessingErr> {
        let moved = self.spec.source != spec.source;
        let records = spec.recording.mode == RecordingMode::Continuous;
        self.spec = spec;
        if moved {
            self.stop(ChildKind::Ingest).await;
        }
        if records {
            self.slot(ChildKind::Recording).wanted = true;
        } else {
            self.stop(ChildKind::Recording).await;
            self.camera.ring.unpin();
        }
        self.slot(ChildKind::Ingest).wanted = true;
        self.start(me, ChildKind::Recording).await?;
        self.start(me, ChildKind::Ingest).await
    }
}

impl Actor for CameraActor {
    type Msg = CameraMessage;
    type State = CameraTree;
    type Arguments = CameraArgs;

    async fn pre_start(&self, me: ActorRef<CameraMessage>, args: CameraArgs) -> Result<CameraTree, ActorProcessingErr> {
        let CameraArgs { camera, live, spec } = args;
        let trouble = Trouble::new(camera.placement.clone(), Arc::clone(&camera.node.index));
        let slots = [ChildKind::Ingest, ChildKind::Recording, ChildKind::Live].map(ChildSlot::new);
        let mut state = CameraTree { camera, live, spec: spec.clone(), slots, trouble };
        state.apply(&me, spec).await?;
        Ok(state)
    }

    async fn handle(
        &self,
        me: ActorRef<CameraMessage>,
        message: CameraMessage,
        state: &mut CameraTree,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            CameraMessage::Apply(spec) => state.apply(&me, *spec).await,
            CameraMessage::Restart(kind) => state.start(&me, kind).await,
            CameraMessage::StartLive => {
                state.slot(ChildKind::Live).wanted = true;
                state.start(&me, ChildKind::Live).await
            }
        }
    }

    async fn handle_supervisor_evt(
        &self,
        me: ActorRef<CameraMessage>,
        event: SupervisionEvent,
        state: &mut CameraTree,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(who, error) => state.fell(&me, &who, Some(error.to_string())),
            SupervisionEvent::ActorTerminated(who, ..) => state.fell(&me, &who, None),
            _ => {}
        }
        Ok(())
    }

    async fn post_stop(&self, _: ActorRef<CameraMessage>, state: &mut CameraTree) -> Result<(), ActorProcessingErr> {
        // Source first, so that the recorder finds the ring's end and closes its file behind the last unit.
        for kind in [ChildKind::Ingest, ChildKind::Recording, ChildKind::Live] {
            state.stop(kind).await;
            if kind == ChildKind::Ingest {
                // Its session is closed: whoever is fed from here may have one.
                state.camera.source.send_replace(Source::Released);
            }
        }
        state.camera.ring.close();
        state.live.stopped();
        state.trouble.set(None, state.camera.node.clock.now());
        Ok(())
    }
}
