use std::sync::Arc;
use std::time::Duration;

use eyrie_media::{Fmp4Error, Fragment, Fragmenter, Read, ReaderKind, RingReader, WakeOn};
use eyrie_storage::disk::{DiskError, Durability};
use eyrie_storage::segment::FormatError;
use eyrie_types::{GapCause, Monotonic, WallTime};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::open_segment::OpenSegment;
use super::pending::Pending;
use crate::backoff::{Backoff, jitter};
use crate::context::CameraContext;
use crate::incidents::Trouble;

/// When nothing arrives for this long, what waits for its fragment to end is written without waiting for it.
const IDLE_FLUSH: Duration = Duration::from_secs(2);

/// How long fragments may wait without any of them becoming durable before the disk counts as too slow for the camera: the
/// longest pause between two rounds of syncing and the longest round of a disk that keeps up, 5 s each.
const DURABLE_WITHIN: Duration = Duration::from_secs(10);

/// Records one camera until `stop` or the end of its ring. It never gives up: a disk that fails is tried again and again while
/// the ring buffers, and what the ring then has to let go becomes a gap with the disk's cause.
pub(crate) async fn record(camera: Arc<CameraContext>, stop: CancellationToken) {
    let mut recorder = Recorder::new(camera);
    recorder.run(&stop).await;
    recorder.finish().await;
}

struct Recorder {
    camera: Arc<CameraContext>,
    reader: RingReader,
    fragmenter: Fragmenter,
    pending: Pending,
    open: Option<OpenSegment>,
    trouble: Trouble,
    backoff: Backoff,
    /// When to try the disk again after it failed.
    retry_at: Option<Instant>,
    /// Which disk, counted on after each failure.
    disk: usize,
    /// Since when fragments wait without any progress; `None` while none waits.
    waiting_since: Option<Monotonic>,
    /// Wall time up to which footage was handed on: where a hole begins.
    last_end: Option<WallTime>,
    ring_closed: bool,
}

impl Recorder {
    fn new(camera: Arc<CameraContext>) -> Self {
        // An earlier recorder of this incarnation may have crashed and left a segment behind: nobody appends to it again.
        camera.leave_segment();
        // What the earlier one left unread is still pinned in the ring.
        let reader = match camera.last_durable_seq() {
            Some(seq) => camera.ring.resume_reader(seq),
            None => camera.ring.reader(ReaderKind::Pinned),
        };
        let disks = camera.node.disks.len().max(1);
        let disk = camera.placement.camera.as_uuid().as_u128() as usize % disks;
        let trouble = Trouble::new(camera.placement.clone(), Arc::clone(&camera.node.index));
        Self {
            camera,
            reader,
            fragmenter: Fragmenter::new(),
            pending: Pending::default(),
            open: None,
            trouble,
            backoff: Backoff::storage(),
            retry_at: None,
            disk,
            waiting_since: None,
            last_end: None,
            ring_closed: false,
        }
    }

