use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use eyrie_types::ByteSize;

use super::budget::{RingAccount, RingBudget};
use super::reader::RingReader;
use super::state::{ReaderKind, RingState};
use super::stats::RingStats;
use super::writer::RingWriter;

/// The most a camera's ring holds: eight seconds of 16 Mbit/s, so a recorder may stall that long without loss.
pub const RING_BYTES_MAX: ByteSize = ByteSize::mib(16);

/// How much media a ring keeps although all have read it: longer than the longest interval between disk syncs (5 s), so that
/// a restarted recorder finds what was not yet durable, and enough for a viewer to start at once.
pub const RING_WARM: Duration = Duration::from_secs(6);

/// A ring's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingConfig {
    /// The most it holds, in bytes; bytes that readers still hold count, up to half of it.
    pub bytes_max: ByteSize,
    /// How much media it keeps although all have read it; rounded up to whole GOPs.
    pub warm: Duration,
}

impl Default for RingConfig {
    fn default() -> Self {
        Self { bytes_max: RING_BYTES_MAX, warm: RING_WARM }
    }
}

/// A ring has one writer at a time, and this one has one already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the camera's ring has a writer already")]
pub struct WriterTaken;

/// How many wakers leave the lock at a time: a recorder, a packager and a few relays are the rule.
const WAKE_BATCH: usize = 8;

/// What readers, the writer and handles share.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<RingState>,
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, RingState> {
        // Each method of the state leaves it whole, so a panic elsewhere while it was locked does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Unlocks, then wakes those who are due.
    pub(super) fn wake<'a>(&'a self, mut state: MutexGuard<'a, RingState>) {
        loop {
            let mut due: [Option<Waker>; WAKE_BATCH] = Default::default();
            let more = state.take_due(&mut due);
            drop(state);
            due.into_iter().flatten().for_each(Waker::wake);
            if !more {
                return;
            }
            state = self.lock();
        }
    }

    fn close(&self) {
        let mut state = self.lock();
        state.close();
        self.wake(state);
    }
}

/// Held by handles and the writer: with the last of them the ring closes, so that no reader waits for ever.
#[derive(Debug)]
pub(super) struct Keeper(pub(super) Arc<Shared>);

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// A handle to a camera's ring. The ring outlives its writers, so that an ingest can start again without readers noticing more
/// than a discontinuity; it closes with [`GopRing::close`], or with its last handle and writer.
#[derive(Debug, Clone)]
pub struct GopRing {
    keeper: Arc<Keeper>,
}

impl GopRing {
    /// Makes a ring with its first writer, and takes its reserve from `budget` (ask [`RingBudget::admit`] first).
    pub fn new(config: RingConfig, budget: Arc<RingBudget>) -> (RingWriter, Self) {
        let state = Mutex::new(RingState::new(config, RingAccount::open(budget)));
        let keeper = Arc::new(Keeper(Arc::new(Shared { state })));
        (RingWriter::new(Arc::clone(&keeper)), Self { keeper })
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.keeper.0
    }

    /// Takes the place of a writer that is gone. Numbering goes on; the new writer's streams need sequences from
    /// [`RingWriter::next_stream_sequence`] on.
    ///
    /// # Errors
    /// While there is a writer.
    pub fn writer(&self) -> Result<RingWriter, WriterTaken> {
        let mut state = self.shared().lock();
        if state.writer_taken {
            return Err(WriterTaken);
        }
        state.writer_taken = true;
        drop(state);
        Ok(RingWriter::new(Arc::clone(&self.keeper)))
    }

    /// A reader from the newest GOP on, or from the first that comes. A pinned reader takes the pin over from another.
    pub fn reader(&self, kind: ReaderKind) -> RingReader {
        self.add_reader(kind, RingState::newest_entry)
    }

    /// A skipping reader that starts at the keyframe opening the oldest of the last `live_segments` live segments (1 is the
    /// one now growing), as far back as the ring reaches.
    pub fn reader_from_last_keyframes(&self, live_segments: u64) -> RingReader {
        self.add_reader(ReaderKind::Skipping, |state| state.warm_entry(live_segments))
    }

    /// A skipping reader that goes on right after unit `after_seq`, the last that an earlier one got. What the ring no longer has
    /// is read as [`crate::Read::Skipped`].
    pub fn reader_after(&self, after_seq: u64) -> RingReader {
        self.add_reader(ReaderKind::Skipping, |state| state.entry_after(after_seq))
    }

    /// A pinned reader that goes on right after unit `after_seq`, the last durable one of a recorder that restarted. What the
    /// ring no longer has is read as [`crate::Read::Skipped`].
    pub fn resume_reader(&self, after_seq: u64) -> RingReader {
        self.add_reader(ReaderKind::Pinned, |state| state.entry_after(after_seq))
    }

    fn add_reader(&self, kind: ReaderKind, entry: impl FnOnce(&RingState) -> (u64, bool)) -> RingReader {
        let mut state = self.shared().lock();
        let (cursor, seeking) = entry(&state);
        let id = state.add_reader(kind, cursor, seeking);
        drop(state);
        RingReader::new(Arc::clone(self.shared()), id)
    }

    /// Lets go of the place a pinned reader left behind. A recorder that restarts finds its place kept; when recording is
    /// switched off instead, drop its reader and call this.
    pub fn unpin(&self) {
        self.shared().lock().unpin();
    }

    /// Ends the ring: pushes are refused, readers get what is left and then [`crate::Read::Closed`].
    pub fn close(&self) {
        self.shared().close();
    }

    /// The counters now.
    pub fn stats(&self) -> RingStats {
        self.shared().lock().stats()
    }
}
