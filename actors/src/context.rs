use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use eyrie_cluster::PlacementKey;
use eyrie_media::{GopRing, RingBudget};
use eyrie_storage::disk::{Disk, Durability};
use eyrie_storage::footage::{Footage, OpenTail};
use eyrie_storage::keys::{KeyRing, KeyRows};
use eyrie_storage::store::Store;
use eyrie_types::{CameraId, Clock, NodeId, Placement, SegmentRow, SegmentState, WallTime};
use tokio::sync::{Semaphore, mpsc, watch};

use crate::children::Children;
use crate::events::EventBus;
use crate::facts::{FactsBoard, Measured};
use crate::feed::{FEEDS_MAX, Feeders, Source};
use crate::index_writer::{FragmentChunk, IndexWriter};
use crate::ingest::silence_watch::SilenceWatch;
use crate::live::RelayedViewers;
use crate::media_threads::{MediaSeat, MediaThreads};
use crate::node::{Directory, Fallen, NodeConfig, NodeSettings};
use crate::outbox_writer::OutboxWriter;
use crate::recording::{LeftSegment, LeftSegments, RotationPace};
use crate::retention::RetentionOutlook;
use crate::rtmp::PublishDoor;
use crate::setup_gate::SetupGate;

/// What every part of the tree shares.
pub(crate) struct NodeContext {
    pub(crate) config: NodeConfig,
    pub(crate) store: Arc<Store>,
    pub(crate) keyring: Arc<KeyRing>,
    pub(crate) key_rows: Arc<KeyRows>,
    pub(crate) disks: Vec<Disk>,
    pub(crate) footage: Arc<Footage>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) events: EventBus,
    pub(crate) outbox: Arc<OutboxWriter>,
    pub(crate) index: Arc<IndexWriter>,
    pub(crate) budget: Arc<RingBudget>,
    pub(crate) silence: Arc<SilenceWatch>,
    pub(crate) gate: Arc<SetupGate>,
    pub(crate) rotation: RotationPace,
    pub(crate) left_segments: LeftSegments,
    pub(crate) children: Children,
    pub(crate) media: MediaThreads,
    pub(crate) directory: Directory,
    /// The other nodes of the cell, once this one has its part in it.
    pub(crate) feeders: OnceLock<Feeders>,
    pub(crate) fallen: mpsc::Sender<Fallen>,
    pub(crate) settings: ArcSwap<NodeSettings>,
    pub(crate) facts: FactsBoard,
    pub(crate) relayed_viewers: RelayedViewers,
    /// What retention foresees; `None` until it has looked.
    pub(crate) outlook: ArcSwapOption<RetentionOutlook>,
    /// Bytes of fragments that became durable since the start.
    pub(crate) written_bytes: AtomicU64,
}

impl NodeContext {
    /// Footage of `camera` that is durable and may not be in the index yet: rows that replace those of the same segment.
    pub(crate) fn open_tail(&self, camera: CameraId) -> Vec<OpenTail> {
        // Before what waits for the index: a segment passes from here to there.
        let writing = self.directory.writing(camera);
        let open: Vec<_> = writing.iter().filter_map(|context| context.open_segment()).collect();
        let mut tails = self.index.waiting_tails(camera);
        for open in open {
            let same = |tail: &OpenTail| tail.row.segment == open.row.segment;
            if tails.iter().any(|tail| same(tail) && tail.row.state != SegmentState::Open) {
                continue;
            }
            tails.retain(|tail| !same(tail));
            let mut entries = self.index.waiting_entries(open.row.segment);
            let next = entries.last().map_or(0, |last| last.number + 1);
            entries.extend(open.entries.iter().filter(|entry| entry.number >= next));
            tails.push(OpenTail { row: open.row.clone(), entries });
        }
        tails
    }
}

/// No unit of the ring is durable yet.
const NOTHING_DURABLE: u64 = u64::MAX;
/// No unit came yet.
const NOTHING_CAME: i64 = i64::MIN;

/// What the children of one camera share. It outlives each of them, so that a restarted one goes on where the last one stopped.
pub(crate) struct CameraContext {
    pub(crate) node: Arc<NodeContext>,
    pub(crate) placement: Placement,
    pub(crate) ring: GopRing,
    /// Where its media runs.
    pub(crate) seat: MediaSeat,
    /// Its RTSP sessions, as far as they are not torn down yet.
    pub(crate) rtsp_sessions: Arc<retina::client::SessionGroup>,
    /// What the ingest measured of the last second it received.
    pub(crate) measured: ArcSwapOption<Measured>,
    /// The node that is to feed this one, as the cell said last; `None`: a session of its own.
    pub(crate) feed_from: watch::Sender<Option<NodeId>>,
    /// Where the ring's units come from.
    pub(crate) source: watch::Sender<Source>,
    /// Places for other nodes that are fed from here.
    pub(crate) feeds: Arc<Semaphore>,
    /// Where publishers come in, while its source is one that they push to.
    pub(crate) door: PublishDoor,
    /// RTP packets lost since this incarnation began.
    pub(crate) packets_lost: AtomicU64,
    last_durable_seq: AtomicU64,
    /// The wall time of the last unit of the sessions that are over, in microseconds since 1970.
    last_wall_us: AtomicI64,
    open_segment: ArcSwapOption<OpenTail>,
    /// Tells how much of the open segment is durable, until the disk lets go of its file.
    durability: Mutex<Option<watch::Receiver<Durability>>>,
}

