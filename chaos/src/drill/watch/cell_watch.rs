use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eyrie_types::{Clock as _, SystemClock, WallTime};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::ApiCalls;
use crate::drill::local::{ClusterView, LocalCell, PlacementView};
use crate::drill::{Guard, Guardrails, Seen};

/// How often the cell is looked at: a planned move takes longer, and is seen on its way.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Moves that are remembered: a thousand rounds of all cameras.
const MOVES_MAX: usize = 500_000;

/// A placement that changed its node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moved {
    /// When it was seen.
    pub(crate) at: WallTime,
    /// Whose.
    pub(crate) camera: String,
    /// From which node.
    pub(crate) from: Option<usize>,
    /// To which.
    pub(crate) to: Option<usize>,
    /// It was seen on its way: both recorded until the new one did.
    pub(crate) planned: bool,
}

/// What was seen of the cell.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watched {
    /// Placements that changed their node.
    pub(crate) moves: Vec<Moved>,
    /// When another node was seen to lead, and which.
    pub(crate) leaders: Vec<(WallTime, usize)>,
}

/// Looks at the cell while it is drilled, and says when a guardrail is hit.
#[derive(Debug)]
pub(crate) struct CellWatch {
    watched: Mutex<Watched>,
    alarm: watch::Sender<Option<String>>,
}

impl CellWatch {
    pub(crate) fn new() -> Self {
        Self { watched: Mutex::default(), alarm: watch::Sender::new(None) }
    }

    /// All so far.
    pub(crate) fn watched(&self) -> Watched {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until a guardrail is hit: which.
    pub(crate) async fn alarm(&self) -> String {
        let mut alarm = self.alarm.subscribe();
        let hit = alarm.wait_for(Option::is_some).await;
        // We hold the sender.
        hit.ok().and_then(|hit| hit.clone()).unwrap_or_default()
    }

    /// Looks, for as long as it is polled.
    pub(crate) async fn run(self: Arc<Self>, cell: Arc<LocalCell>, calls: Arc<ApiCalls>, guardrails: Guardrails) {
        let clock = SystemClock::new();
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut guard = Guard::new(guardrails, clock.monotonic());
        let mut known = BTreeMap::new();
        let mut looked = cell.now();
        for turn in 0.. {
            ticks.tick().await;
            let now = cell.now();
            // Nobody answers while all are down: that is known, too.
            let seen = match (cell.view(turn).await, cell.placements(turn).await) {
                (Ok(view), Ok(placements)) => {
                    self.compare(now, &view, placements, &mut known);
                    let recording: u64 = view.nodes.iter().filter_map(|node| node.recording).sum();
                    let (api_calls, api_succeeded) = calls.since(looked);
                    Some(Seen {
                        nodes_down: view.nodes.iter().filter(|node| node.health != "up").count() as u32,
                        cameras: cell.ids().len() as u64,
                        cameras_silent: view.placements.saturating_sub(recording),
                        api_calls,
                        api_succeeded,
                    })
                }
                _ => None,
            };
            looked = now;
            if let Some(hit) = guard.look(clock.monotonic(), seen) {
                self.alarm.send_replace(Some(hit.to_owned()));
                return std::future::pending().await;
            }
        }
    }

    fn compare(
        &self,
        now: WallTime,
        view: &ClusterView,
        placements: Vec<PlacementView>,
        known: &mut BTreeMap<(String, u64), PlacementView>,
    ) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(leader) = view.leader()
            && watched.leaders.last().is_none_or(|(_, last)| *last != leader)
        {
            watched.leaders.push((now, leader));
        }
        for placed in placements {
            let key = (placed.camera.clone(), placed.slot);
            let before = known.get(&key);
            // Nodes answer in turn, and one may be behind another: an older epoch is no news.
            if before.is_some_and(|before| before.epoch > placed.epoch) {
                continue;
            }
            if let Some(before) = before.filter(|before| before.node != placed.node)
                && watched.moves.len() < MOVES_MAX
            {
                let planned = before.moving_to.as_ref() == Some(&placed.node);
                let (from, to) = (view.number(&before.node), view.number(&placed.node));
                watched.moves.push(Moved { at: now, camera: placed.camera.clone(), from, to, planned });
            }
            known.insert(key, placed);
        }
    }
}
