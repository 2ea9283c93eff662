use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use eyrie_types::{Clock as _, SystemClock};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::drill::DeadMan;

/// How often the drill says that it lives.
const BEAT_EVERY: Duration = Duration::from_millis(500);
/// What this process exits with: as a drill that was broken off.
const BROKEN_OFF: i32 = 3;

/// The dead man's switch. Whatever a drill does ends with its process; this ends the process when the drill in it hangs.
pub(super) struct Watchdog(JoinHandle<()>);

impl Watchdog {
    /// Begins to listen, to a task of the runtime it is called in.
    pub(super) fn start(patience: Duration) -> Self {
        let (beat, beats) = mpsc::sync_channel(1);
        let beating = tokio::spawn(async move {
            let mut ticks = interval(BEAT_EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                // A beat that waits to be heard is as good as two.
                if matches!(beat.try_send(()), Err(mpsc::TrySendError::Disconnected(()))) {
                    return;
                }
            }
        });
        std::thread::spawn(move || {
            let clock = SystemClock::new();
            let mut switch = DeadMan::new(patience, clock.monotonic());
            while !switch.is_over(clock.monotonic()) {
                match beats.recv_timeout(switch.left(clock.monotonic())) {
                    Ok(()) => switch.hear(clock.monotonic()),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
            std::process::exit(BROKEN_OFF);
        });
        Self(beating)
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.0.abort();
    }
}
