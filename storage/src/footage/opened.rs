use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use eyrie_types::{FragmentEntry, Monotonic};
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
    /// What the file begins with, as stored.
    pub(super) stored_head: Bytes,
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

/// What was read last; what was not used for the longest time goes first.
pub(super) struct LastRead<K: Hash + Eq, T> {
    read: Mutex<LruCache<K, T>>,
    /// The gauge that tells how many there are.
    gauge: &'static str,
}

impl<K: Hash + Eq + Clone, T: Clone> LastRead<K, T> {
    pub(super) fn new(limit: NonZeroUsize, gauge: &'static str) -> Self {
        Self { read: Mutex::new(LruCache::new(limit)), gauge }
    }

    pub(super) fn get(&self, key: &K) -> Option<T> {
        self.lock().get(key).cloned()
    }

    pub(super) fn put(&self, key: K, opened: T) {
        let mut read = self.lock();
        read.put(key, opened);
        metrics::gauge!(self.gauge).set(read.len() as f64);
    }

    /// Forgets one: its file is deleted, its key shredded, or reading it failed.
    pub(super) fn forget(&self, key: &K) {
        self.lock().pop(key);
    }

    /// Forgets all that `gone` says.
    pub(super) fn forget_all(&self, gone: impl Fn(&K) -> bool) {
        let mut read = self.lock();
        let keys: Vec<K> = read.iter().map(|(key, _)| key).filter(|key| gone(key)).cloned().collect();
        keys.iter().for_each(|key| drop(read.pop(key)));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, LruCache<K, T>> {
        // No method can leave the map half-changed.
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
