use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use eyrie_types::{Clock as _, Monotonic, SystemClock};

use crate::drill::inject::{self, InForce, Struck};
use crate::drill::local::{LocalCell, camera_name, facts};
use crate::drill::plan::{Hits, Scheduled, schedule};
use crate::drill::report::{RoundRecord, StruckRecord};
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
    seed: u64,
    cell: &Arc<LocalCell>,
    record: &mut RoundRecord,
) -> Result<(), String> {
    let held = await_steady(cell, drill.settle.held, drill.settle.within).await;
    held.map_err(|seen| format!("no steady state within {:?}: {seen}", drill.settle.within))?;
    let scheduled = schedule(drill, seed, record.number);
    let mut dice = Dice::new(!seed ^ u64::from(record.number).rotate_left(32));
    tokio::time::sleep(Duration::from_millis(dice.within(0..JITTER_MS))).await;
    let clock = SystemClock::new();
    let began = clock.monotonic();
    record.began = cell.now();
    let mut in_force = InForceNow::default();
    for Step { at, fault, begins } in steps(&scheduled) {
        // What is over by itself has no end to wait for.
        if begins || in_force.lasts(fault) {
            sleep_until(&clock, began + at).await;
        }
        let Some(of) = scheduled.get(fault) else { continue };
        if begins {
            in_force.begin(drill, fault, of, cell, &mut dice, record).await?;
        } else {
            in_force.end(fault, cell, record).await?;
        }
    }
    if await_steady(cell, Duration::ZERO, drill.recover).await.is_ok() {
        record.steady = Some(cell.now());
    }
    record.ended = cell.now();
    Ok(())
}

/// A beginning or an end.
#[derive(Debug, Clone, Copy)]
pub(in crate::drill) struct Step {
    pub(in crate::drill) at: Duration,
    /// Its place in the schedule.
    pub(in crate::drill) fault: usize,
    pub(in crate::drill) begins: bool,
}

/// Beginnings and ends by time; at one moment, first the ends of what lasted, so that the next fault finds the cell whole.
pub(in crate::drill) fn steps(scheduled: &[Scheduled]) -> Vec<Step> {
    let both = scheduled.iter().enumerate().flat_map(|(fault, of)| {
        [Step { at: of.begins, fault, begins: true }, Step { at: of.ends, fault, begins: false }]
    });
    let mut steps: Vec<_> = both.collect();
    let lasted = |step: &Step| scheduled.get(step.fault).is_some_and(|of| of.ends > of.begins);
    steps.sort_by_key(|step| (step.at, step.begins || !lasted(step), !step.begins));
    steps
}

/// The faults in force, by their place in the schedule.
#[derive(Default)]
struct InForceNow(BTreeMap<usize, Lasting>);

struct Lasting {
    force: Option<Box<dyn InForce>>,
    hits: Hits,
    /// Its place in the record.
    place: usize,
}

impl InForceNow {
    async fn begin(
        &mut self,
        drill: &Drill,
        number: usize,
        scheduled: &Scheduled,
        cell: &Arc<LocalCell>,
        dice: &mut Dice,
        record: &mut RoundRecord,
    ) -> Result<(), String> {
        let fault = &scheduled.fault;
        let error = |error: DrillError| error.to_string();
        let (view, placements) =
            (cell.view(number).await.map_err(error)?, cell.placements(number).await.map_err(error)?);
        let now = facts(cell, &view, &placements);
        let already = self.0.values().fold(Hits::default(), |all, lasting| all.with(&lasting.hits));
        let (chosen, hits) = inject::choose(drill, fault, &now, &already, dice)?;
        let Struck { at, nodes, cameras, may_take, in_force: force } =
            inject::begin(fault, chosen, cell, dice).await.map_err(error)?;
        let hit: BTreeSet<_> = nodes.iter().map(|node| crate::drill::local::name(*node)).collect();
        let chosen: Vec<_> = cameras.iter().map(|camera| camera_name(*camera)).collect();
        let touched = now.cameras.iter().filter(|camera| camera.nodes.iter().any(|node| hit.contains(node)));
        let touched: BTreeSet<_> = touched.map(|camera| camera.name.clone()).chain(chosen.iter().cloned()).collect();
        let lived = matches!(fault, Fault::Pause(_)) && scheduled.ends - scheduled.begins < LIVED;
        let place = record.struck.len();
        record.struck.push(StruckRecord {
            kind: fault.kind().as_str(),
            what: fault.to_string(),
            at,
            ended: force.is_none().then(|| cell.now()),
            cut_short: false,
            nodes: hit,
            cameras: touched,
            chosen,
            may_take: may_take && !lived,
        });
        self.0.insert(number, Lasting { force, hits, place });
        Ok(())
    }

    fn lasts(&self, number: usize) -> bool {
        self.0.get(&number).is_some_and(|lasting| lasting.force.is_some())
    }

    async fn end(&mut self, number: usize, cell: &LocalCell, record: &mut RoundRecord) -> Result<(), String> {
        record.over = Some(cell.now());
        let Some(Lasting { force, place, .. }) = self.0.remove(&number) else { return Ok(()) };
        if let Some(force) = force {
            force.end().await.map_err(|error| error.to_string())?;
        }
        if let Some(struck) = record.struck.get_mut(place) {
            struck.ended.get_or_insert(cell.now());
        }
        Ok(())
    }
}

/// Waits until the steady state has held for `held`, at most `within`. Every node is asked in turn. `Err` says what there was
/// instead.
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
