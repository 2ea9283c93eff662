use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eyrie_cluster::PlacementKey;
use eyrie_storage::footage::OpenTail;
use eyrie_storage::store::{SEGMENT_BATCH_MAX, SegmentCopy, Store, StoreError};
use eyrie_types::{
    CameraId, Epoch, FragmentEntry, GapCause, Incident, NodeId, Placement, SegmentId, SegmentRow, Slot, WallTime,
};
use tokio::sync::Notify;

use crate::backoff::{Backoff, jitter};
use crate::reached::reached;

/// Most segment rows that wait: the latest of each segment, so twice the segments a node of 10,000 cameras has open. Beyond
/// it the oldest goes; the scan at the next start finds it again.
const ROWS_MAX: usize = 20_000;
/// Most incidents that wait: an hour of outage with a flapping camera a second.
const INCIDENTS_MAX: usize = 4_000;
/// Most chunks of fragment tables that wait. A chunk is a minute or so of one camera; a lost one is rebuilt from the file.
const CHUNKS_MAX: usize = 4_000;
/// How long a write gathers company: rows of many cameras share one commit.
const GATHER: Duration = Duration::from_millis(50);

/// Most beginnings of incarnations that wait: an owner and a twin of each of 10,000 cameras.
const BEGINNINGS_MAX: usize = 20_000;

type IncidentKey = (CameraId, Slot, Epoch, WallTime, GapCause);

/// A part of a segment's fragment table.
#[derive(Debug, Clone)]
pub(crate) struct FragmentChunk {
    pub(crate) placement: Placement,
    pub(crate) segment: SegmentId,
    pub(crate) entries: Vec<FragmentEntry>,
}

impl FragmentChunk {
    fn is_same(&self, other: &Self) -> bool {
        let first = |chunk: &Self| chunk.entries.first().map(|entry| entry.number);
        self.segment == other.segment && first(self) == first(other)
    }
}

/// An incarnation began: what earlier ones of its placement left open is over, since `at`, or since this node's last run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Beginning {
    epoch: Epoch,
    at: Option<WallTime>,
}

type Batch = (Vec<SegmentRow>, Vec<SegmentCopy>, Vec<(IncidentKey, (Placement, Incident))>, Vec<FragmentChunk>);

#[derive(Debug, Default)]
struct Waiting {
    rows: BTreeMap<SegmentId, SegmentRow>,
    copies: BTreeMap<SegmentId, SegmentCopy>,
    incidents: BTreeMap<IncidentKey, (Placement, Incident)>,
    chunks: VecDeque<FragmentChunk>,
    beginnings: BTreeMap<PlacementKey, Beginning>,
}

impl Waiting {
    fn entries(&self, segment: SegmentId) -> Vec<FragmentEntry> {
        let chunks = self.chunks.iter().filter(|chunk| chunk.segment == segment);
        chunks.flat_map(|chunk| chunk.entries.iter().copied()).collect()
    }
}

/// Takes rows for the index from recorders, who never wait for it, and writes them when the store answers. Only the latest
/// row of a segment and of an incident is kept, so an outage of the store costs memory for each open segment, not for each
/// second of it. What is lost with the process is found again by scanning the files.
#[derive(Debug, Default)]
pub(crate) struct IndexWriter {
    waiting: Mutex<Waiting>,
    changed: Notify,
    flushed: Notify,
    idle: Notify,
}

impl IndexWriter {
    /// Queues the latest row of a segment.
    pub(crate) fn put_segment(&self, row: SegmentRow) {
        let mut waiting = self.lock();
        waiting.rows.insert(row.segment, row);
        if waiting.rows.len() > ROWS_MAX && waiting.rows.pop_first().is_some() {
            dropped("segment");
        }
        drop(waiting);
        self.changed.notify_one();
    }

    /// Queues the latest row of where a segment's file lies.
    pub(crate) fn put_copy(&self, copy: SegmentCopy) {
        let mut waiting = self.lock();
        waiting.copies.insert(copy.segment, copy);
        if waiting.copies.len() > ROWS_MAX && waiting.copies.pop_first().is_some() {
            dropped("copy");
        }
        drop(waiting);
        self.changed.notify_one();
    }

