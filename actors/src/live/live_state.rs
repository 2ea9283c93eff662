use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eyrie_media::hls::{LiveAnswer, LivePackager, LiveRequest};
use eyrie_types::Clock;
use tokio::sync::{Semaphore, watch};

use super::viewers::Viewers;

/// Requests of one camera that may wait for the future at once: each is a viewer's playlist or part, of which a player keeps
/// two or three open. Relays of edges count as one viewer.
pub(crate) const LIVE_WAITERS_MAX: usize = 2_000;

/// What the packager's task and those who ask share. The lock is held for a lookup or one unit, never across a wait.
#[derive(Debug)]
pub(crate) struct LiveState {
    packager: Mutex<Option<LivePackager>>,
    /// Rises with each part: waiters look again.
    version: watch::Sender<u64>,
    pub(crate) waiters: Semaphore,
    running: AtomicBool,
    last_asked_us: AtomicU64,
    pub(crate) viewers: Viewers,
}

impl LiveState {
    pub(crate) fn new() -> Self {
        Self {
            packager: Mutex::new(None),
            version: watch::Sender::new(0),
            waiters: Semaphore::new(LIVE_WAITERS_MAX),
            running: AtomicBool::new(false),
            last_asked_us: AtomicU64::new(0),
            viewers: Viewers::default(),
        }
    }

    /// Notes that somebody asks. True when nobody packages, and the caller is the one to have it started.
    pub(crate) fn ask(&self, clock: &dyn Clock) -> bool {
        self.last_asked_us.store(clock.monotonic().as_us(), Ordering::Relaxed);
        !self.running.swap(true, Ordering::AcqRel)
    }

    /// Nobody packages any more: the next who asks starts it.
    pub(crate) fn stopped(&self) {
        *self.lock() = None;
        self.running.store(false, Ordering::Release);
        // Whoever waits asks again, and has it started.
        self.version.send_modify(|version| *version += 1);
    }

    /// Whether somebody packages, or is about to.
    pub(crate) fn is_running(&self) -> bool {
        self.running.load(Ordering::Acquire)
    }

    /// How long ago somebody asked.
    pub(crate) fn idle(&self, clock: &dyn Clock) -> Duration {
        let asked = self.last_asked_us.load(Ordering::Relaxed);
        Duration::from_micros(clock.monotonic().as_us().saturating_sub(asked))
    }

    /// Starts over with `packager`.
    pub(crate) fn begin(&self, packager: LivePackager) {
        *self.lock() = Some(packager);
    }

    /// Works on the packager; when `work` says that something new is there, waiters look again.
    pub(crate) fn update(&self, work: impl FnOnce(&mut LivePackager) -> bool) {
        let new = self.lock().as_mut().is_some_and(work);
        if new {
            self.version.send_modify(|version| *version += 1);
        }
    }

    /// What the packager says; [`LiveAnswer::NotYet`] while there is none.
    pub(crate) fn answer(&self, request: &LiveRequest) -> LiveAnswer {
        match self.lock().as_ref() {
            // Right after the start nothing is there yet that the warm past will bring in a moment.
            Some(packager) if packager.position().is_some() => packager.answer(request),
            _ => LiveAnswer::NotYet,
        }
    }

    /// Tells when to look again.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Option<LivePackager>> {
        self.packager.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
