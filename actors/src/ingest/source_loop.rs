use std::sync::Arc;
use std::time::Duration;

use eyrie_types::{CameraSpec, CameraState, GapCause, SourceSpec};
use tokio_util::sync::CancellationToken;

use super::session::Session;
use super::{Fault, Retry, file, rtsp};
use crate::backoff::{Backoff, jitter};
use crate::context::CameraContext;
use crate::incidents::Trouble;

/// Keeps a camera's pictures coming until `stop`: connects, stays, and after each loss connects again, at once the first time
/// and then with rising, jittered pauses.
pub(crate) async fn ingest(camera: Arc<CameraContext>, spec: CameraSpec, stop: CancellationToken) {
    let trouble = Trouble::new(camera.placement.clone(), Arc::clone(&camera.node.index));
    let mut ingest =
        Ingest { camera, trouble, soon: Backoff::reconnect(), patient: Backoff::refused(), retries: false };
    ingest.trouble.set(Some(GapCause::Starting), ingest.camera.node.clock.now());
    // A loop that is told to stop is dropped where it waits; a session says goodbye when it is dropped.
    tokio::select! {
        () = ingest.run(&spec) => {}
        () = stop.cancelled() => {}
    }
    ingest.trouble.set(None, ingest.camera.node.clock.now());
    ingest.camera.node.events.set_stream(ingest.camera.placement.camera, None);
    rtsp::goodbyes(&ingest.camera).await;
}

struct Ingest {
    camera: Arc<CameraContext>,
    trouble: Trouble,
    soon: Backoff,
    patient: Backoff,
    /// The attempt before failed, or was lost.
    retries: bool,
}

impl Ingest {
    async fn run(&mut self, spec: &CameraSpec) {
        loop {
            let fault = self.attempt(spec).await;
            let pause = match fault.retry() {
                Retry::Soon => self.soon.pause(jitter()),
                Retry::Patient => self.patient.pause(jitter()),
            };
            self.tell(&fault, pause);
            self.retries = true;
            tokio::time::sleep(pause).await;
        }
    }

    /// One connection, from its turn in the gate to its loss.
    async fn attempt(&mut self, spec: &CameraSpec) -> Fault {
        let camera = Arc::clone(&self.camera);
        let turn = camera.node.gate.enter(camera.key()).await;
        let writer = match camera.ring.writer() {
            Ok(writer) => writer,
            // The writer of a task that panicked is dropped with it, so this is only ever a moment's matter.
            Err(taken) => return Fault::MemoryLimit(taken.to_string()),
        };
        let mut session = Session::new(&camera, writer, turn, &mut self.trouble, self.retries);
        let fault = match &spec.source {
            SourceSpec::Rtsp(source) => rtsp::pull(&mut session, source).await,
            SourceSpec::File(source) => file::play(&mut session, source).await,
        };
        let lasted = session.online_for();
        self.soon.worked_for(lasted);
        self.patient.worked_for(lasted);
        fault
    }

    fn tell(&mut self, fault: &Fault, pause: Duration) {
        let placement = &self.camera.placement;
        metrics::counter!("eyrie_camera_faults_total", "cause" => fault.cause().as_str()).increment(1);
        tracing::info!(%placement, cause = fault.cause().as_str(), %fault, ?pause, "the camera gives no pictures");
        // A lost camera was there until its last access unit; the session has opened the incident there already.
        let now = self.camera.node.clock.now();
        self.trouble.set(Some(fault.cause()), now);
        let state = match fault.state() {
            // Tried again at once: "offline" for a few milliseconds would only frighten people.
            CameraState::Offline if pause.is_zero() => CameraState::Connecting,
            state => state,
        };
        self.camera.set_ingest(state, &fault.to_string());
        self.camera.node.events.set_stream(placement.camera, None);
    }
}
