use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use eyrie_types::Clock;
use rustix::fs::FlockOperation;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::open_segment::lock;
use super::syncer::Shared;
use super::writer::Job;
use super::{DiskConfig, DiskError, DiskHealth, SegmentWriter, file, syncer, writer};
use crate::segment::{NewSegment, SegmentPath};

/// Jobs that may wait: one of each of 1,000 cameras, twice. Bytes have a limit of their own, [`DiskConfig::queue_bytes`].
const QUEUE_JOBS_MAX: usize = 2048;
/// Segments that may be open: each camera of 1,000 has one, two while it cuts, and a failed one now and then. Each costs a file
/// descriptor and up to 400 kB of fragment table towards its end.
const SEGMENTS_OPEN_MAX: usize = 4096;
/// How long to wait for a job the disk has taken. A disk that does not even take bytes into the page cache for so long hangs.
const REPLY_WAIT_MAX: Duration = Duration::from_secs(30);

/// A recordings directory. Cheap to clone; its threads end when the last clone and the last [`SegmentWriter`] are gone, or at
/// [`Disk::shutdown`].
#[derive(Clone)]
pub struct Disk {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) shared: Arc<Shared>,
    pub(super) jobs: mpsc::Sender<Job>,
    /// A permit a byte that waits to be written.
    pub(super) room: Arc<Semaphore>,
    slots: Arc<Semaphore>,
    /// Kept open for its lock: two processes must not record into one directory.
    _lock: File,
}

impl Disk {
    /// Takes a recordings directory into use and starts its threads; makes the directory where it is missing.
    ///
    /// # Errors
    /// When it cannot be made or opened, or another process uses it.
    pub fn open(config: DiskConfig, clock: Arc<dyn Clock>) -> Result<Self, DiskError> {
        let root = config.root.clone();
        if !root.is_dir() {
            file::create_directories(&root).map_err(DiskError::io("create", &root))?;
        }
        // Whoever made it may not have: all recordings are lost with the name of their directory.
        if let Some(parent) = root.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            file::sync_directory(parent).map_err(DiskError::io("sync", parent))?;
        }
        let held = File::open(&root).map_err(DiskError::io("open", &root))?;
        match rustix::fs::flock(&held, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(DiskError::InUse(root)),
            Err(error) => return Err(DiskError::io("lock", &root)(error.into())),
        }
        let room = Arc::new(Semaphore::new(config.queue_permits() as usize));
        let shared = Arc::new(Shared::new(config, clock));
        let (jobs, mut queue) = mpsc::channel(QUEUE_JOBS_MAX);
        let spawn = |name: &str, body: Box<dyn FnOnce() + Send>| {
            let thread = std::thread::Builder::new().name(name.to_owned());
            thread.spawn(body).map(drop).map_err(DiskError::io("start a thread for", &root))
        };
        let (for_writer, for_syncer) = (shared.clone(), shared.clone());
        spawn("disk-sync", Box::new(move || syncer::run(&for_syncer)))?;
        spawn("disk-write", Box::new(move || writer::run(&for_writer, &mut queue)))?;
        let slots = Arc::new(Semaphore::new(SEGMENTS_OPEN_MAX));
        Ok(Self { inner: Arc::new(Inner { shared, jobs, room, slots, _lock: held }) })
    }

    /// Its configuration.
    pub fn config(&self) -> &DiskConfig {
        &self.inner.shared.config
    }

    /// Creates a segment file: header and init segment are written, and durable together with the first fragment.
    ///
    /// # Errors
    /// When the disk refuses, has no room, or hangs. No segment is left behind then.
    pub async fn create(&self, new: NewSegment) -> Result<SegmentWriter, DiskError> {
        let slot = self.inner.slots.clone().try_acquire_owned();
        let slot = slot.map_err(|_| DiskError::TooManyOpen(SEGMENTS_OPEN_MAX))?;
        let (reply, answer) = oneshot::channel();
        let job = Job::Create { new: Box::new(new), slot, reply };
        self.inner.send(job, self.config().append_wait, "take a new segment").await?;
        let segment = self.inner.answer(answer, "create a segment").await?;
        Ok(SegmentWriter::new(self.inner.clone(), segment))
    }

    /// Deletes a segment's file, and makes that durable. `false` when there was none. Room is measured again right after.
    ///
    /// # Errors
    /// When the disk refuses; the file is there still, or its deletion may not outlast a power cut.
    pub async fn delete(&self, path: &SegmentPath) -> Result<bool, DiskError> {
        let (shared, path) = (self.inner.shared.clone(), path.clone());
        // Deleting a large file may take a disk some time; none of its two threads is to wait for it.
        let deleting = tokio::task::spawn_blocking(move || {
            let deleted = file::delete_segment(&shared.config.root, &path);
            shared.measure();
            deleted
        });
        deleting.await.unwrap_or(Err(DiskError::ShutDown))
    }

    /// Its health as of now.
    pub fn health(&self) -> DiskHealth {
        let shared = &self.inner.shared;
        lock(&shared.health).report(shared.clock.now(), shared.clock.monotonic())
    }

    /// Writes what is queued, refuses everything after it, and has one last round of syncing. What that made durable stands in
    /// each writer's [`SegmentWriter::durable`].
    pub async fn shutdown(&self) {
        // An error means that it was shut down before.
        let _ = self.inner.jobs.send(Job::Stop).await;
        self.inner.shared.stopped().await;
    }
}

impl Inner {
    pub(super) async fn send(&self, job: Job, wait: Duration, action: &'static str) -> Result<(), DiskError> {
        match tokio::time::timeout(wait, self.jobs.send(job)).await {
            Ok(sent) => sent.map_err(|_| DiskError::ShutDown),
            Err(_) => Err(self.slow(action, wait)),
        }
    }

    pub(super) async fn answer<T>(
        &self,
        answer: oneshot::Receiver<Result<T, DiskError>>,
        action: &'static str,
    ) -> Result<T, DiskError> {
        match tokio::time::timeout(REPLY_WAIT_MAX, answer).await {
            Ok(answer) => answer.unwrap_or(Err(DiskError::ShutDown)),
            Err(_) => Err(self.slow(action, REPLY_WAIT_MAX)),
        }
    }

    pub(super) fn slow(&self, action: &'static str, waited: Duration) -> DiskError {
        let error = DiskError::Slow { action, waited };
        self.shared.note_error(&error);
        error
    }

    pub(super) fn measure_queue(&self) {
        let all = self.shared.config.queue_permits() as usize;
        let waiting = all.saturating_sub(self.room.available_permits());
        self.shared.metrics.queue_bytes.set(waiting as f64);
    }
}