    /// Queues an incident, opened or closed.
    pub(crate) fn put_incident(&self, placement: &Placement, incident: Incident) {
        let key = (placement.camera, incident.slot, incident.epoch, incident.start, incident.cause);
        let mut waiting = self.lock();
        waiting.incidents.insert(key, (placement.clone(), incident));
        if waiting.incidents.len() > INCIDENTS_MAX && waiting.incidents.pop_first().is_some() {
            dropped("incident");
        }
        drop(waiting);
        self.changed.notify_one();
    }

    /// Queues the beginning of an incarnation, which ends what earlier ones of its placement left open: at `at`, when whoever ran
    /// them was last heard of; `None`: when this node's last run ended.
    pub(crate) fn begin(&self, key: PlacementKey, epoch: Epoch, at: Option<WallTime>) {
        let mut waiting = self.lock();
        waiting.beginnings.insert(key, Beginning { epoch, at });
        if waiting.beginnings.len() > BEGINNINGS_MAX && waiting.beginnings.pop_first().is_some() {
            dropped("beginning");
        }
        drop(waiting);
        self.changed.notify_one();
    }

    /// Queues a part of a fragment table.
    pub(crate) fn put_fragments(&self, chunk: FragmentChunk) {
        let mut waiting = self.lock();
        waiting.chunks.push_back(chunk);
        if waiting.chunks.len() > CHUNKS_MAX && waiting.chunks.pop_front().is_some() {
            dropped("fragments");
        }
        drop(waiting);
        self.changed.notify_one();
    }

    /// What of a camera waits: durable on disk, not yet in the index.
    pub(crate) fn waiting_tails(&self, camera: CameraId) -> Vec<OpenTail> {
        let waiting = self.lock();
        let rows = waiting.rows.values().filter(|row| row.placement.camera == camera);
        rows.map(|row| OpenTail { row: row.clone(), entries: waiting.entries(row.segment) }).collect()
    }

    /// The entries of a segment's table that wait.
    pub(crate) fn waiting_entries(&self, segment: SegmentId) -> Vec<FragmentEntry> {
        self.lock().entries(segment)
    }

    /// Whether anything of a segment waits.
    pub(crate) fn awaits(&self, segment: SegmentId) -> bool {
        let waiting = self.lock();
        waiting.rows.contains_key(&segment)
            || waiting.copies.contains_key(&segment)
            || waiting.chunks.iter().any(|chunk| chunk.segment == segment)
    }

    /// Waits until no part of the fragment table of `segment` waits, at most `patience`. Answers whether that was reached.
    pub(crate) async fn settled(&self, segment: SegmentId, patience: Duration) -> bool {
        reached(&self.flushed, patience, || self.lock().chunks.iter().all(|chunk| chunk.segment != segment)).await
    }

    /// Waits until nothing waits, at most `patience`. Answers whether that was reached.
    pub(crate) async fn drained(&self, patience: Duration) -> bool {
        reached(&self.idle, patience, || self.is_empty()).await
    }