    async fn run(&mut self, stop: &CancellationToken) {
        while !self.ring_closed {
            let can_read = self.pending.has_room();
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                durability = durability_changed(self.open.as_mut()) => self.take_durability(durability).await,
                () = retry_time(self.retry_at) => self.retry_at = None,
                idle = next_ready(&mut self.reader), if can_read => self.read(idle),
            }
            self.write().await;
            self.look_for_slowness();
        }
    }

    /// Reads what the ring has, as far as there is room for it.
    fn read(&mut self, idle: bool) {
        while self.pending.has_room() {
            let fragment = match self.reader.try_next() {
                Read::Unit(unit) => self.fragmenter.push(unit),
                Read::Skipped { units } => {
                    self.skipped(units);
                    self.fragmenter.gap(units)
                }
                Read::Empty if idle => self.fragmenter.flush(),
                Read::Empty => return,
                Read::Closed => {
                    self.ring_closed = true;
                    self.fragmenter.flush()
                }
            };
            let ended = matches!(fragment, Ok(None)) && (idle || self.ring_closed);
            self.take_fragment(fragment);
            if self.ring_closed || (idle && ended) {
                return;
            }
        }
    }

    /// The ring let go of units before they were read.
    fn skipped(&mut self, units: u64) {
        metrics::counter!("eyrie_recording_units_lost_total").increment(units);
        let now = self.camera.node.clock.now();
        if self.trouble.cause().is_none() {
            // The disk took all that was handed to it, only too late.
            self.trouble.note(GapCause::DiskSlow, self.last_end.unwrap_or(now), now);
        }
        tracing::warn!(placement = %self.camera.placement, units, "the recorder was too slow and lost access units");
    }

    fn take_fragment(&mut self, fragment: Result<Option<Fragment>, Fmp4Error>) {
        match fragment {
            Ok(Some(fragment)) => {
                self.last_end = Some(fragment.start.offset_us(i64::from(fragment.duration_us)));
                self.pending.push(fragment);
                self.waiting_since.get_or_insert_with(|| self.camera.node.clock.monotonic());
            }
            Ok(None) => {}
            Err(error) => {
                let now = self.camera.node.clock.now();
                self.trouble.note(GapCause::StreamInvalid, self.last_end.unwrap_or(now), now);
                metrics::counter!("eyrie_recording_fragments_unwritable_total").increment(1);
                tracing::warn!(placement = %self.camera.placement, %error, "a fragment could not be made");
            }
        }
    }

    /// Writes all that waits, unless the disk is being left alone after a failure.
    async fn write(&mut self) {
        while self.retry_at.is_none() {
            let Some(fragment) = self.pending.next_unwritten() else { return };
            let pace = (&self.camera.node.rotation, self.camera.node.clock.monotonic());
            let ends = self.open.as_ref().is_some_and(|open| open.ends_before(fragment, || pace.0.try_take(pace.1)));
            if ends {
                self.close_segment().await;
                continue;
            }
            let Some(open) = self.open.as_mut() else {
                self.open_segment().await;
                continue;
            };
            match open.append(fragment).await {
                Ok(()) => self.pending.mark_written(),
                Err(DiskError::Refused(FormatError::SegmentFull(_))) => self.close_segment().await,
                Err(error @ DiskError::Refused(_)) => self.give_up_fragment(&error),
                Err(error) => self.fail(error.cause(), &error).await,
            }
        }
    }

    async fn open_segment(&mut self) {
        let Some(first) = self.pending.next_unwritten() else { return };
        let disks = &self.camera.node.disks;
        let Some(disk) = disks.get(self.disk % disks.len().max(1)) else {
            return self.fail(GapCause::DiskError, &"no recordings directory is configured").await;
        };
        match OpenSegment::open(&self.camera, disk, first).await {
            Ok(open) => self.open = Some(open),
            Err(error) => {
                if error.cause() == GapCause::StreamInvalid {
                    self.give_up_fragment(&error);
                } else {
                    self.fail(error.cause(), &error).await;
                }
            }
        }
    }

    /// No disk will ever take the next fragment; what follows may be better.
    fn give_up_fragment(&mut self, error: &dyn std::fmt::Display) {
        let Some(fragment) = self.pending.drop_unwritten() else { return };
        let end = fragment.start.offset_us(i64::from(fragment.duration_us));
        self.trouble.note(GapCause::StreamInvalid, fragment.start, end);
        metrics::counter!("eyrie_recording_fragments_unwritable_total").increment(1);
        tracing::warn!(placement = %self.camera.placement, %error, "a fragment cannot be recorded");
    }

    async fn close_segment(&mut self) {
        let Some(mut open) = self.open.take() else { return };
        match open.close(&self.camera).await {
            Ok(newly) => {
                open.finish(&self.camera);
                self.durable(newly);
            }
            Err(error) => {
                self.open = Some(open);
                self.fail(error.cause(), &error).await;
            }
        }
    }

    async fn take_durability(&mut self, durability: Durability) {
        let Some(open) = self.open.as_mut() else { return };
        let newly = open.advance(&self.camera, durability.fragments, durability.bytes);
        self.durable(newly);
        if let Some(error) = durability.failed {
            self.fail(error.cause(), &error).await;
        }
    }

    /// The oldest `fragments` of what waits are durable.
    fn durable(&mut self, fragments: usize) {
        for _ in 0..fragments {
            let Some(fragment) = self.pending.pop_durable() else { break };
            self.camera.set_last_durable_seq(fragment.last_seq);
            metrics::counter!("eyrie_recording_bytes_total").increment(fragment.bytes());
            self.camera.node.written_bytes.fetch_add(fragment.bytes(), std::sync::atomic::Ordering::Relaxed);
        }
        if fragments > 0 {
            let now = self.camera.node.clock.monotonic();
            self.waiting_since = self.pending.first().map(|_| now);
            self.backoff.reset();
            if self.trouble.cause().is_some() {
                tracing::info!(placement = %self.camera.placement, "recorded again");
            }
            self.trouble.set(None, self.camera.node.clock.now());
            self.tell(None);
        }
    }

    /// A disk that hangs says nothing, so that nothing fails: what waits for it is the only sign. The recorder is woken for each
    /// fragment, and by [`IDLE_FLUSH`], so this is looked at often enough; once there is no room left, the disk is awaited.
    fn look_for_slowness(&mut self) {
        let Some(since) = self.waiting_since.filter(|_| self.trouble.cause().is_none()) else { return };
        let waited = self.camera.node.clock.monotonic().since(since);
        let Some(first) = self.pending.first().filter(|_| waited >= DURABLE_WITHIN || !self.pending.has_room()) else {
            return;
        };
        let (start, waiting_bytes) = (first.start, self.pending.bytes());
        tracing::warn!(placement = %self.camera.placement, ?waited, waiting_bytes, "the disk cannot keep up");
        self.trouble.set(Some(GapCause::DiskSlow), start);
        self.tell(Some(GapCause::DiskSlow));
    }

    /// The segment is suspect, or none can be opened: it is left behind, and all that is not durable is written again later.
    async fn fail(&mut self, cause: GapCause, error: &(dyn std::fmt::Display + Sync)) {
        if let Some(mut open) = self.open.take() {
            for _ in 0..open.abandon(&self.camera).await {
                let Some(durable) = self.pending.pop_durable() else { break };
                self.camera.set_last_durable_seq(durable.last_seq);
            }
            open.finish(&self.camera);
        }
        self.pending.rewind();
        self.disk = self.disk.wrapping_add(1);
        let pause = self.backoff.pause(jitter());
        self.retry_at = Some(Instant::now() + pause);
        metrics::counter!("eyrie_recording_failures_total", "cause" => cause.as_str()).increment(1);
        if self.trouble.cause() != Some(cause) {
            let waiting_bytes = self.pending.bytes();
            tracing::warn!(placement = %self.camera.placement, cause = cause.as_str(), %error, waiting_bytes, "cannot record");
        }
        let since = self.pending.first().map_or_else(|| self.camera.node.clock.now(), |first| first.start);
        self.trouble.set(Some(cause), since);
        self.tell(Some(cause));
    }

    fn tell(&self, trouble: Option<GapCause>) {
        let placement = &self.camera.placement;
        self.camera.node.events.set_recording(&placement.tenant, placement.camera, trouble);
    }

    /// Writes what is left, closes the segment, and takes leave without an open incident.
    async fn finish(&mut self) {
        // It is woken for whole fragments: what came since the last one is still in the ring.
        self.read(false);
        let last = self.fragmenter.flush();
        self.take_fragment(last);
        self.retry_at = None;
        self.write().await;
        self.close_segment().await;
        self.trouble.set(None, self.camera.node.clock.now());
        self.tell(None);
    }
}

/// Waits for the ring; `true` when nothing came for [`IDLE_FLUSH`].
async fn next_ready(reader: &mut RingReader) -> bool {
    tokio::time::timeout(IDLE_FLUSH, reader.ready(WakeOn::FragmentEnd)).await.is_err()
}

async fn durability_changed(open: Option<&mut OpenSegment>) -> Durability {
    match open {
        Some(open) => open.durability_changed().await,
        None => std::future::pending().await,
    }
}

async fn retry_time(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
