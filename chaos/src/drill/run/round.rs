use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use eyrie_types::Clock as _;
use eyrie_types::{Monotonic, SystemClock};

use super::record::{RoundRecord, StruckRecord};
use super::schedule::{Step, steps};
use crate::drill::inject::{self, InForce, Struck};
use crate::drill::local::LocalCell;
use crate::drill::{Drill, DrillError, Fault};
use crate::sim::Dice;

/// Pause between looks at whether the cell is steady.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Rounds begin up to so much later, by the seed, so that faults do not fall into step with keyframes.
const JITTER_MS: u64 = 1_000;
/// A node that is stopped for less than this is held to be alive, and nothing is taken from it: the floor of the failure detector.
const LIVED: Duration = Duration::from_millis(800);

/// One round. `Err` says why the drill cannot go on; the record says what was done until then.
pub(super) async fn run(
    drill: &Drill,
    cell: &Arc<LocalCell>,
    dice: &mut Dice,
    record: &mut RoundRecord,
) -> Result<(), String> {
    let held = await_steady(cell, drill.settle.held, drill.settle.within).await;
    held.map_err(|seen| format!("no steady state within {:?}: {seen}", drill.settle.within))?;
    tokio::time::sleep(Duration::from_millis(dice.within(0..JITTER_MS))).await;
    let clock = SystemClock::new();
    let began = clock.monotonic();
    record.began = cell.now();
    let mut in_force: BTreeMap<usize, Box<dyn InForce>> = BTreeMap::new();
    let mut places: BTreeMap<usize, usize> = BTreeMap::new();
    for Step { at, number, begins } in steps(drill, dice) {
        sleep_until(&clock, began + at).await;
        let error = |error: DrillError| error.to_string();
        if let Some(fault) = begins {
            let owners = cell.placements(number).await.map_err(error)?;
            let before = cell.view(number).await.map_err(error)?;
            let struck = inject::begin(fault, cell, dice).await.map_err(error)?;
            let Struck { at, nodes, cameras: chosen, may_take, in_force: force } = struck;
            let numbers = cell.numbers();
            let touched =
                owners.iter().filter(|placed| before.number(&placed.node).is_some_and(|node| nodes.contains(&node)));
            let touched = touched.filter_map(|placed| numbers.get(placed.camera.as_str()).copied());
            let lived = matches!(fault, Fault::Pause(_)) && lasts(drill, fault) < LIVED;
            places.insert(number, record.struck.len());
            record.struck.push(StruckRecord {
                kind: fault.kind().as_str(),
                what: fault.to_string(),
                at,
                ended: force.is_none().then(|| cell.now()),
                cut_short: false,
                cameras: touched.chain(chosen.iter().copied()).collect(),
                nodes,
                chosen,
                may_take: may_take && !lived,
            });
            in_force.extend(force.map(|force| (number, force)));
        } else {
            record.over = Some(cell.now());
            if let Some(force) = in_force.remove(&number) {
                force.end().await.map_err(error)?;
            }
            let ended = places.get(&number).and_then(|at| record.struck.get_mut(*at));
            if let Some(struck) = ended {
                struck.ended.get_or_insert(cell.now());
            }
        }
    }
    if await_steady(cell, Duration::ZERO, drill.recover).await.is_ok() {
        record.steady = Some(cell.now());
    }
    record.ended = cell.now();
    Ok(())
}

fn lasts(drill: &Drill, fault: &Fault) -> Duration {
    let timed = drill.faults.iter().find(|timed| timed.one_of.contains(fault));
    timed.map_or(Duration::MAX, |timed| timed.lasts)
}

/// Waits until the steady state has held for `held`, at most `within`. Every node is asked in turn. `Err` says what there was instead.
async fn await_steady(cell: &LocalCell, held: Duration, within: Duration) -> Result<(), String> {
    let clock = SystemClock::new();
    let mut seen = String::new();
    let steady = async {
        let mut since: Option<(Monotonic, usize)> = None;
        for turn in 0.. {
            match cell.unsteady(turn).await {
                None => {
                    let (start, times) = since.map_or((clock.monotonic(), 1), |(start, times)| (start, times + 1));
                    since = Some((start, times));
                    if times >= cell.len() && clock.monotonic().since(start) >= held {
                        return;
                    }
                    // The first looks follow one another: the moment matters.
                    if times < cell.len() {
                        continue;
                    }
                }
                Some(instead) => (since, seen) = (None, instead),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(within, steady).await.map_err(|_| seen)
}

async fn sleep_until(clock: &SystemClock, moment: Monotonic) {
    tokio::time::sleep(moment.since(clock.monotonic())).await;
}
