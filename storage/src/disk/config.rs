use std::path::PathBuf;
use std::time::Duration;

use eyrie_types::ByteSize;

use crate::segment::FRAGMENT_BYTES_MAX;

/// How often dirty files are synced while the disk keeps up: what a power cut may cost beside the unfinished fragment.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);
/// What may wait to be written: two seconds of 1,000 cameras at 2 Mbit/s, and twice the largest fragment at least.
const QUEUE_BYTES: ByteSize = ByteSize::mib(512);
/// Left free for the metadata store, its log and the system, which have to go on when recording cannot.
const RESERVE: ByteSize = ByteSize::mib(256);
/// How long a fragment may wait for room in the queue. A camera's ring of 16 MiB holds a minute at 2 Mbit/s, so the recorder
/// still has the fragment when it is told.
const APPEND_WAIT: Duration = Duration::from_secs(10);

/// How a recordings directory is to be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskConfig {
    /// The directory.
    pub root: PathBuf,
    /// Its name in metrics and logs.
    pub name: String,
    /// Time between two rounds of syncing; stretches to at most 5 s when a round takes long.
    pub sync_interval: Duration,
    /// The most bytes that may wait to be written; no less than one fragment of the largest size is taken.
    pub queue_bytes: ByteSize,
    /// Bytes to leave free on the file system.
    pub reserve: ByteSize,
    /// How long [`crate::disk::SegmentWriter::append`] waits for room in the queue before it answers
    /// [`crate::disk::DiskError::Slow`].
    pub append_wait: Duration,
}

impl DiskConfig {
    /// The defaults for the directory `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self {
            name: root.display().to_string(),
            root,
            sync_interval: SYNC_INTERVAL,
            queue_bytes: QUEUE_BYTES,
            reserve: RESERVE,
            append_wait: APPEND_WAIT,
        }
    }

    /// The queue's limit as permits: at least a fragment, so that none waits for ever, and what a semaphore can count.
    pub(super) fn queue_permits(&self) -> u32 {
        let bytes = self.queue_bytes.as_u64().max(FRAGMENT_BYTES_MAX.as_u64());
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }
}
