use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use eyrie_types::Clock;
use tokio::sync::watch;

use super::health::HealthKeeper;
use super::metric::DiskMetrics;
use super::open_segment::{Mark, OpenSegment, Pending, lock};
use super::{DiskConfig, DiskError, file};

/// The longest time between two rounds: more would cost more than 5 s of footage when power fails.
const SYNC_INTERVAL_MAX: Duration = Duration::from_secs(5);

/// What the disk's handle and its two threads share.
pub(super) struct Shared {
    pub(super) config: DiskConfig,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) metrics: DiskMetrics,
    pub(super) health: Mutex<HealthKeeper>,
    dirty: Mutex<Dirty>,
    wake: Condvar,
    /// Turns true when the last round is over.
    stopped: watch::Sender<bool>,
}

/// Segments to be synced in the next round: each at most once, so never more than are open.
#[derive(Default)]
struct Dirty {
    segments: Vec<Arc<OpenSegment>>,
    stop: bool,
    stopped: bool,
}

impl Shared {
    pub(super) fn new(config: DiskConfig, clock: Arc<dyn Clock>) -> Self {
        let health = HealthKeeper::new(clock.now(), config.reserve);
        let shared = Self {
            metrics: DiskMetrics::new(&config.name),
            health: Mutex::new(health),
            dirty: Mutex::default(),
            wake: Condvar::new(),
            stopped: watch::Sender::new(false),
            config,
            clock,
        };
        shared.measure();
        shared
    }

    /// Puts a segment on the list of the next round; after the last round its fate is announced at once.
    pub(super) fn add_dirty(&self, segment: Arc<OpenSegment>) {
        let mut dirty = lock(&self.dirty);
        if dirty.stopped {
            drop(dirty);
            segment.announce(None, Some(segment.failure().unwrap_or(DiskError::ShutDown)));
        } else {
            dirty.segments.push(segment);
        }
    }

    /// Waits until the last round is over.
    pub(super) async fn stopped(&self) {
        // The sender is in `self`, so the channel stays open.
        let _ = self.stopped.subscribe().wait_for(|stopped| *stopped).await;
    }

    /// Ends the syncer after one last round.
    pub(super) fn stop(&self) {
        lock(&self.dirty).stop = true;
        self.wake.notify_all();
    }

    pub(super) fn note_error(&self, error: &DiskError) {
        self.metrics.error(error);
        lock(&self.health).failed(self.clock.now(), error);
    }

    /// Measures the free room; a file system that does not tell is as full as it was.
    pub(super) fn measure(&self) {
        if let Ok(stat) = rustix::fs::statvfs(&self.config.root) {
            let free = stat.f_bavail.saturating_mul(stat.f_frsize);
            let total = stat.f_blocks.saturating_mul(stat.f_frsize);
            lock(&self.health).measured(free, total);
            self.metrics.free_bytes.set(free as f64);
        }
    }
}

/// The syncer thread: a round, a pause, and so on until stopped.
pub(super) fn run(shared: &Shared) {
    let mut pause = shared.config.sync_interval;
    loop {
        shared.metrics.sync_interval_seconds.set(pause.as_secs_f64());
        let (segments, stop) = {
            let dirty = lock(&shared.dirty);
            let waited = shared.wake.wait_timeout_while(dirty, pause, |dirty| !dirty.stop);
            let (mut dirty, _) = waited.unwrap_or_else(std::sync::PoisonError::into_inner);
            dirty.stopped = dirty.stop;
            (std::mem::take(&mut dirty.segments), dirty.stop)
        };
        let took = round(shared, segments);
        if stop {
            shared.stopped.send_replace(true);
            return;
        }
        pause = next_pause(shared.config.sync_interval, took);
    }
}

/// Syncs each segment, then the directories that lead to new ones, then announces.
fn round(shared: &Shared, segments: Vec<Arc<OpenSegment>>) -> Duration {
    shared.measure();
    if segments.is_empty() {
        return Duration::ZERO;
    }
    let began = shared.clock.monotonic();
    lock(&shared.health).round_began(began);
    // All are taken before anything is synced: a directory synced for one file then holds the entries of all of them.
    let taken: Vec<(Arc<OpenSegment>, Pending)> =
        segments.into_iter().map(|segment| (segment.clone(), segment.take_pending())).collect();
    let mut directories: BTreeMap<PathBuf, Result<(), DiskError>> = BTreeMap::new();
    let (mut synced, mut sound) = (false, true);
    let mut results = Vec::with_capacity(taken.len());
    for (segment, pending) in taken {
        if segment.durability.borrow().failed.is_some() {
            continue;
        }
        let result = sync_segment(shared, &segment, &pending, &mut directories);
        synced |= result.is_ok();
        sound &= result.is_ok() && pending.failed.is_none();
        if let Err(error) = &result {
            shared.note_error(error);
        }
        results.push(match result {
            Ok(mark) => (segment, Some(mark), pending.failed),
            Err(error) => (segment, None, Some(pending.failed.unwrap_or(error))),
        });
    }
    let took = shared.clock.monotonic().since(began);
    shared.metrics.sync_round_seconds.record(took.as_secs_f64());
    lock(&shared.health).round_ended(shared.clock.now(), took, synced, sound);
    // Last, so that whoever hears of it finds the disk's health up to date.
    for (segment, mark, failed) in results {
        segment.announce(mark, failed);
    }
    took
}

fn sync_segment(
    shared: &Shared,
    segment: &OpenSegment,
    pending: &Pending,
    directories: &mut BTreeMap<PathBuf, Result<(), DiskError>>,
) -> Result<Mark, DiskError> {
    let began = shared.clock.monotonic();
    segment.file.sync_data().map_err(DiskError::io("sync", &segment.path))?;
    shared.metrics.fsync_seconds.record(shared.clock.monotonic().since(began).as_secs_f64());
    for directory in &pending.directories {
        let sync = || file::sync_directory(directory).map_err(DiskError::io("sync", directory));
        directories.entry(directory.clone()).or_insert_with(sync).clone()?;
    }
    Ok(pending.written)
}

/// Four times as long as the round took, so that syncing takes at most a fifth of the disk's time; never less than asked for,
/// never more than 5 s (unless more was asked for).
fn next_pause(asked: Duration, took: Duration) -> Duration {
    took.saturating_mul(4).min(SYNC_INTERVAL_MAX).max(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_stretches_with_the_rounds_and_ends_at_5_s() {
        let pause = |took_ms| next_pause(Duration::from_secs(1), Duration::from_millis(took_ms)).as_millis();
        assert_eq!([pause(0), pause(250), pause(600), pause(10_000)], [1000, 1000, 2400, 5000]);
    }
}
