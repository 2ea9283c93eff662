use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use eyrie_cluster::{PacerLimits, PlacementKey, StartPacer};
use eyrie_types::Clock;
use tokio::sync::{Notify, oneshot};

struct State {
    pacer: StartPacer,
    waiters: HashMap<PlacementKey, oneshot::Sender<()>>,
}

/// Lets cameras set up their connections a few at a time: first starts and reconnects alike, for a switch that reboots brings
/// all its cameras back in the same second.
pub(crate) struct SetupGate {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    changed: Notify,
}

/// A camera's turn to set up; over when dropped.
pub(crate) struct Turn {
    gate: Arc<SetupGate>,
    key: PlacementKey,
}

impl SetupGate {
    pub(crate) fn new(limits: PacerLimits, clock: Arc<dyn Clock>) -> Arc<Self> {
        let state = Mutex::new(State { pacer: StartPacer::new(limits), waiters: HashMap::new() });
        Arc::new(Self { clock, state, changed: Notify::new() })
    }

    /// Waits for a turn. Dropping the future gives the place up.
    pub(crate) async fn enter(self: &Arc<Self>, key: PlacementKey) -> Turn {
        let (sender, called) = oneshot::channel();
        let turn = Turn { gate: Arc::clone(self), key: key.clone() };
        {
            let mut state = self.lock();
            state.waiters.insert(key.clone(), sender);
            state.pacer.request(key);
        }
        self.changed.notify_one();
        // The sender is dropped unsent only when another attempt of the same camera took the place: then this one may as well
        // go on, for the two share one turn.
        let _ = called.await;
        turn
    }

    /// Calls those whose turn it is, for as long as it is polled.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            let next_in = {
                let mut state = self.lock();
                let now = self.clock.monotonic();
                while let Some(key) = state.pacer.next(now) {
                    if let Some(waiter) = state.waiters.remove(&key) {
                        let _ = waiter.send(());
                    }
                }
                metrics::gauge!("eyrie_camera_setups_waiting").set(state.pacer.waiting() as f64);
                metrics::gauge!("eyrie_camera_setups_in_flight").set(state.pacer.in_flight() as f64);
                state.pacer.next_in(now)
            };
            match next_in {
                Some(pause) => drop(tokio::time::timeout(pause, self.changed.notified()).await),
                None => self.changed.notified().await,
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.gate.lock();
        state.pacer.done(&self.key);
        state.waiters.remove(&self.key);
        drop(state);
        self.gate.changed.notify_one();
    }
}
