use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use eyrie_media::{AccessUnit, DropReason, GAP_MIN, PushOutcome, RingWriter, Stream, TrackKind};
use eyrie_types::{CameraState, GapCause, Monotonic, NodeId, WallTime};

use super::received::Received;
use super::silence_watch::Watched;
use super::way::Way;
use super::{Fault, silence_watch::SILENCE_AFTER};
use crate::context::CameraContext;
use crate::facts::StreamMeter;
use crate::feed::Source;
use crate::incidents::Trouble;
use crate::setup_gate::Turn;

/// How much of what comes after a change of the source may have come before it already: the history that a feed begins with. Times
/// that are further apart tell of clocks, and nothing is left out for them.
const OVERLAP_MAX: Duration = Duration::from_secs(8);
/// How long a session waits at most for the first picture that decoding can begin with: some cameras send a keyframe every ten
/// seconds, some every twenty, and not all send one when somebody connects.
pub(super) const FIRST_PICTURE_WITHIN: Duration = Duration::from_secs(30);

/// One connection's way into the ring: counts, says what the camera does, and notices silence.
pub(super) struct Session<'a> {
    pub(super) camera: &'a Arc<CameraContext>,
    writer: RingWriter,
    turn: Option<Turn>,
    way: Way,
    trouble: &'a mut Trouble,
    watched: Watched,
    /// When the last unit came, or the set-up was done.
    last_unit: Option<Monotonic>,
    online_since: Option<Monotonic>,
    last_wall: Option<WallTime>,
    last_stream: Option<u64>,
    /// Why units are missing before the next stream, where that is known.
    hole: Option<GapCause>,
    refused_since: Option<WallTime>,
    retries: bool,
    received: Received,
    meter: StreamMeter,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        camera: &'a Arc<CameraContext>,
        writer: RingWriter,
        turn: Option<Turn>,
        way: Way,
        trouble: &'a mut Trouble,
        retries: bool,
    ) -> Self {
        Self {
            camera,
            writer,
            turn,
            way,
            trouble,
            watched: camera.node.silence.enter(),
            last_unit: None,
            online_since: None,
            last_wall: None,
            last_stream: None,
            hole: None,
            refused_since: None,
            retries,
            received: Received::new(&camera.placement.camera.to_string()),
            meter: StreamMeter::default(),
        }
    }

    /// Says which step of connecting is under way. After a fault the status stays what the fault made it until pictures come:
    /// a camera that is silent for an hour is silent for an hour, not a thousand times connecting.
    pub(super) fn connecting(&self, doing: &str) {
        if !self.retries {
            self.camera.set_ingest(CameraState::Connecting, doing);
        }
    }

    /// The set-up is done: the next camera may start, and from now on silence counts.
    pub(super) fn set_up(&mut self) {
        self.turn = None;
        let now = self.camera.node.clock.monotonic();
        self.last_unit = Some(now);
        self.watched.pulse.beat(now);
    }

    /// The first picture may take this long; between pictures silence is what it always is.
    pub(super) fn allow(&self, patience: Duration) {
        self.watched.pulse.allow(patience);
    }

    /// Something came that is no access unit: the source is not silent.
    ///
    /// # Errors
    /// [`Fault::NoKeyframe`] when nothing that decoding can begin with has come for long.
    pub(super) fn heard(&self, now: Monotonic) -> Result<(), Fault> {
        if self.last_unit.is_some_and(|last| now.since(last) >= FIRST_PICTURE_WITHIN) {
            return Err(Fault::NoKeyframe(FIRST_PICTURE_WITHIN.as_secs()));
        }
        self.watched.pulse.beat(now);
        Ok(())
    }

    /// Whether pictures have come.
    pub(super) fn is_online(&self) -> bool {
        self.online_since.is_some()
    }

    /// Nothing is wrong but that no publisher comes.
    pub(super) fn unpublished(&mut self) {
        if !self.retries {
            self.camera.set_ingest(CameraState::Silent, "waiting for a publisher to connect");
        }
        self.trouble.set(Some(GapCause::CameraUnreachable), self.camera.node.clock.now());
    }

    /// Waits until the camera is silent.
    pub(super) fn silent(&self) -> impl Future<Output = Fault> + use<> {
        let pulse = Arc::clone(&self.watched.pulse);
        async move {
            let patience = pulse.silent().await;
            Fault::Silent(patience.as_secs_f32().ceil() as u64)
        }
    }

    /// The sequence of this writer's first stream.
    pub(super) fn next_stream_sequence(&self) -> u64 {
        self.writer.next_stream_sequence()
    }

    /// Access units were lost between camera and node, right before `wall`. Only what makes a gap is noted: a packet lost now and
    /// then, as UDP has it, would else fill the store.
    pub(super) fn lost(&mut self, packets: u64, wall: WallTime) {
        metrics::counter!("eyrie_camera_packets_lost_total").increment(packets);
        self.camera.packets_lost.fetch_add(packets, Ordering::Relaxed);
        self.note_absence(GapCause::PacketsLost, wall);
    }

    /// Units are missing before the next one that comes, for this reason.
    pub(super) fn hole(&mut self, cause: GapCause) {
        self.hole = Some(cause);
    }

    /// Whether what is shown at `wall` has come already, by this session or the one before.
    pub(super) fn has(&self, wall: WallTime) -> bool {
        let last = self.last_wall.or_else(|| self.camera.last_wall());
        last.is_some_and(|last| wall <= last && last.since(wall) < OVERLAP_MAX)
    }

    /// Explains why nothing came since the last access unit, if that is long enough to be a gap.
    fn note_absence(&self, cause: GapCause, until: WallTime) {
        if let Some(last) = self.last_wall.filter(|last| until.since(*last) > GAP_MIN) {
            self.trouble.note(cause, last, until);
        }
    }

    /// Hands an access unit to the ring.
    pub(super) fn push(&mut self, unit: AccessUnit) {
        self.watched.pulse.beat(unit.arrival);
        self.last_unit = Some(unit.arrival);
        self.received.count(&unit);
        if let Some(measured) = self.meter.count(&unit) {
            self.camera.measured.store(Some(Arc::new(measured)));
        }
        if self.last_stream != Some(unit.stream.sequence) {
            if self.last_stream.is_some() {
                // The camera's clock jumped: from there to the next keyframe nothing could be placed. What became of a stream that
                // another node feeds, that node knows and has noted.
                let jumped = (self.way == Way::Camera).then_some(GapCause::StreamInvalid);
                if let Some(cause) = self.hole.take().or(jumped) {
                    self.note_absence(cause, unit.wall);
                }
            }
            self.last_stream = Some(unit.stream.sequence);
            self.camera.node.events.set_stream(self.camera.placement.camera, Some(Arc::clone(&unit.stream)));
        }
        let (wall, stream) = (unit.wall, Arc::clone(&unit.stream));
        match self.writer.push(unit) {
            PushOutcome::Stored { evicted_unread, .. } => {
                if evicted_unread > 0 {
                    metrics::counter!("eyrie_ring_units_evicted_unread_total").increment(u64::from(evicted_unread));
                }
                if self.online_since.is_none() {
                    self.online(&stream, wall);
                }
                self.note_refused(wall);
                self.last_wall = Some(wall);
            }
            PushOutcome::Dropped(DropReason::MemoryLimit) => {
                metrics::counter!("eyrie_ring_units_refused_total").increment(1);
                self.refused_since = self.refused_since.or(Some(self.last_wall.unwrap_or(wall)));
            }
            PushOutcome::Dropped(_) => {}
        }
    }

    /// What the frame memory refused until `wall`, as one incident.
    fn note_refused(&mut self, wall: WallTime) {
        if let Some(since) = self.refused_since.take() {
            self.trouble.note(GapCause::MemoryLimit, since, wall);
        }
    }

    fn online(&mut self, stream: &Stream, wall: WallTime) {
        self.online_since = Some(self.camera.node.clock.monotonic());
        self.watched.pulse.allow(SILENCE_AFTER);
        self.trouble.set(None, wall);
        match self.way {
            Way::Camera => {
                self.camera.source.send_replace(Source::Camera);
                self.camera.set_ingest(CameraState::Online, &described(stream));
            }
            Way::Node(node) => self.camera.set_ingest(CameraState::Online, &fed(stream, node)),
        }
    }

    /// How long pictures came.
    pub(super) fn online_for(&self) -> Duration {
        self.online_since.map_or(Duration::ZERO, |since| self.camera.node.clock.monotonic().since(since))
    }

    /// Pictures stopped: the incident begins where the last one was.
    pub(super) fn over(&mut self, fault: &Fault) {
        self.watched.pulse.rest();
        self.note_refused(self.camera.node.clock.now());
        if let (Some(_), Some(last)) = (self.online_since, self.last_wall) {
            self.trouble.set(Some(fault.cause()), last);
        }
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        if let Some(wall) = self.last_wall {
            self.camera.set_last_wall(wall);
        }
        if self.way == Way::Camera {
            self.camera.source.send_if_modified(|source| {
                let filled = *source == Source::Camera;
                if filled {
                    *source = Source::Away;
                }
                filled
            });
        }
    }
}

/// What arrives from another node, for people.
fn fed(stream: &Stream, node: NodeId) -> String {
    format!("{}, fed by node {node}, which has the camera's session", described(stream))
}

/// What arrives, for people.
fn described(stream: &Stream) -> String {
    let tracks = stream.tracks.iter().map(|track| match &track.kind {
        TrackKind::Video(video) => format!("{:?} {}×{}", video.codec, video.width, video.height),
        TrackKind::Audio(audio) => format!("{:?} sound", audio.codec),
    });
    format!("receiving {}", tracks.collect::<Vec<_>>().join(" and "))
}
