//! Segments that a recorder left open when it crashed: scanned as soon as the disk has let go of them, so that every fragment of
//! them is in the index, not only after the next start.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eyrie_storage::disk::Durability;
use eyrie_storage::segment::ScanEnd;
use eyrie_storage::store::StoreError;
use eyrie_types::{SegmentRow, SegmentState};
use tokio::sync::{Notify, watch};

use super::repair::{blocking, copy_of, find, known_numbers, mended, missing, scan_file};
use crate::backoff::{Backoff, jitter};
use crate::context::NodeContext;
use crate::index_writer::FragmentChunk;

/// Most segments that wait for their scan: as many as can be open. Beyond it the oldest goes, counted by
/// `eyrie_recording_left_segments_dropped_total`; its row stays open in the index, so that the next start scans it.
const WAITING_MAX: usize = 4096;
/// How long to wait for the disk to let go of a file, and then for what the index has not taken yet. Both come about in a second
/// unless disk or store are in trouble.
const SETTLE_PATIENCE: Duration = Duration::from_secs(60);
/// How often a segment is tried. With pauses up to 8 s that is about two minutes of a store that does not answer; after it, the
/// row is left to the next start.
const ATTEMPTS_MAX: u32 = 16;

/// A segment that nobody appends to any more.
#[derive(Debug)]
pub(crate) struct LeftSegment {
    /// Its row, as of the last fragment that its recorder knew to be durable.
    pub(crate) row: SegmentRow,
    /// How much of it is durable; closed once the disk has let go of the file.
    pub(crate) durability: watch::Receiver<Durability>,
}

/// The segments that wait for their scan. Whoever leaves one never waits.
#[derive(Debug, Default)]
pub(crate) struct LeftSegments {
    waiting: Mutex<VecDeque<LeftSegment>>,
    changed: Notify,
}

impl LeftSegments {
    /// Queues a segment.
    pub(crate) fn put(&self, left: LeftSegment) {
        let mut waiting = self.lock();
        waiting.push_back(left);
        if waiting.len() > WAITING_MAX && waiting.pop_front().is_some() {
            metrics::counter!("eyrie_recording_left_segments_dropped_total").increment(1);
        }
        drop(waiting);
        self.changed.notify_one();
    }

    /// Scans one segment after another, for as long as it is polled.
    pub(crate) async fn run(node: Arc<NodeContext>) {
        loop {
            let next = node.left_segments.lock().pop_front();
            match next {
                Some(left) => scan(&node, left).await,
                None => node.left_segments.changed.notified().await,
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<LeftSegment>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a segment is not in the index yet.
#[derive(Debug, thiserror::Error)]
enum LeftError {
    /// The index has not yet taken what it was given before.
    #[error("parts of its fragment table still wait for the index")]
    Unsettled,
    /// The store does not tell what it knows.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be read. Trying again does not help.
    #[error("its file cannot be read: {0}")]
    File(String),
}

async fn scan(node: &NodeContext, mut left: LeftSegment) {
    let segment = left.row.segment;
    let let_go = async { while left.durability.changed().await.is_ok() {} };
    if tokio::time::timeout(SETTLE_PATIENCE, let_go).await.is_err() {
        tracing::warn!(%segment, "the disk does not let go of a segment left by a crash; the next start scans it");
        return;
    }
    let durability = left.durability.borrow().clone();
    let mut backoff = Backoff::storage();
    for _ in 0..ATTEMPTS_MAX {
        match mend(node, &left.row, &durability).await {
            Ok(fragments) => {
                tracing::info!(placement = %left.row.placement, fragments, "a segment left by a crash is in the index");
                return;
            }
            Err(error @ LeftError::File(_)) => {
                tracing::error!(%error, %segment, "a segment left by a crash is not in the index");
                return;
            }
            Err(error) => {
                let pause = backoff.pause(jitter());
                tracing::warn!(%error, ?pause, %segment, "a segment left by a crash is not in the index yet");
                tokio::time::sleep(pause).await;
            }
        }
    }
    tracing::error!(%segment, "a segment left by a crash was given up; the next start scans it");
}

/// Scans the file and hands the index writer what the index does not know of it: behind all that the recorder handed over.
/// Answers how many fragments it holds.
async fn mend(node: &NodeContext, row: &SegmentRow, durability: &Durability) -> Result<u32, LeftError> {
    if !node.index.settled(row.segment, SETTLE_PATIENCE).await {
        return Err(LeftError::Unsettled);
    }
    let Some((disk, path)) = find(&node.disks, row) else {
        // The crash came before the disk had made the file: nothing is there to be played.
        node.index.put_segment(SegmentRow { state: SegmentState::Unclosed, ..row.clone() });
        return Ok(0);
    };
    let from = row.bytes;
    let scanned = blocking(move || scan_file(&path, from)).await.map_err(|error| LeftError::File(error.to_string()))?;
    let (mut scan, bytes) = scanned.map_err(LeftError::File)?;
    if durability.failed.is_some() {
        // What a failed sync left in memory may be gone after a power loss: only what was announced counts.
        scan.fragments.truncate(durability.fragments as usize);
        (scan.bytes, scan.end) = (durability.bytes, ScanEnd::Unclosed);
    }
    let row = mended(row, &scan, bytes);
    let known = known_numbers(&node.store, &row).await?;
    for entries in missing(&scan.fragments, &known) {
        let (placement, segment) = (row.placement.clone(), row.segment);
        node.index.put_fragments(FragmentChunk { placement, segment, entries });
    }
    node.index.put_copy(copy_of(&row, &disk.config().name));
    let fragments = row.fragments;
    node.index.put_segment(row);
    Ok(fragments)
}
