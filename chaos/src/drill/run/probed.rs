use std::path::PathBuf;
use std::sync::Arc;

use eyrie_storage::store::StoreConfig;
use eyrie_types::{TimeRange, WallTime};
use serde_json::json;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::Say;
use crate::drill::local::LocalCell;
use crate::drill::report::{Found, Worst};
use crate::drill::watch::{ApiCalls, LiveAges, Plays, doubled, index_differences};
use crate::drill::{Drill, DrillError, LiveProbe, Measure, Probe};

/// The probes that run while the cell is drilled.
pub(super) struct Probing {
    pub(super) calls: Arc<ApiCalls>,
    live: Option<(LiveProbe, Arc<LiveAges>)>,
    plays: Arc<Plays>,
}

/// What is outside of the cell's networks.
pub(super) struct Outside {
    /// Tasks of this runtime reach the store.
    pub(super) runtime: Handle,
    /// The cell's store.
    pub(super) store: StoreConfig,
}

impl Probing {
    /// Begins the probes that the drill asks for.
    pub(super) fn start(drill: &Drill, cell: &Arc<LocalCell>, tasks: &mut JoinSet<()>) -> Self {
        let mut probing = Self { calls: Arc::default(), live: None, plays: Arc::default() };
        for probe in &drill.probes {
            match probe {
                Probe::Api(api) => {
                    tasks.spawn(Arc::clone(&probing.calls).run(Arc::clone(cell), api.every));
                }
                Probe::Live(live) => {
                    let ages = Arc::<LiveAges>::default();
                    tasks.spawn(Arc::clone(&ages).run(Arc::clone(cell), live.clone()));
                    probing.live = Some((live.clone(), ages));
                }
                Probe::Playback(playback) => {
                    tasks.spawn(Arc::clone(&probing.plays).run(Arc::clone(cell), playback.clone()));
                }
                Probe::RecordedGap(_) | Probe::FalseReassignments(_) | Probe::IndexMatchesDisk(_) => {}
            }
        }
        probing
    }

    /// What they have found at `now`.
    pub(super) fn found(&self, now: WallTime) -> Found {
        Found {
            calls: self.calls.all(),
            live: self.live.as_ref().and_then(|(probe, ages)| ages.worst(probe.age, now)),
            plays: self.plays.all(),
            ..Found::default()
        }
    }
}

/// Measures what is measured when all is over: what playback of the whole drill shows twice; and, with all cameras switched off,
/// where index and disks differ. What cannot be measured is said, and stays without a value.
pub(super) async fn look_back(
    found: &mut Found,
    drill: &Drill,
    cell: &LocalCell,
    started: WallTime,
    outside: &Outside,
    say: Say<'_>,
) {
    let wants = |measure| drill.bounds().iter().any(|bound| bound.measure == measure);
    if wants(Measure::UnitsDoubled) {
        say("playing all that was recorded");
        match doubled(cell, TimeRange { start: started, end: cell.now() }).await {
            Ok(worst) => found.doubled = Some(worst),
            Err(error) => say(&format!("what playback shows twice cannot be told: {error}")),
        }
    }
    if wants(Measure::IndexDifferences) {
        say("comparing index and disks");
        match differences(cell, outside).await {
            Ok(worst) => found.index = Some(worst),
            Err(why) => say(&format!("index and disks cannot be compared: {why}")),
        }
    }
}

async fn differences(cell: &LocalCell, outside: &Outside) -> Result<Worst, String> {
    switch_off(cell).await.map_err(|error| error.to_string())?;
    let recordings: Vec<PathBuf> = (0..cell.len()).map(|node| cell.node_dir(node).join("recordings")).collect();
    let comparing = outside.runtime.spawn(index_differences(outside.store.clone(), recordings));
    comparing.await.map_err(|error| error.to_string())?
}

/// Switches all cameras off: what grows cannot be compared.
async fn switch_off(cell: &LocalCell) -> Result<(), DrillError> {
    let node = cell.any_sound(0).ok_or_else(|| DrillError::Refused("no node of the cell answers".to_owned()))?;
    for id in cell.ids() {
        cell.api.patch(&cell.base(node), &format!("/api/v1/cameras/{id}"), &json!({"enabled": false})).await?;
    }
    Ok(())
}
