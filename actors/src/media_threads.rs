use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::{CancellationToken, DropGuard};

/// How many cameras share a media thread before the next one is used. Fewer threads with more to do wake up less often: 128
/// cameras of 2 Mbit/s take a tenth of a core here, so that there is room for those of many times that rate.
const CAMERAS_PER_THREAD: usize = 128;

/// The threads that media runs on: each a single-threaded runtime with the sockets, recorders and packagers of its cameras.
/// Nothing of them migrates, so no packet wakes a second thread, and a burst of requests to the gateway, which runs elsewhere,
/// delays no recording. Dropped, they end with their tasks.
#[derive(Debug)]
pub(crate) struct MediaThreads {
    threads: Vec<MediaThread>,
}

#[derive(Debug)]
struct MediaThread {
    handle: Handle,
    cameras: Arc<AtomicUsize>,
    _stop: DropGuard,
}

/// A camera's place on a media thread, given up when dropped.
#[derive(Debug)]
pub(crate) struct MediaSeat {
    handle: Handle,
    cameras: Arc<AtomicUsize>,
}

impl MediaThreads {
    /// Starts `count` threads, at least one.
    ///
    /// # Errors
    /// When the system gives no thread or no means to wait on sockets.
    pub(crate) fn start(count: usize) -> io::Result<Self> {
        let threads = (0..count.max(1)).map(MediaThread::start).collect::<io::Result<_>>()?;
        Ok(Self { threads })
    }

    /// A place for one more camera.
    pub(crate) fn seat(&self) -> MediaSeat {
        let loads: Vec<usize> = self.threads.iter().map(|thread| thread.cameras.load(Ordering::Relaxed)).collect();
        let thread = &self.threads[pick(&loads)];
        thread.cameras.fetch_add(1, Ordering::Relaxed);
        MediaSeat { handle: thread.handle.clone(), cameras: Arc::clone(&thread.cameras) }
    }
}

impl MediaThread {
    fn start(index: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (handle, stop) = (runtime.handle().clone(), CancellationToken::new());
        let stopped = stop.clone();
        thread::Builder::new()
            .name(format!("media-{index}"))
            .spawn(move || runtime.block_on(stopped.cancelled_owned()))?;
        Ok(Self { handle, cameras: Arc::default(), _stop: stop.drop_guard() })
    }
}

impl MediaSeat {
    /// The runtime of the thread.
    pub(crate) fn runtime(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for MediaSeat {
    fn drop(&mut self) {
        self.cameras.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The first thread that is not full; when all are, the one with the fewest cameras. 0 for no threads.
fn pick(loads: &[usize]) -> usize {
    let open = loads.iter().position(|load| *load < CAMERAS_PER_THREAD);
    let least = || loads.iter().enumerate().min_by_key(|(_, load)| **load).map_or(0, |(index, _)| index);
    open.unwrap_or_else(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_fill_up_one_after_another_and_then_evenly() {
        assert_eq!(pick(&[0, 0]), 0);
        assert_eq!(pick(&[CAMERAS_PER_THREAD - 1, 0]), 0);
        assert_eq!(pick(&[CAMERAS_PER_THREAD, 0]), 1);
        assert_eq!(pick(&[CAMERAS_PER_THREAD + 1, CAMERAS_PER_THREAD]), 1);
        assert_eq!(pick(&[CAMERAS_PER_THREAD, CAMERAS_PER_THREAD]), 0);
    }

    #[tokio::test]
    async fn a_seat_runs_tasks_on_its_thread_and_frees_its_place() {
        let threads = MediaThreads::start(1).unwrap();
        let seat = threads.seat();
        assert_eq!(threads.threads[0].cameras.load(Ordering::Relaxed), 1);
        let ran_on = seat.runtime().spawn(async { thread::current().name().map(str::to_owned) }).await.unwrap();
        assert_eq!(ran_on.as_deref(), Some("media-0"));
        drop(seat);
        assert_eq!(threads.threads[0].cameras.load(Ordering::Relaxed), 0);
        let endless = threads.seat().runtime().spawn(std::future::pending::<()>());
        drop(threads);
        assert!(endless.await.is_err_and(|error| error.is_cancelled()), "tasks end with their thread");
    }
}
