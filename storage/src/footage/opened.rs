use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use eyrie_types::{FragmentEntry, SegmentId};
use lru::LruCache;

use crate::segment::SegmentReader;

/// A segment at hand: its file and, once nobody writes to it any more, its table.
pub(super) struct OpenedSegment {
    pub(super) reader: Arc<SegmentReader>,
    pub(super) table: Option<Arc<[FragmentEntry]>>,
}

/// The segments read last; the one not used for the longest time goes first.
pub(super) struct OpenedSegments {
    segments: Mutex<LruCache<SegmentId, Arc<OpenedSegment>>>,
}

impl OpenedSegments {
    pub(super) fn new(limit: NonZeroUsize) -> Self {
        Self { segments: Mutex::new(LruCache::new(limit)) }
    }

    pub(super) fn get(&self, segment: SegmentId) -> Option<Arc<OpenedSegment>> {
        self.lock().get(&segment).cloned()
    }

    pub(super) fn put(&self, segment: SegmentId, opened: Arc<OpenedSegment>) {
        let mut segments = self.lock();
        segments.put(segment, opened);
        metrics::gauge!("eyrie_footage_opened_segments").set(segments.len() as f64);
    }

    /// Forgets a segment: its file is deleted, its key shredded, or reading it failed.
    pub(super) fn forget(&self, segment: SegmentId) {
        self.lock().pop(&segment);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, LruCache<SegmentId, Arc<OpenedSegment>>> {
        // No method can leave the map half-changed.
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
