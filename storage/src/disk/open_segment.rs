use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, watch};

use super::{DiskError, Durability};
use crate::segment::SegmentEncoder;

/// A segment file that is open for writing, shared by its [`super::SegmentWriter`] and the disk's two threads.
pub(super) struct OpenSegment {
    pub(super) path: PathBuf,
    pub(super) file: File,
    /// The writer thread's alone; gone once the segment is closed or failed.
    pub(super) encoder: Mutex<Option<SegmentEncoder>>,
    pub(super) durability: watch::Sender<Durability>,
    progress: Mutex<Progress>,
    /// Its share of the open segments.
    _slot: OwnedSemaphorePermit,
}

/// What is written and waits to be synced.
#[derive(Default)]
struct Progress {
    written: Mark,
    /// Directories whose entries must be durable before any of it is.
    directories: Vec<PathBuf>,
    failed: Option<DiskError>,
    /// It is on the list of dirty segments, where it must stand only once.
    listed: bool,
}

/// A place right behind a fragment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mark {
    pub(super) fragments: u32,
    pub(super) bytes: u64,
}

/// What one round of syncing has to do for a segment.
pub(super) struct Pending {
    pub(super) written: Mark,
    pub(super) directories: Vec<PathBuf>,
    pub(super) failed: Option<DiskError>,
}

impl OpenSegment {
    pub(super) fn new(
        path: PathBuf,
        file: File,
        encoder: SegmentEncoder,
        directories: Vec<PathBuf>,
        slot: OwnedSemaphorePermit,
    ) -> Self {
        let written = Mark { fragments: 0, bytes: encoder.offset() };
        let progress = Progress { written, directories, failed: None, listed: false };
        Self {
            path,
            file,
            encoder: Mutex::new(Some(encoder)),
            durability: watch::Sender::new(Durability::default()),
            progress: Mutex::new(progress),
            _slot: slot,
        }
    }

    /// Notes what was written; true when the segment must be put on the list of dirty ones.
    pub(super) fn wrote(&self, written: Mark) -> bool {
        let mut progress = lock(&self.progress);
        progress.written = written;
        !std::mem::replace(&mut progress.listed, true)
    }

    /// Notes the failure, if it is the first; true when the segment must be put on the list of dirty ones, for its last round.
    pub(super) fn fail(&self, error: DiskError) -> bool {
        let mut progress = lock(&self.progress);
        progress.failed.get_or_insert(error);
        !std::mem::replace(&mut progress.listed, true)
    }

    /// Why it failed, if it did.
    pub(super) fn failure(&self) -> Option<DiskError> {
        lock(&self.progress).failed.clone()
    }

    /// Takes what is to be synced now, and the segment off the list.
    pub(super) fn take_pending(&self) -> Pending {
        let mut progress = lock(&self.progress);
        progress.listed = false;
        Pending {
            written: progress.written,
            directories: std::mem::take(&mut progress.directories),
            failed: progress.failed.clone(),
        }
    }

    /// Announces what a round came to. After a failure was announced nothing changes any more.
    pub(super) fn announce(&self, synced: Option<Mark>, failed: Option<DiskError>) {
        if let Some(error) = &failed {
            lock(&self.progress).failed.get_or_insert(error.clone());
        }
        self.durability.send_modify(|durability| {
            if durability.failed.is_none() {
                if let Some(mark) = synced {
                    (durability.fragments, durability.bytes) = (mark.fragments, mark.bytes);
                }
                durability.failed = failed;
            }
        });
    }

    /// The failure as an answer to those who come after it.
    pub(super) fn check(&self) -> Result<(), DiskError> {
        self.failure().map_or(Ok(()), |error| Err(DiskError::Failed(Arc::new(error))))
    }
}

/// Every critical section leaves the value whole, so a panic elsewhere while it was held does no harm.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
