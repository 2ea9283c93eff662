use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use eyrie_media::Stream;
use eyrie_types::{By, CameraId, CameraState, CameraStatus, Clock, Event, EventKind, GapCause, NodeId, TenantId};
use tokio::sync::broadcast;

use crate::outbox_writer::OutboxWriter;

/// Events a slow receiver may lag behind before it loses the oldest: a bulk change of 1,000 cameras with all the status
/// changes it brings, twice, or a status change of every camera of a large node at once.
const EVENTS_MAX: usize = 8192;

/// What the parts of a camera's tree say about it; its status is composed of them.
#[derive(Debug)]
struct Entry {
    tenant: TenantId,
    /// The node that said it; `None` for this one.
    at: Option<NodeId>,
    status: CameraStatus,
    ingest: (CameraState, String),
    recording_trouble: Option<GapCause>,
    stream: Option<Arc<Stream>>,
}

/// Where all events of the node pass: the channel tells whoever listens now, the outbox keeps them for whoever asks later, and
/// the board holds the latest status of each camera. Writers never wait.
pub(crate) struct EventBus {
    clock: Arc<dyn Clock>,
    outbox: Arc<OutboxWriter>,
    sender: broadcast::Sender<Arc<Event>>,
    /// Of those, what began on this node: other nodes are told of it.
    own: broadcast::Sender<Arc<Event>>,
    board: RwLock<BTreeMap<CameraId, Entry>>,
    /// Rises whenever a camera comes, goes or changes its state.
    states: AtomicU64,
}

impl EventBus {
    pub(crate) fn new(clock: Arc<dyn Clock>, outbox: Arc<OutboxWriter>) -> Self {
        Self {
            clock,
            outbox,
            sender: broadcast::Sender::new(EVENTS_MAX),
            own: broadcast::Sender::new(EVENTS_MAX),
            board: RwLock::default(),
            states: AtomicU64::new(0),
        }
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.sender.subscribe()
    }

    /// What begins on this node from now on.
    pub(crate) fn subscribe_own(&self) -> broadcast::Receiver<Arc<Event>> {
        self.own.subscribe()
    }

    /// The statuses of the cameras of this node, by id.
    pub(crate) fn own_statuses(&self) -> Vec<(TenantId, CameraId, CameraStatus)> {
        let board = self.read();
        let own = board.iter().filter(|(_, entry)| entry.at.is_none());
        own.map(|(camera, entry)| (entry.tenant.clone(), *camera, entry.status.clone())).collect()
    }

    /// Another node says what a camera of its does. What runs here is known better here.
    pub(crate) fn heard(&self, from: NodeId, tenant: TenantId, camera: CameraId, status: CameraStatus) {
        let mut board = self.write();
        let entry = board.entry(camera).or_insert_with(|| Entry {
            tenant: tenant.clone(),
            at: Some(from),
            status: CameraStatus::new(CameraState::Connecting, String::new(), status.since),
            ingest: (CameraState::Connecting, String::new()),
            recording_trouble: None,
            stream: None,
        });
        if entry.at.is_none() || entry.tenant != tenant || (entry.at == Some(from) && entry.status == status) {
            return;
        }
        (entry.at, entry.status) = (Some(from), status.clone());
        self.states.fetch_add(1, Ordering::Release);
        let kind = EventKind::CameraStatus { camera, status };
        // Under the lock, as below. The outbox has it from the node that saw it.
        let _ = self.sender.send(Arc::new(Event::new(tenant, self.clock.now(), By::system(), kind)));
    }

    /// Another node is held to be dead: until somebody else says more of its cameras, they are waited for.
    pub(crate) fn lost(&self, node: NodeId) {
        let now = self.clock.now();
        let theirs: Vec<_> = {
            let board = self.read();
            let theirs = board.iter().filter(|(_, entry)| entry.at == Some(node));
            theirs.map(|(camera, entry)| (*camera, entry.tenant.clone())).collect()
        };
        for (camera, tenant) in theirs {
            let reason = "its node is down; another one takes over";
            self.heard(node, tenant, camera, CameraStatus::new(CameraState::Connecting, reason, now));
        }
    }

    /// Takes off what other nodes said of cameras that `known` does not know.
    pub(crate) fn forget_unknown(&self, known: impl Fn(&TenantId, CameraId) -> bool) {
        let mut board = self.write();
        let before = board.len();
        board.retain(|camera, entry| entry.at.is_none() || known(&entry.tenant, *camera));
        if board.len() < before {
            self.states.fetch_add(1, Ordering::Release);
        }
    }

