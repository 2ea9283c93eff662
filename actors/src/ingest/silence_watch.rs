use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eyrie_types::{Clock, Monotonic};
use tokio::sync::Notify;

/// How long a connected camera may send nothing before it counts as silent. With [`TICK`] on top it is noticed in under 3 s.
pub(crate) const SILENCE_AFTER: Duration = Duration::from_millis(2_500);
/// How often all cameras are looked at: one wake-up for the whole node, instead of a timer per camera and packet.
const TICK: Duration = Duration::from_millis(250);
/// A pulse that is not watched.
const IDLE: u64 = u64::MAX;

/// The last sign of life of one camera's session, and how long it may take to the next.
#[derive(Debug)]
pub(crate) struct Pulse {
    last_us: AtomicU64,
    patience_us: AtomicU64,
    silent: Notify,
}

impl Pulse {
    /// An access unit arrived, or the session starts to be watched, at `now`.
    pub(crate) fn beat(&self, now: Monotonic) {
        self.last_us.store(now.as_us(), Ordering::Relaxed);
    }

    /// From now on silence is what lasts this long; [`SILENCE_AFTER`] at first.
    pub(crate) fn allow(&self, patience: Duration) {
        self.patience_us.store(patience.as_micros() as u64, Ordering::Relaxed);
    }

    /// The session is over.
    pub(crate) fn rest(&self) {
        self.last_us.store(IDLE, Ordering::Relaxed);
    }

    /// Waits until the watch finds the camera silent. Answers for how long it must have been.
    pub(crate) async fn silent(&self) -> Duration {
        self.silent.notified().await;
        Duration::from_micros(self.patience_us.load(Ordering::Relaxed))
    }
}

/// Looks at all cameras of the node four times a second and wakes those that went silent.
#[derive(Debug, Default)]
pub(crate) struct SilenceWatch {
    pulses: Mutex<HashMap<u64, Arc<Pulse>>>,
    next: AtomicU64,
}

/// A place in the watch, given up when dropped.
#[derive(Debug)]
pub(crate) struct Watched {
    watch: Arc<SilenceWatch>,
    place: u64,
    pub(crate) pulse: Arc<Pulse>,
}

impl SilenceWatch {
    /// Takes a place for a camera.
    pub(crate) fn enter(self: &Arc<Self>) -> Watched {
        let place = self.next.fetch_add(1, Ordering::Relaxed);
        let patience_us = AtomicU64::new(SILENCE_AFTER.as_micros() as u64);
        let pulse = Arc::new(Pulse { last_us: AtomicU64::new(IDLE), patience_us, silent: Notify::new() });
        self.lock().insert(place, Arc::clone(&pulse));
        Watched { watch: Arc::clone(self), place, pulse }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Arc<Pulse>>> {
        // Nothing that holds the lock can leave the map half-changed.
        self.pulses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks once.
    fn look(&self, now_us: u64) {
        for pulse in self.lock().values() {
            let last = pulse.last_us.load(Ordering::Relaxed);
            let limit_us = pulse.patience_us.load(Ordering::Relaxed);
            if last != IDLE && now_us.saturating_sub(last) >= limit_us {
                pulse.silent.notify_one();
            }
        }
    }

    /// Looks for as long as it is polled.
    pub(crate) async fn run(self: Arc<Self>, clock: Arc<dyn Clock>) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            tick.tick().await;
            self.look(clock.monotonic().as_us());
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.watch.lock().remove(&self.place);
    }
}

#[cfg(test)]
mod tests {
    use eyrie_types::ManualClock;
    use futures::FutureExt;

    use super::*;

    #[test]
    fn silence_is_told_once_it_lasts_and_only_while_watched() {
        let (watch, clock) = (Arc::new(SilenceWatch::default()), ManualClock::default());
        let camera = watch.enter();
        camera.pulse.beat(clock.monotonic());
        clock.advance(SILENCE_AFTER - Duration::from_millis(1));
        watch.look(clock.monotonic().as_us());
        assert!(camera.pulse.silent().now_or_never().is_none());
        clock.advance(TICK);
        watch.look(clock.monotonic().as_us());
        assert!(camera.pulse.silent().now_or_never().is_some());
        camera.pulse.allow(SILENCE_AFTER * 2);
        camera.pulse.beat(clock.monotonic());
        clock.advance(SILENCE_AFTER * 2 - TICK);
        watch.look(clock.monotonic().as_us());
        assert!(camera.pulse.silent().now_or_never().is_none(), "it may take longer");
        clock.advance(TICK);
        watch.look(clock.monotonic().as_us());
        assert_eq!(camera.pulse.silent().now_or_never(), Some(SILENCE_AFTER * 2));
        camera.pulse.rest();
        clock.advance(SILENCE_AFTER * 2);
        watch.look(clock.monotonic().as_us());
        assert!(camera.pulse.silent().now_or_never().is_none());
        drop(camera);
        assert!(watch.lock().is_empty());
    }
}
