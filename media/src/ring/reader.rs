use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::gop_ring::Shared;
use super::state::{Read, WakeOn};

/// One reader of a ring, with a cursor of its own. Dropped, it frees its place; a pinned reader's position stays pinned for
/// its successor ([`crate::GopRing::resume_reader`]) until [`crate::GopRing::unpin`].
#[derive(Debug)]
pub struct RingReader {
    shared: Arc<Shared>,
    id: usize,
}

impl RingReader {
    pub(super) fn new(shared: Arc<Shared>, id: usize) -> Self {
        Self { shared, id }
    }

    /// Reads on; never waits.
    pub fn try_next(&mut self) -> Read {
        self.shared.lock().try_next(self.id)
    }

    /// The number of the unit read next, if the ring still has it then.
    pub fn position(&self) -> u64 {
        self.shared.lock().position(self.id)
    }

    /// Waits for what `wake_on` names, or for the end of the ring. It may also end early: read until
    /// [`Read::Empty`] and wait again. Dropping the future loses nothing.
    pub fn ready(&mut self, wake_on: WakeOn) -> Ready<'_> {
        Ready { reader: self, wake_on }
    }
}

impl Drop for RingReader {
    fn drop(&mut self) {
        self.shared.lock().remove_reader(self.id);
    }
}

/// The future of [`RingReader::ready`]. Needs no runtime: the writer's thread calls the waker.
#[derive(Debug)]
#[must_use = "a future does nothing unless awaited"]
pub struct Ready<'a> {
    reader: &'a mut RingReader,
    wake_on: WakeOn,
}

impl Future for Ready<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let ready = self.reader.shared.lock().poll_ready(self.reader.id, self.wake_on, context.waker());
        if ready { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Ready<'_> {
    fn drop(&mut self) {
        self.reader.shared.lock().stop_waiting(self.reader.id);
    }
}