    /// Tells listeners of an event that another node has made.
    pub(crate) fn relay(&self, event: Arc<Event>) {
        let _ = self.sender.send(event);
    }

    /// How many cameras of this node are in each state.
    pub(crate) fn own_counts(&self) -> BTreeMap<CameraState, u64> {
        let mut counts = BTreeMap::new();
        let board = self.read();
        let own = board.values().filter(|entry| entry.at.is_none());
        own.for_each(|entry| *counts.entry(entry.status.state).or_default() += 1);
        counts
    }

    /// The status of a camera, if it is on the board.
    pub(crate) fn status(&self, camera: CameraId) -> Option<CameraStatus> {
        self.read().get(&camera).map(|entry| entry.status.clone())
    }

    /// What a camera sends, once it is known.
    pub(crate) fn stream(&self, camera: CameraId) -> Option<Arc<Stream>> {
        self.read().get(&camera)?.stream.clone()
    }

    /// Shows status and stream of each of `cameras` to `seen`, in their order and as of one moment.
    pub(crate) fn look(
        &self,
        cameras: impl Iterator<Item = CameraId>,
        mut seen: impl FnMut(Option<&CameraStatus>, Option<&Stream>),
    ) {
        let board = self.read();
        for camera in cameras {
            let entry = board.get(&camera);
            seen(entry.map(|entry| &entry.status), entry.and_then(|entry| entry.stream.as_deref()));
        }
    }

    /// A number that another one follows whenever a camera comes, goes or changes its state. What was read after it is at
    /// least as new.
    pub(crate) fn states_revision(&self) -> u64 {
        self.states.load(Ordering::Acquire)
    }

    /// How many cameras of a tenant, on all nodes, are in each state.
    pub(crate) fn counts(&self, tenant: &TenantId) -> BTreeMap<CameraState, u64> {
        let mut counts = BTreeMap::new();
        let board = self.read();
        let of_tenant = board.values().filter(|entry| *tenant == entry.tenant);
        of_tenant.for_each(|entry| *counts.entry(entry.status.state).or_default() += 1);
        counts
    }

    /// The cameras of a tenant that are in `state`, by id.
    pub(crate) fn in_state(&self, tenant: &TenantId, state: CameraState) -> Vec<CameraId> {
        let board = self.read();
        let found = board.iter().filter(|(_, entry)| entry.status.state == state && entry.tenant == *tenant);
        found.map(|(camera, _)| *camera).collect()
    }

