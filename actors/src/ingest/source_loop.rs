use std::sync::Arc;
use std::time::Duration;

use eyrie_types::{CameraSpec, CameraState, GapCause, SourceSpec};
use tokio_util::sync::CancellationToken;

use super::session::{FIRST_PICTURE_WITHIN, Session};
use super::silence_watch::SILENCE_AFTER;
use super::way::{Way, Ways};
use super::{Fault, Retry, fed, file, rtmp, rtsp};
use crate::backoff::{Backoff, jitter};
use crate::context::CameraContext;
use crate::incidents::Trouble;
use crate::rtmp::OpenDoor;

/// Keeps a camera's pictures coming until `stop`: connects, stays, and after each loss connects again, at once the first time
/// and then with rising, jittered pauses.
pub(crate) async fn ingest(camera: Arc<CameraContext>, spec: CameraSpec, stop: CancellationToken) {
    let trouble = Trouble::new(camera.placement.clone(), Arc::clone(&camera.node.index));
    let mut ingest = Ingest {
        camera,
        trouble,
        ways: Ways::default(),
        soon: Backoff::reconnect(),
        patient: Backoff::refused(),
        node: Backoff::peer(),
        retries: false,
        first_picture_within: SILENCE_AFTER,
        door: None,
    };
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
    ways: Ways,
    soon: Backoff,
    patient: Backoff,
    node: Backoff,
    /// The attempt before failed, or was lost.
    retries: bool,
    /// How long the camera's next session may take to its first picture.
    first_picture_within: Duration,
    /// Where the camera comes in, if it is one that pushes.
    door: Option<OpenDoor>,
}

impl Ingest {
    async fn run(&mut self, spec: &CameraSpec) {
        loop {
            let way = self.way(spec);
            let fault = self.attempt(spec, way).await;
            let pause = match (way, fault.retry()) {
                // The next attempt goes another way.
                (_, _) if matches!(fault, Fault::FeedReleased | Fault::Recalled | Fault::FeedOutlived) => {
                    Duration::ZERO
                }
                (Way::Node(_), _) => self.node.pause(jitter()),
                // It comes when it comes, and the listener paces those who come too often.
                _ if self.door.is_some() && !matches!(fault, Fault::MemoryLimit(_)) => Duration::ZERO,
                (Way::Camera, Retry::Soon) => self.soon.pause(jitter()),
                (Way::Camera, Retry::Patient) => self.patient.pause(jitter()),
            };
            self.tell(&fault, pause);
            self.ways.failed(way, fault);
            self.retries = true;
            tokio::time::sleep(pause).await;
        }
    }

    /// Where the next attempt goes.
    fn way(&mut self, spec: &CameraSpec) -> Way {
        if matches!(spec.source, SourceSpec::File(_)) {
            return Way::Camera;
        }
        let told = *self.camera.feed_from.borrow();
        let holders = self.camera.node.feeders.get().map(|feeders| (feeders.holders)(&self.camera.key()));
        self.ways.next(told, &holders.unwrap_or_default())
    }

    /// One connection, from its turn in the gate to its loss.
    async fn attempt(&mut self, spec: &CameraSpec, way: Way) -> Fault {
        let camera = Arc::clone(&self.camera);
        self.door = match (&spec.source, way) {
            // Open from one publisher to the next.
            (SourceSpec::Rtmp(source), Way::Camera) => {
                self.door.take().or_else(|| source.key.clone().map(|key| camera.door.open(key)))
            }
            _ => None,
        };
        // The gate spares cameras and switches; another node has what is asked for in memory.
        let turn = match way {
            // Nor is there anything to spare where the camera comes by itself.
            Way::Camera if spec.source.is_pushed() => None,
            Way::Camera => Some(camera.node.gate.enter(camera.key()).await),
            Way::Node(_) => None,
        };
        let writer = match camera.ring.writer() {
            Ok(writer) => writer,
            // The writer of a task that panicked is dropped with it, so this is only ever a moment's matter.
            Err(taken) => return Fault::MemoryLimit(taken.to_string()),
        };
        let pulled = way == Way::Camera && matches!(spec.source, SourceSpec::Rtsp(_));
        let mut session = Session::new(&camera, writer, turn, way, &mut self.trouble, self.retries);
        if pulled {
            session.allow(self.first_picture_within);
        }
        let fault = match (&spec.source, way) {
            (SourceSpec::File(source), _) => file::play(&mut session, source).await,
            (SourceSpec::Rtsp(source), Way::Camera) => tokio::select! {
                fault = rtsp::pull(&mut session, source) => fault,
                fault = fed::recalled(&camera) => fault,
            },
            (SourceSpec::Rtmp(_), Way::Camera) => tokio::select! {
                fault = rtmp::receive(&mut session, self.door.as_mut()) => fault,
                fault = fed::recalled(&camera) => fault,
            },
            (SourceSpec::Rtsp(_) | SourceSpec::Rtmp(_), Way::Node(node)) => tokio::select! {
                fault = fed::pull(&mut session, node) => fault,
                fault = fed::outlived(&camera) => fault,
            },
        };
        // Again where the source was not left by itself.
        session.over(&fault);
        let lasted = session.online_for();
        if pulled {
            // Some begin with the next keyframe, however late that is; some begin once they are asked again.
            self.first_picture_within = match fault {
                Fault::Silent(_) if lasted == Duration::ZERO => FIRST_PICTURE_WITHIN.min(self.first_picture_within * 2),
                _ => SILENCE_AFTER,
            };
        }
        let backoffs = match way {
            Way::Camera => [&mut self.soon, &mut self.patient],
            Way::Node(_) => [&mut self.node, &mut self.soon],
        };
        backoffs.into_iter().for_each(|backoff| backoff.worked_for(lasted));
        fault
    }

    fn tell(&mut self, fault: &Fault, pause: Duration) {
        let placement = &self.camera.placement;
        metrics::counter!("eyrie_camera_faults_total", "cause" => fault.cause().as_str()).increment(1);
        tracing::info!(%placement, cause = fault.cause().as_str(), %fault, ?pause, "the camera gives no pictures");
        // A lost camera was there until its last access unit; the session has opened the incident there already.
        let now = self.camera.node.clock.now();
        let refused = self.trouble.cause() == Some(GapCause::CameraSessionLimit);
        if refused && matches!(fault, Fault::FeedLost(_) | Fault::FeedWaits(_)) {
            // The camera has the last word: others were asked because it refused.
            return;
        }
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
