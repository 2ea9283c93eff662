use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eyrie_types::Clock;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::session::UdpPair;
use crate::stream::{Stream, Tick};

/// One timer for all streams: it sleeps until the next is due and sends for every one that is, so that a thousand cameras cost
/// at most one wake-up a millisecond.
#[derive(Debug)]
pub(crate) struct Pacer {
    start: Instant,
    clock: Arc<dyn ClockDebug>,
    due: Mutex<BinaryHeap<Reverse<(Duration, usize)>>>,
    earlier: Notify,
}

/// A clock that can be part of a `Debug` struct.
pub(crate) trait ClockDebug: Clock + std::fmt::Debug {}
impl<T: Clock + std::fmt::Debug> ClockDebug for T {}

impl Pacer {
    pub(crate) fn new(clock: Arc<dyn ClockDebug>) -> Self {
        Self { start: Instant::now(), clock, due: Mutex::default(), earlier: Notify::new() }
    }

    /// Time since the server's start.
    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// The wall clock, in microseconds since 1970.
    pub(crate) fn unix_us(&self) -> u64 {
        self.clock.now().as_unix_us().unsigned_abs()
    }

    /// Comes to stream `index` at `due`.
    pub(crate) fn add(&self, due: Duration, index: usize) {
        self.due.lock().unwrap_or_else(PoisonError::into_inner).push(Reverse((due, index)));
        self.earlier.notify_one();
    }

    /// Sends for ever.
    pub(crate) async fn run(&self, streams: &[Arc<Stream>], udp: &UdpPair) {
        let mut buffer = Vec::new();
        loop {
            match self.next() {
                Due::Now(index) => {
                    let tick = Tick { now: self.now(), unix_us: self.unix_us(), udp };
                    if let Some(due) = streams.get(index).and_then(|stream| stream.tick(tick, &mut buffer)) {
                        self.due.lock().unwrap_or_else(PoisonError::into_inner).push(Reverse((due, index)));
                    }
                    tokio::task::consume_budget().await;
                }
                Due::Later(due) => {
                    // Whether a stream is due earlier or the time has come: look again.
                    let _ = tokio::time::timeout_at(self.start + due, self.earlier.notified()).await;
                }
                Due::Never => self.earlier.notified().await,
            }
        }
    }

    fn next(&self) -> Due {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        match due.peek() {
            None => Due::Never,
            Some(Reverse((at, _))) if *at > self.now() => Due::Later(*at),
            Some(Reverse((_, index))) => {
                let index = *index;
                due.pop();
                Due::Now(index)
            }
        }
    }
}

enum Due {
    Now(usize),
    Later(Duration),
    Never,
}
