use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use eyrie_types::{FragmentEntry, Monotonic, SegmentId};
use lru::LruCache;

use crate::segment::{SegmentOpener, SegmentReader};

/// How long a file of another node is at hand: nobody tells this node when it is deleted there and its key shredded, which is to
/// take effect within so long.
pub(super) const ELSEWHERE_FOR: Duration = Duration::from_secs(5);

/// A segment at hand: its file and, once nobody writes to it any more, its table.
#[derive(Clone)]
pub(super) struct OpenedSegment {
    pub(super) source: Source,
    pub(super) table: Option<Arc<[FragmentEntry]>>,
}

/// Where a segment's bytes come from.
#[derive(Clone)]
pub(super) enum Source {
    /// A disk of this node.
    Here(Arc<SegmentReader>),
    /// Another node.
    There(Arc<FileThere>),
}

/// A file of another node, as it was when it was opened.
pub(super) struct FileThere {
    pub(super) opener: SegmentOpener,
    /// `ftyp` and `moov`.
    pub(super) init: Bytes,
    pub(super) opened: Monotonic,
}

impl OpenedSegment {
    /// Whether its bytes may still be taken from where it was opened.
    pub(super) fn is_fresh(&self, now: Monotonic) -> bool {
        match &self.source {
            Source::Here(_) => true,
            Source::There(file) => now.since(file.opened) < ELSEWHERE_FOR,
        }
    }
}

/// The segments read last; the one not used for the longest time goes first.
pub(super) struct LastRead<T> {
    segments: Mutex<LruCache<SegmentId, T>>,
    /// The gauge that tells how many there are.
    gauge: &'static str,
}

impl<T: Clone> LastRead<T> {
    pub(super) fn new(limit: NonZeroUsize, gauge: &'static str) -> Self {
        Self { segments: Mutex::new(LruCache::new(limit)), gauge }
    }

    pub(super) fn get(&self, segment: SegmentId) -> Option<T> {
        self.lock().get(&segment).cloned()
    }

    pub(super) fn put(&self, segment: SegmentId, opened: T) {
        let mut segments = self.lock();
        segments.put(segment, opened);
        metrics::gauge!(self.gauge).set(segments.len() as f64);
    }

    /// Forgets a segment: its file is deleted, its key shredded, or reading it failed.
    pub(super) fn forget(&self, segment: SegmentId) {
        self.lock().pop(&segment);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, LruCache<SegmentId, T>> {
        // No method can leave the map half-changed.
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
