use eyrie_storage::store::{StoreError, StoredDrillRun};
use eyrie_types::{DrillNow, DrillRun, DrillRunId, DrillRunState, DrillVerdict, WallTime};
use std::time::Duration;

use super::{CHANGES_MAX, WAITING_MAX};
use crate::{GatewayState, Problem};

/// How `run` stands at `now` if nobody has said so yet: over, when no agent took it or its runner is silent.
fn overdue(run: &DrillRun, now: WallTime) -> Option<DrillNow> {
    let why = match (run.now.state, &run.now.runner) {
        (DrillRunState::Ended, _) => return None,
        (DrillRunState::Running, Some(runner)) => {
            let patience = Duration::from_millis(run.asked.dead_man_ms);
            if now.since(runner.heard_at) <= patience {
                return None;
            }
            format!("{} was not heard for {} s: agents have ended its faults", runner.name, patience.as_secs())
        }
        _ if now.since(run.asked.at) <= WAITING_MAX => return None,
        _ => format!("no agent took it within {} s", WAITING_MAX.as_secs()),
    };
    let why = run.now.abort.clone().map_or(why.clone(), |aborted| format!("{aborted}; {why}"));
    Some(ended(run, &why, now))
}

/// `run`, broken off at `now`, and nobody writes a report.
fn ended(run: &DrillRun, why: &str, now: WallTime) -> DrillNow {
    let reasons = vec![format!("broken off: {why}")];
    DrillNow {
        state: DrillRunState::Ended,
        orders: Vec::new(),
        ended_at: Some(now),
        verdict: Some(DrillVerdict { outcome: "aborted".to_owned(), reasons, worst_gap_ms: None }),
        ..run.now.clone()
    }
}

/// A run as it stands now: one that is overdue is over.
///
/// # Errors
/// When there is none, or the store does not answer.
pub(crate) async fn current(state: &GatewayState, id: DrillRunId) -> Result<StoredDrillRun, Problem> {
    for _ in 0..CHANGES_MAX {
        let found = state.store().drill_run(id).await?.ok_or(StoreError::NotFound("drill run"))?;
        let Some(over) = overdue(&found.run, state.clock().now()) else { return Ok(found) };
        tracing::warn!(run = %id, drill = found.run.asked.drill, "a drill is over: nobody carries it");
        if state.store().update_drill_run(id, found.revision, over.clone()).await? {
            let run = DrillRun { now: over, ..found.run };
            return Ok(StoredDrillRun { run, revision: found.revision + 1 });
        }
    }
    Err(StoreError::Contended.into())
}

/// Changes how a run stands, however often others do at the same time. `change` says what to, or why not.
///
/// # Errors
/// When there is none, the store does not answer, or `change` refuses.
pub(crate) async fn change(
    state: &GatewayState,
    id: DrillRunId,
    mut change: impl FnMut(&DrillRun) -> Result<DrillNow, Problem>,
) -> Result<DrillRun, Problem> {
    for _ in 0..CHANGES_MAX {
        let found = current(state, id).await?;
        let now = change(&found.run)?;
        if now == found.run.now {
            return Ok(found.run);
        }
        if state.store().update_drill_run(id, found.revision, now.clone()).await? {
            return Ok(DrillRun { now, ..found.run });
        }
    }
    Err(StoreError::Contended.into())
}

#[cfg(test)]
mod tests {
    use eyrie_types::{CellId, DrillAct, DrillAsked, DrillOrder, DrillRunner, DrillRunnerId, NodeId};

    use super::*;

    fn at(s: i64) -> WallTime {
        WallTime::from_unix_us(s * 1_000_000)
    }

    fn run(now: DrillNow) -> DrillRun {
        let asked = DrillAsked {
            drill: "a".to_owned(),
            hypothesis: String::new(),
            cell: CellId::random(),
            seed: 1,
            blast_radius: String::new(),
            plan: Vec::new(),
            dead_man_ms: 30_000,
            by: "ann".to_owned(),
            at: at(0),
        };
        DrillRun { id: DrillRunId::generate(), asked, now }
    }

    #[test]
    fn a_run_that_nobody_takes_or_carries_any_more_is_over_and_orders_nothing() {
        assert_eq!(overdue(&run(DrillNow::default()), at(60)), None);
        let over = overdue(&run(DrillNow::default()), at(61)).unwrap();
        assert_eq!((over.state, over.ended_at), (DrillRunState::Ended, Some(at(61))));
        let runner = DrillRunner { id: DrillRunnerId::random(), name: "the agent of n1".to_owned(), heard_at: at(100) };
        let order = DrillOrder { number: 1, node: NodeId::random(), act: DrillAct::Kill, lasts_ms: 1 };
        let now = DrillNow {
            state: DrillRunState::Running,
            runner: Some(runner),
            orders: vec![order],
            ..DrillNow::default()
        };
        assert_eq!(overdue(&run(now.clone()), at(130)), None, "as patient as the drill says");
        assert_eq!(overdue(&run(now.clone()), at(50)), None, "one heard by a clock that is ahead is heard");
        let over = overdue(&run(now), at(131)).unwrap();
        assert!(over.orders.is_empty() && over.verdict.as_ref().is_some_and(|verdict| verdict.outcome == "aborted"));
        assert_eq!(overdue(&run(over), at(9_999)), None);
    }
}