impl CameraContext {
    pub(crate) fn new(
        node: Arc<NodeContext>,
        placement: Placement,
        ring: GopRing,
        feed_from: Option<NodeId>,
    ) -> Arc<Self> {
        let last_durable_seq = AtomicU64::new(NOTHING_DURABLE);
        let rtsp_sessions = Arc::default();
        let (open_segment, durability) = (ArcSwapOption::empty(), Mutex::default());
        let seat = node.media.seat();
        Arc::new(Self {
            node,
            placement,
            ring,
            seat,
            rtsp_sessions,
            measured: ArcSwapOption::empty(),
            feed_from: watch::Sender::new(feed_from),
            source: watch::Sender::default(),
            feeds: Arc::new(Semaphore::new(FEEDS_MAX)),
            door: PublishDoor::default(),
            packets_lost: AtomicU64::new(0),
            last_durable_seq,
            last_wall_us: AtomicI64::new(NOTHING_CAME),
            open_segment,
            durability,
        })
    }

    /// The placement without its incarnation.
    pub(crate) fn key(&self) -> PlacementKey {
        let Placement { tenant, camera, slot, .. } = &self.placement;
        PlacementKey { tenant: tenant.clone(), camera: *camera, slot: *slot }
    }

    /// The ring's number of the last unit known to be on the disk.
    pub(crate) fn last_durable_seq(&self) -> Option<u64> {
        let seq = self.last_durable_seq.load(Ordering::Acquire);
        (seq != NOTHING_DURABLE).then_some(seq)
    }

    /// Units up to `seq` are on the disk.
    pub(crate) fn set_last_durable_seq(&self, seq: u64) {
        self.last_durable_seq.store(seq, Ordering::Release);
    }

    /// When the last unit of the sessions that are over was shown.
    pub(crate) fn last_wall(&self) -> Option<WallTime> {
        let us = self.last_wall_us.load(Ordering::Acquire);
        (us != NOTHING_CAME).then(|| WallTime::from_unix_us(us))
    }

    /// A session is over, whose last unit was shown at `wall`.
    pub(crate) fn set_last_wall(&self, wall: WallTime) {
        self.last_wall_us.store(wall.as_unix_us(), Ordering::Release);
    }

    /// The segment being written, as of its last durable fragment, and what of its table the index was not handed yet.
    pub(crate) fn open_segment(&self) -> Option<Arc<OpenTail>> {
        self.open_segment.load_full()
    }

    pub(crate) fn set_open_segment(&self, tail: Option<OpenTail>) {
        self.open_segment.store(tail.map(Arc::new));
    }

    /// A segment was opened.
    pub(crate) fn begin_segment(&self, row: SegmentRow, durability: watch::Receiver<Durability>) {
        *self.durability.lock().unwrap_or_else(PoisonError::into_inner) = Some(durability);
        self.set_open_segment(Some(OpenTail { row, entries: Vec::new() }));
    }

    /// Leaves behind what a recorder that is no more left open: what it knew of it goes to the index, and the file is scanned.
    pub(crate) fn leave_segment(&self) {
        let Some(left) = self.open_segment() else { return };
        let row = left.row.clone();
        if !left.entries.is_empty() {
            let (placement, segment, entries) = (row.placement.clone(), row.segment, left.entries.clone());
            self.node.index.put_fragments(FragmentChunk { placement, segment, entries });
        }
        // Readers look here first and there next: it is always in one of them.
        self.node.index.put_segment(row.clone());
        self.set_open_segment(None);
        let durability = self.durability.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(durability) = durability {
            self.node.left_segments.put(LeftSegment { row, durability });
        }
    }

    /// Says what the ingest does, on the board.
    pub(crate) fn set_ingest(&self, state: eyrie_types::CameraState, reason: &str) {
        self.node.events.set_ingest(&self.placement.tenant, self.placement.camera, state, reason);
    }
}

/// How long a child may take to end in order when it is stopped: a recorder closes its file, which waits for one sync.
pub(crate) const CHILD_STOP_PATIENCE: Duration = Duration::from_secs(8);
