use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eyrie_types::{Clock as _, SystemClock};
use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval};

use super::through::Through;
use crate::drill::report::ApiCall;

/// Calls that are remembered: a day of five a second.
const CALLS_MAX: usize = 432_000;

/// Calls of the API, over time.
#[derive(Debug, Default)]
pub(super) struct Calls(Mutex<Vec<ApiCall>>);

impl Calls {
    /// Reads the cell's cameras, of another of the addresses each time, for as long as it is polled. A node that a fault is done
    /// to owes no answer.
    pub(super) async fn run(self: Arc<Self>, through: Through, every: Duration) {
        let clock = SystemClock::new();
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        for turn in 0_usize.. {
            ticks.tick().await;
            let at = turn % through.nodes.len().max(1);
            if through.is_hit(at) {
                continue;
            }
            let (wall, began) = (through.lead.now(), clock.monotonic());
            let answer = through.client.get_of::<Value>(at, "/api/v1/cameras?limit=20").await;
            if answer.is_ok() || !through.is_hit(at) {
                let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                if calls.len() < CALLS_MAX {
                    calls.push(ApiCall { at: wall, took: clock.monotonic().since(began), succeeded: answer.is_ok() });
                }
            }
        }
    }

    /// All so far.
    pub(super) fn all(&self) -> Vec<ApiCall> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many were made, and how many of them succeeded.
    pub(super) fn counts(&self) -> (u64, u64) {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (calls.len() as u64, calls.iter().filter(|call| call.succeeded).count() as u64)
    }
}