    /// Writes what waits, for as long as it is polled. `node` has run since `started`.
    pub(crate) async fn run(self: Arc<Self>, store: Arc<Store>, node: NodeId, started: WallTime) {
        let mut backoff = Backoff::storage();
        loop {
            if self.is_empty() {
                self.idle.notify_waiters();
                self.changed.notified().await;
            }
            tokio::time::sleep(GATHER).await;
            let written = match self.flush(&store).await {
                Ok(()) => self.flush_beginnings(&store, node, started).await,
                failed => failed,
            };
            match written {
                Ok(()) => {
                    backoff.reset();
                    self.flushed.notify_waiters();
                }
                Err(error) => {
                    metrics::counter!("eyrie_index_write_failures_total").increment(1);
                    let pause = backoff.pause(jitter());
                    tracing::warn!(%error, ?pause, "the index cannot be written; recording goes on and rows wait");
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    async fn flush(&self, store: &Store) -> Result<(), StoreError> {
        let (rows, copies, incidents, chunks) = self.batch();
        // Tables and places first: a row in the index that says closed can be read to its end.
        for chunk in chunks {
            let Placement { tenant, camera, .. } = &chunk.placement;
            let written = store.append_fragments(tenant, *camera, chunk.segment, &chunk.entries).await;
            settle(written, "fragments")?;
            let mut waiting = self.lock();
            // At the limit the oldest may have been dropped meanwhile.
            if waiting.chunks.front().is_some_and(|first| first.is_same(&chunk)) {
                waiting.chunks.pop_front();
            }
        }
        for copy in copies {
            settle(store.put_copy(copy.clone()).await, "copy")?;
            let mut waiting = self.lock();
            if waiting.copies.get(&copy.segment) == Some(&copy) {
                waiting.copies.remove(&copy.segment);
            }
        }
        for (key, (placement, incident)) in incidents {
            settle(store.put_incident(&placement.tenant, placement.camera, incident).await, "incident")?;
            let mut waiting = self.lock();
            if waiting.incidents.get(&key).is_some_and(|(_, latest)| *latest == incident) {
                waiting.incidents.remove(&key);
            }
        }
        if !rows.is_empty() {
            match store.put_segments(rows.clone()).await {
                // One that the store will never take must not hold up the others.
                Err(error) if is_final(&error) => {
                    for row in &rows {
                        settle(store.put_segments(vec![row.clone()]).await, "segment")?;
                    }
                }
                done => done?,
            }
            let mut waiting = self.lock();
            // A row that changed meanwhile stays for the next round.
            for row in rows {
                if waiting.rows.get(&row.segment) == Some(&row) {
                    waiting.rows.remove(&row.segment);
                }
            }
        }
        Ok(())
    }

    async fn flush_beginnings(&self, store: &Store, node: NodeId, started: WallTime) -> Result<(), StoreError> {
        let beginnings: Vec<_> = {
            let waiting = self.lock();
            let first = waiting.beginnings.iter().take(SEGMENT_BATCH_MAX);
            first.map(|(key, beginning)| (key.clone(), *beginning)).collect()
        };
        if beginnings.is_empty() {
            return Ok(());
        }
        let died = store.last_run_before(node, started).await?.map_or(started, |run| run.last_alive);
        for (key, beginning) in beginnings {
            let (PlacementKey { tenant, camera, slot }, Beginning { epoch, at }) = (&key, beginning);
            let closed = store.close_incidents_before(tenant, *camera, *slot, epoch, at.unwrap_or(died)).await;
            settle(closed.map(drop), "beginning")?;
            let mut waiting = self.lock();
            if waiting.beginnings.get(&key) == Some(&beginning) {
                waiting.beginnings.remove(&key);
            }
        }
        Ok(())
    }

    fn batch(&self) -> Batch {
        let waiting = self.lock();
        metrics::gauge!("eyrie_index_rows_waiting").set(waiting.rows.len() as f64);
        (
            waiting.rows.values().take(SEGMENT_BATCH_MAX).cloned().collect(),
            waiting.copies.values().take(SEGMENT_BATCH_MAX).cloned().collect(),
            waiting.incidents.iter().take(SEGMENT_BATCH_MAX).map(|(key, value)| (*key, value.clone())).collect(),
            waiting.chunks.iter().take(SEGMENT_BATCH_MAX).cloned().collect(),
        )
    }

    fn is_empty(&self) -> bool {
        let waiting = self.lock();
        waiting.rows.is_empty()
            && waiting.copies.is_empty()
            && waiting.incidents.is_empty()
            && waiting.chunks.is_empty()
            && waiting.beginnings.is_empty()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the store will refuse the same again, however often it is asked.
fn is_final(error: &StoreError) -> bool {
    matches!(error, StoreError::Invalid(_) | StoreError::Immutable(_) | StoreError::TooMany { .. })
}

/// Lets go of what the store will never take; other errors are for another try.
fn settle(written: Result<(), StoreError>, what: &'static str) -> Result<(), StoreError> {
    match written {
        Err(error) if is_final(&error) => {
            tracing::error!(%error, what, "the store refuses a row for good; a scan of the file can bring it back");
            dropped(what);
            Ok(())
        }
        written => written,
    }
}

fn dropped(what: &'static str) {
    metrics::counter!("eyrie_index_rows_dropped_total", "what" => what).increment(1);
}