    /// The statuses of up to `limit` cameras of a tenant after `after`, by id. The board is held no longer than one page takes.
    pub(crate) fn page(
        &self,
        tenant: &TenantId,
        after: Option<CameraId>,
        limit: usize,
    ) -> BTreeMap<CameraId, CameraStatus> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let board = self.read();
        let found = board.range((from, Bound::Unbounded)).filter(|(_, entry)| entry.tenant == *tenant);
        found.take(limit).map(|(camera, entry)| (*camera, entry.status.clone())).collect()
    }

    /// Puts a camera of this node on the board, if it is not there yet.
    pub(crate) fn enter(&self, tenant: &TenantId, camera: CameraId) {
        let now = self.clock.now();
        let mut board = self.write();
        let fresh = || {
            // Under the lock, as below: whoever reads the number and then the board misses nothing.
            self.states.fetch_add(1, Ordering::Release);
            Entry {
                tenant: tenant.clone(),
                at: None,
                status: CameraStatus::new(CameraState::Connecting, String::new(), now),
                ingest: (CameraState::Connecting, String::new()),
                recording_trouble: None,
                stream: None,
            }
        };
        let entry = board.entry(camera).or_insert_with(fresh);
        if entry.at.is_some() {
            *entry = fresh();
        }
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
        if let Some(entry) = self.write().get_mut(&camera).filter(|entry| entry.at.is_none()) {
            entry.stream = stream;
        }
    }

    /// Takes a camera of this node off the board.
    pub(crate) fn forget(&self, camera: CameraId) {
        let mut board = self.write();
        if board.get(&camera).is_some_and(|entry| entry.at.is_none()) {
            board.remove(&camera);
            self.states.fetch_add(1, Ordering::Release);
        }
    }

    fn change(&self, tenant: &TenantId, camera: CameraId, change: impl FnOnce(&mut Entry)) {
        let now = self.clock.now();
        let mut board = self.write();
        // A part of a camera that was taken off the board may still have a last word; nobody needs it.
        let Some(entry) = board.get_mut(&camera).filter(|entry| entry.tenant == *tenant && entry.at.is_none()) else {
            return;
        };
        change(entry);
        let (state, reason) = (entry.ingest.0, composed(&entry.ingest.1, entry.recording_trouble));
        if state == entry.status.state && reason == entry.status.reason {
            return;
        }
        if state != entry.status.state {
            self.states.fetch_add(1, Ordering::Release);
        }
        let since =
            if state == entry.status.state && !entry.status.reason.is_empty() { entry.status.since } else { now };
        entry.status = CameraStatus::new(state, reason, since);
        let (tenant, status) = (entry.tenant.clone(), entry.status.clone());
        // Sent under the lock, so that events leave in the order in which the board changed. Sending never waits.
        self.publish(&tenant, EventKind::CameraStatus { camera, status });
        drop(board);
    }

    /// Tells listeners of an event that stands in the outbox already: the change it tells of put it there.
    pub(crate) fn announce(&self, event: Arc<Event>) {
        // Nobody listening is no fault: the outbox has it.
        let _ = self.own.send(Arc::clone(&event));
        let _ = self.sender.send(event);
    }

    /// An event that the node itself saw: to the outbox, and to listeners.
    fn publish(&self, tenant: &TenantId, kind: EventKind) {
        let event = Arc::new(Event::new(tenant.clone(), self.clock.now(), By::system(), kind));
        self.outbox.put(Arc::clone(&event));
        self.announce(event);
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<CameraId, Entry>> {
        self.board.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, BTreeMap<CameraId, Entry>> {
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
        let outbox = Arc::new(OutboxWriter::default());
        let bus = EventBus::new(Arc::new(clock.clone()), Arc::clone(&outbox));
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
        let kept: Vec<_> = outbox.waiting().iter().map(|event| event.kind.clone()).collect();
        assert_eq!(kept, kinds, "what listeners hear is what the outbox keeps");
    }

    #[test]
    fn what_other_nodes_say_is_shown_until_the_camera_runs_here() {
        let clock = ManualClock::default();
        let outbox = Arc::new(OutboxWriter::default());
        let bus = EventBus::new(Arc::new(clock.clone()), Arc::clone(&outbox));
        let (mut events, mut own) = (bus.subscribe(), bus.subscribe_own());
        let (tenant, camera, other) = (TenantId::default_tenant(), CameraId::random(), NodeId::random());
        let online = CameraStatus::new(CameraState::Online, "pictures arrive", clock.now());
        bus.heard(other, tenant.clone(), camera, online.clone());
        bus.heard(other, tenant.clone(), camera, online.clone());
        assert_eq!(bus.status(camera), Some(online.clone()));
        assert!(events.try_recv().is_ok() && events.try_recv().is_err(), "told once");
        assert!(own.try_recv().is_err() && outbox.waiting().is_empty(), "the other node tells and keeps it");
        bus.forget(camera);
        assert_eq!(bus.in_state(&tenant, CameraState::Online), [camera], "not this node's to forget");
        bus.lost(other);
        assert!(bus.status(camera).unwrap().reason.contains("node is down"));
        bus.enter(&tenant, camera);
        bus.heard(other, tenant.clone(), camera, online);
        bus.set_ingest(&tenant, camera, CameraState::Silent, "nothing");
        assert_eq!(bus.status(camera).unwrap().state, CameraState::Silent, "what runs here is known here");
        assert_eq!(bus.own_counts(), BTreeMap::from([(CameraState::Silent, 1)]));
    }

    #[test]
    fn pages_states_and_counts_of_a_large_board_hold_each_camera_of_the_tenant_once() {
        let bus = EventBus::new(Arc::new(ManualClock::default()), Arc::default());
        let (home, other) = (TenantId::default_tenant(), "acme".parse::<TenantId>().unwrap());
        let mut cameras: Vec<_> = (0..1_000).map(|_| CameraId::random()).collect();
        cameras.iter().for_each(|camera| bus.enter(&home, *camera));
        (0..500).for_each(|_| bus.enter(&other, CameraId::random()));
        let offline = &cameras[..3];
        offline.iter().for_each(|camera| bus.set_ingest(&home, *camera, CameraState::Offline, "gone"));
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let page = bus.page(&home, after, 64);
            let Some((last, _)) = page.last_key_value() else { break };
            after = Some(*last);
            paged.extend(page.into_keys());
        }
        let mut found = bus.in_state(&home, CameraState::Offline);
        let mut expected = offline.to_vec();
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
        cameras.sort();
        assert_eq!(paged, cameras);
        let counts = bus.counts(&home);
        assert_eq!((counts[&CameraState::Offline], counts[&CameraState::Connecting]), (3, 997));
        assert_eq!(bus.own_counts().values().sum::<u64>(), 1_500);
    }
}
