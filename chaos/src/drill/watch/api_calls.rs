use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eyrie_types::WallTime;
use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval};

use crate::drill::local::LocalCell;
use crate::drill::report::ApiCall;

/// Calls that are remembered: a day of five a second.
const CALLS_MAX: usize = 432_000;

/// Calls of the API, over time.
#[derive(Debug, Default)]
pub(crate) struct ApiCalls(Mutex<Vec<ApiCall>>);

impl ApiCalls {
    /// Reads the cell's cameras, of another sound node each time, for as long as it is polled.
    pub(crate) async fn run(self: Arc<Self>, cell: Arc<LocalCell>, every: Duration) {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        for turn in 0.. {
            ticks.tick().await;
            let Some(node) = cell.any_sound(turn) else { continue };
            let at = cell.now();
            let answer = cell.api.get::<Value>(&cell.base(node), "/api/v1/cameras?limit=20").await;
            let took = cell.now().since(at);
            // A node that a fault has hit meanwhile owes no answer.
            if answer.is_ok() || cell.is_sound(node) {
                let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                if calls.len() < CALLS_MAX {
                    calls.push(ApiCall { at, took, succeeded: answer.is_ok() });
                }
            }
        }
    }

    /// How many calls were made since `moment`, and how many of them succeeded.
    pub(crate) fn since(&self, moment: WallTime) -> (u64, u64) {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let late = calls.iter().rev().take_while(|call| call.at >= moment);
        late.fold((0, 0), |(made, good), call| (made + 1, good + u64::from(call.succeeded)))
    }

    /// All so far.
    pub(crate) fn all(&self) -> Vec<ApiCall> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
