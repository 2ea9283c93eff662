use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eyrie_types::{
    Clock as _, DrillAct, DrillDoingState, DrillOrder, DrillProgress, DrillRunId, DrillRunnerId, Monotonic, NodeId,
    SystemClock, WallTime,
};
use serde_json::json;
use tokio::sync::{Notify, watch};

use super::ApiClient;
use super::views::{Beaten, Doing};

/// How often the cell hears how a run stands, and the run hears of its orders.
const BEAT_EVERY: Duration = Duration::from_millis(250);
/// Lines of progress that are told.
const LINES_MAX: usize = 60;
/// Characters of one.
const LINE_CHARS_MAX: usize = 500;

/// What whoever carries a run wants done, and hears of it.
#[derive(Debug)]
pub(super) struct Lead {
    run: DrillRunId,
    runner: DrillRunnerId,
    patience: Duration,
    clock: SystemClock,
    /// What the cell's clock is ahead of ours by, in microseconds.
    ahead_us: i64,
    state: Mutex<State>,
    changed: Notify,
    heard: watch::Sender<u64>,
    over: watch::Sender<Option<String>>,
}

#[derive(Debug, Default)]
struct State {
    next: u32,
    orders: BTreeMap<u32, DrillOrder>,
    doing: BTreeMap<u32, Doing>,
    progress: DrillProgress,
    round_began: Option<Monotonic>,
    /// Nodes that something is done to, also while they recover from it.
    hit: BTreeSet<NodeId>,
}

impl Lead {
    pub(super) fn new(run: DrillRunId, runner: DrillRunnerId, patience: Duration, ahead_us: i64) -> Self {
        Self {
            run,
            runner,
            patience,
            clock: SystemClock::new(),
            ahead_us,
            state: Mutex::default(),
            changed: Notify::new(),
            heard: watch::Sender::new(0),
            over: watch::Sender::new(None),
        }
    }

    /// Now, by the cell's wall clock.
    pub(super) fn now(&self) -> WallTime {
        self.clock.now().offset_us(self.ahead_us)
    }

    pub(super) fn monotonic(&self) -> Monotonic {
        self.clock.monotonic()
    }

    /// Wants `act` to be in force on `node`, for `lasts` at most. Its number.
    pub(super) fn order(&self, node: NodeId, act: DrillAct, lasts: Duration) -> u32 {
        let mut state = self.lock();
        state.next += 1;
        let number = state.next;
        let lasts_ms = u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX);
        state.orders.insert(number, DrillOrder { number, node, act, lasts_ms });
        state.hit.insert(node);
        drop(state);
        self.changed.notify_one();
        number
    }

    /// Wants it to end.
    pub(super) fn withdraw(&self, number: u32) {
        self.lock().orders.remove(&number);
        self.changed.notify_one();
    }

    /// Wants all to end.
    pub(super) fn withdraw_all(&self) -> Vec<u32> {
        let orders = std::mem::take(&mut self.lock().orders);
        self.changed.notify_one();
        orders.into_keys().collect()
    }

    /// Nothing is done to `node` any more, and it is back.
    pub(super) fn spare(&self, node: NodeId) {
        self.lock().hit.remove(&node);
    }

    /// Something is done to `node`.
    pub(super) fn hits(&self, node: NodeId) -> bool {
        self.lock().hit.contains(&node)
    }

    /// Waits until the agent says that the order is in force, or over: since when.
    pub(super) async fn await_state(
        &self,
        number: u32,
        wanted: DrillDoingState,
        within: Duration,
    ) -> Result<WallTime, String> {
        let mut heard = self.heard.subscribe();
        let wait = async {
            loop {
                let doing = self.lock().doing.get(&number).cloned();
                match doing {
                    Some(doing) if doing.state == DrillDoingState::Failed => return Err(doing.why),
                    Some(doing) if doing.state == wanted => return Ok(doing.at),
                    // It was over before it was seen to begin: it had a short time.
                    Some(doing) if doing.state == DrillDoingState::Ended => {
                        return if doing.why.is_empty() { Ok(doing.at) } else { Err(doing.why) };
                    }
                    _ => {}
                }
                // We hold the sender.
                let _ = heard.changed().await;
            }
        };
        let seen = match wanted {
            DrillDoingState::Begun => "the agent has not begun it",
            _ => "the agent has not ended it",
        };
        tokio::time::timeout(within, wait)
            .await
            .unwrap_or_else(|_| Err(format!("{seen} within {} s", within.as_secs())))
    }

    /// Changes what is told of how far it has come.
    pub(super) fn tell(&self, change: impl FnOnce(&mut DrillProgress)) {
        change(&mut self.lock().progress);
    }

    /// A round begins, or waits to.
    pub(super) fn set_round(&self, began: Option<Monotonic>) {
        self.lock().round_began = began;
    }

    /// Milliseconds from the beginning of the round.
    pub(super) fn round_ms(&self) -> Option<u64> {
        let began = self.lock().round_began?;
        Some(self.monotonic().since(began).as_millis() as u64)
    }

    /// One more line of what happened.
    pub(super) fn line(&self, text: &str) {
        let mut state = self.lock();
        state.progress.lines.push(text.chars().take(LINE_CHARS_MAX).collect());
        let many = state.progress.lines.len().saturating_sub(LINES_MAX);
        state.progress.lines.drain(..many);
    }

    /// The run is to be broken off.
    pub(super) fn break_off(&self, why: impl Into<String>) {
        self.over.send_if_modified(|over| {
            let first = over.is_none();
            if first {
                *over = Some(why.into());
            }
            first
        });
    }

    /// Waits until the run is to be broken off: why.
    pub(super) async fn broken_off(&self) -> String {
        let mut over = self.over.subscribe();
        let why = over.wait_for(Option::is_some).await;
        // We hold the sender.
        why.ok().and_then(|why| why.clone()).unwrap_or_default()
    }

    /// Tells the cell how the run stands, for as long as it is polled.
    pub(super) async fn beat(self: Arc<Self>, client: Arc<ApiClient>) {
        let path = format!("/api/v1/drills/runs/{}/beat", self.run);
        let mut heard_at = self.monotonic();
        loop {
            let body = {
                let state = self.lock();
                let orders: Vec<_> = state.orders.values().collect();
                json!({"runner": self.runner, "orders": orders, "progress": state.progress})
            };
            match client.post::<Beaten>(&path, &body).await {
                Ok(Beaten { abort, doing }) => {
                    heard_at = self.monotonic();
                    self.lock().doing.extend(doing.into_iter().map(|doing| (doing.number, doing)));
                    self.heard.send_modify(|times| *times += 1);
                    if let Some(why) = abort {
                        self.break_off(why);
                    }
                }
                Err(failure) if failure.is_refusal() => self.break_off(failure.to_string()),
                Err(failure) if self.monotonic().since(heard_at) > self.patience => {
                    self.break_off(format!(
                        "no node has taken how it stands for {} s: {failure}",
                        self.patience.as_secs()
                    ));
                }
                Err(_) => {}
            }
            // Whichever comes first.
            let _ = tokio::time::timeout(BEAT_EVERY, self.changed.notified()).await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
