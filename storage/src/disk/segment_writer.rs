use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use eyrie_types::FragmentEntry;
use tokio::sync::{OwnedSemaphorePermit, oneshot, watch};

use super::handle::Inner;
use super::open_segment::OpenSegment;
use super::writer::Job;
use super::{DiskError, Durability};
use crate::segment::{ClosedSegment, FRAGMENT_BYTES_MAX, FormatError, NewFragment};

/// How long closing and abandoning wait for the last round of syncing: a few rounds of a slow disk.
const LAST_ROUND_WAIT_MAX: Duration = Duration::from_secs(60);

/// Writes one segment. Dropped without [`SegmentWriter::close`], the file stays unclosed, which is what a crash leaves, too; what
/// was appended still becomes durable.
pub struct SegmentWriter {
    disk: Arc<Inner>,
    segment: Arc<OpenSegment>,
}

impl SegmentWriter {
    pub(super) fn new(disk: Arc<Inner>, segment: Arc<OpenSegment>) -> Self {
        Self { disk, segment }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.segment.path
    }

    /// Appends a fragment: when this answers, it is written, but not yet durable. Waits while the disk's queue is full. Not
    /// cancel-safe: dropped half-way, the fragment may or may not be written.
    ///
    /// # Errors
    /// - [`DiskError::Refused`]: it cannot be a fragment, or the segment is full; the segment is as it was.
    /// - [`DiskError::Slow`]: the disk did not get to it in time. When it got no room in the queue the segment is as it was and
    ///   the fragment may be appended again; when the disk took it and hung, the segment has failed.
    /// - Else the segment has failed: [`SegmentWriter::abandon`] tells what of it is durable, and all after it must be written
    ///   again into a new segment.
    pub async fn append(&mut self, fragment: NewFragment) -> Result<FragmentEntry, DiskError> {
        self.segment.check()?;
        let room = self.room(fragment.bytes()).await?;
        self.disk.measure_queue();
        let (reply, answer) = oneshot::channel();
        let job = Job::Append { segment: self.segment.clone(), fragment, room, reply };
        self.disk.send(job, self.disk.shared.config.append_wait, "take a fragment").await?;
        let appended = self.disk.answer(answer, "write a fragment").await;
        self.disk.measure_queue();
        if let Err(error @ DiskError::Slow { .. }) = &appended {
            self.fail(error);
        }
        appended
    }

    /// How much is durable, each time it changes.
    pub fn durable(&self) -> watch::Receiver<Durability> {
        self.segment.durability.subscribe()
    }

    /// Writes the footer and waits until all is durable. The file is never opened for writing again.
    ///
    /// # Errors
    /// When the segment failed, now or before. Its fragments up to [`Durability::fragments`] are durable all the same.
    pub async fn close(self) -> Result<ClosedSegment, DiskError> {
        self.segment.check()?;
        let (reply, answer) = oneshot::channel();
        let job = Job::Close { segment: self.segment.clone(), reply };
        self.disk.send(job, self.disk.shared.config.append_wait, "take a footer").await?;
        let closed = self.disk.answer(answer, "write a footer").await?;
        let last = self.wait(|durability| durability.bytes >= closed.bytes).await?;
        last.failed.map_or(Ok(closed), Err)
    }

    /// Gives the segment up and waits until it is final how much of it is durable. For segments that failed; the file
    /// stays unclosed.
    ///
    /// # Errors
    /// When the disk hangs: how much is durable is not known then, and all that was not announced must be written again.
    pub async fn abandon(self) -> Result<Durability, DiskError> {
        self.fail(&DiskError::Abandoned);
        self.wait(|_| false).await
    }

    async fn room(&self, bytes: u64) -> Result<OwnedSemaphorePermit, DiskError> {
        let max = FRAGMENT_BYTES_MAX.as_u64();
        let permits = u32::try_from(bytes).ok().filter(|_| bytes <= max);
        let permits = permits.ok_or(FormatError::TooLarge { what: "fragment", bytes, max })?;
        let wait = self.disk.shared.config.append_wait;
        match tokio::time::timeout(wait, self.disk.room.clone().acquire_many_owned(permits)).await {
            Ok(room) => room.map_err(|_| DiskError::ShutDown),
            Err(_) => Err(self.disk.slow("make room in its queue", wait)),
        }
    }

    fn fail(&self, error: &DiskError) {
        if self.segment.fail(error.clone()) {
            self.disk.shared.add_dirty(self.segment.clone());
        }
    }

    async fn wait(&self, done: impl Fn(&Durability) -> bool) -> Result<Durability, DiskError> {
        let mut durable = self.segment.durability.subscribe();
        let last = durable.wait_for(|durability| durability.failed.is_some() || done(durability));
        match tokio::time::timeout(LAST_ROUND_WAIT_MAX, last).await {
            // The sender is in the segment, which is held here, so the channel stays open.
            Ok(last) => last.map(|last| last.clone()).map_err(|_| DiskError::ShutDown),
            Err(_) => Err(self.disk.slow("sync a segment", LAST_ROUND_WAIT_MAX)),
        }
    }
}
