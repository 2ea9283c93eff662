use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use eyrie_media::Stream;
use eyrie_types::{
    Actor, CameraId, CameraState, CameraStatus, Clock, EVENT_VERSION, Event, EventId, EventKind, GapCause, TenantId,
};
use tokio::sync::broadcast;

/// Events a slow receiver may lag behind before it loses the oldest: a status change of every camera of a large node at once.
const EVENTS_MAX: usize = 4096;

/// What the parts of a camera's tree say about it; its status is composed of them.
#[derive(Debug)]
struct Entry {
    tenant: TenantId,
    status: CameraStatus,
    ingest: (CameraState, String),
    recording_trouble: Option<GapCause>,
    stream: Option<Arc<Stream>>,
}

/// Where status changes go: the board holds the latest of each camera, the channel tells whoever listens. Writers never wait.
pub(crate) struct EventBus {
    clock: Arc<dyn Clock>,
    sender: broadcast::Sender<Arc<Event>>,
    board: RwLock<HashMap<CameraId, Entry>>,
}

impl EventBus {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, sender: broadcast::Sender::new(EVENTS_MAX), board: RwLock::default() }
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.sender.subscribe()
    }

    /// The status of a camera, if it is on the board.
    pub(crate) fn status(&self, camera: CameraId) -> Option<CameraStatus> {
        self.read().get(&camera).map(|entry| entry.status.clone())
    }

    /// What a camera sends, once it is known.
    pub(crate) fn stream(&self, camera: CameraId) -> Option<Arc<Stream>> {
        self.read().get(&camera)?.stream.clone()
    }

    /// How many cameras are in each state.
    pub(crate) fn counts(&self) -> HashMap<CameraState, u64> {
        let mut counts = HashMap::new();
        self.read().values().for_each(|entry| *counts.entry(entry.status.state).or_default() += 1);
        counts
    }

    /// Puts a camera on the board, if it is not there yet.
    pub(crate) fn enter(&self, tenant: &TenantId, camera: CameraId) {
        let now = self.clock.now();
        self.write().entry(camera).or_insert_with(|| Entry {
            tenant: tenant.clone(),
            status: CameraStatus::new(CameraState::Connecting, String::new(), now),
            ingest: (CameraState::Connecting, String::new()),
            recording_trouble: None,
            stream: None,
        });
    }

    /// What the ingest (or, for a camera that does not run, its supervisor) says.
    pub(crate) fn set_ingest(&self, tenant: &TenantId, camera: CameraId, state: CameraState, reason: &str) {
        self.change(tenant, camera, |entry| entry.ingest = (state, reason.to_owned()));
    }

    /// What the recorder says; also told as an event of its own.
    pub(crate) fn set_recording(&self, tenant: &TenantId, camera: CameraId, trouble: Option<GapCause>) {
        let mut changed = false;
        self.change(tenant, camera, |entry| {
            changed = entry.recording_trouble != trouble;
            entry.recording_trouble = trouble;
        });
        if changed {
            self.publish(tenant, EventKind::RecordingHealth { camera, trouble });
        }
    }

    /// What the camera sends now.
    pub(crate) fn set_stream(&self, camera: CameraId, stream: Option<Arc<Stream>>) {
        if let Some(entry) = self.write().get_mut(&camera) {
            entry.stream = stream;
        }
    }

    /// Takes a camera off the board.
    pub(crate) fn forget(&self, camera: CameraId) {
        self.write().remove(&camera);
    }

    fn change(&self, tenant: &TenantId, camera: CameraId, change: impl FnOnce(&mut Entry)) {
        let now = self.clock.now();
        let mut board = self.write();
        // A part of a camera that was taken off the board may still have a last word; nobody needs it.
        let Some(entry) = board.get_mut(&camera).filter(|entry| entry.tenant == *tenant) else { return };
        change(entry);
        let (state, reason) = (entry.ingest.0, composed(&entry.ingest.1, entry.recording_trouble));
        if state == entry.status.state && reason == entry.status.reason {
            return;
        }
        let since =
            if state == entry.status.state && !entry.status.reason.is_empty() { entry.status.since } else { now };
        entry.status = CameraStatus::new(state, reason, since);
        let (tenant, status) = (entry.tenant.clone(), entry.status.clone());
        // Sent under the lock, so that events leave in the order in which the board changed. Sending never waits.
        self.publish(&tenant, EventKind::CameraStatus { camera, status });
        drop(board);
    }

    fn publish(&self, tenant: &TenantId, kind: EventKind) {
        let event = Event {
            version: EVENT_VERSION,
            id: EventId::generate(),
            tenant: tenant.clone(),
            time: self.clock.now(),
            actor: Actor::System,
            trace: None,
            kind,
        };
        // Nobody listening is no fault: the board has it.
        let _ = self.sender.send(Arc::new(event));
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, HashMap<CameraId, Entry>> {
        self.board.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, HashMap<CameraId, Entry>> {
        self.board.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn composed(ingest: &str, trouble: Option<GapCause>) -> String {
    match trouble {
        None => ingest.to_owned(),
        Some(cause) => format!("{ingest}; not being recorded: {}", sentence(cause)),
    }
}

/// What keeps a camera from being recorded, for people.
fn sentence(cause: GapCause) -> &'static str {
    match cause {
        GapCause::DiskFull => "the disk is full",
        GapCause::DiskReadOnly => "the disk is read-only",
        GapCause::DiskSlow => "the disk cannot keep up",
        GapCause::DiskError => "the disk answers with errors",
        GapCause::KeyUnavailable => "no segment key could be made durable",
        GapCause::ProcessRestart => "the recorder crashed and starts again",
        GapCause::MemoryLimit => "the node's memory limit is reached",
        _ => "see the gaps of this camera",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use eyrie_types::ManualClock;

    use super::*;

    #[test]
    fn a_status_keeps_its_since_while_only_the_reason_changes_and_repeats_are_not_told() {
        let clock = ManualClock::default();
        let bus = EventBus::new(Arc::new(clock.clone()));
        let (mut events, tenant, camera) = (bus.subscribe(), TenantId::default_tenant(), CameraId::random());
        bus.enter(&tenant, camera);
        bus.set_ingest(&tenant, camera, CameraState::Online, "pictures arrive");
        let since = bus.status(camera).map(|status| status.since);
        clock.advance(Duration::from_secs(5));
        bus.set_ingest(&tenant, camera, CameraState::Online, "pictures arrive");
        bus.set_recording(&tenant, camera, Some(GapCause::DiskFull));
        let status = bus.status(camera).unwrap();
        assert_eq!((status.state, Some(status.since)), (CameraState::Online, since));
        assert!(status.reason.contains("disk is full"), "{}", status.reason);
        let kinds: Vec<_> = std::iter::from_fn(|| events.try_recv().ok()).map(|event| event.kind.clone()).collect();
        assert_eq!(kinds.len(), 3, "online, its new reason, recording health: {kinds:?}");
    }
}
