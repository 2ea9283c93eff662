use eyrie_storage::StoreError;
use eyrie_storage::store::{DRILL_REPORT_BYTES_MAX, DRILL_RUNS_KEPT};
use eyrie_types::{
    CellId, DrillAct, DrillAgent, DrillAsked, DrillNow, DrillOrder, DrillRun, DrillRunId, DrillRunState, DrillRunnerId,
    NodeId,
};
use uuid::Uuid;

use crate::backend::empty;
use crate::values::at;

fn asked(drill: &str) -> DrillAsked {
    DrillAsked {
        drill: drill.to_owned(),
        hypothesis: "it holds".to_owned(),
        cell: CellId::random(),
        seed: 7,
        blast_radius: "at most 1 node and all cameras".to_owned(),
        plan: vec!["drill".to_owned()],
        dead_man_ms: 30_000,
        by: "admin".to_owned(),
        at: at(0),
    }
}

fn run(drill: &str) -> DrillRun {
    DrillRun { id: DrillRunId::generate(), asked: asked(drill), now: DrillNow::default() }
}

#[tokio::test]
async fn of_two_that_begin_a_drill_at_once_one_has_the_turn() {
    let store = empty().await;
    assert_eq!(store.drill_turn().await.unwrap(), None);
    let (one, other) = (run("one"), run("other"));
    let begin = |run: &DrillRun| store.begin_drill_run(None, run.clone(), "drill: x".to_owned());
    let (first, second) = tokio::join!(begin(&one), begin(&other));
    assert!(first.unwrap() ^ second.unwrap());
    let turn = store.drill_turn().await.unwrap().unwrap();
    let runs = store.drill_runs().await.unwrap();
    assert_eq!(runs.iter().map(|run| run.id).collect::<Vec<_>>(), [turn], "the other one left nothing behind");
    // The next one names the one it follows; anything else is too late.
    assert!(!store.begin_drill_run(None, run("late"), String::new()).await.unwrap());
    let next = run("next");
    assert!(store.begin_drill_run(Some(turn), next.clone(), "drill: next".to_owned()).await.unwrap());
    assert_eq!(store.drill_turn().await.unwrap(), Some(next.id));
    assert_eq!(store.drill_file(next.id).await.unwrap().as_deref(), Some("drill: next"));
    let names: Vec<_> = store.drill_runs().await.unwrap().into_iter().map(|run| run.asked.drill).collect();
    assert_eq!(names.first().map(String::as_str), Some("next"), "the latest first: {names:?}");
}

#[tokio::test]
async fn a_run_changes_for_whoever_knows_how_it_stood() {
    let store = empty().await;
    let run = run("one");
    assert!(store.begin_drill_run(None, run.clone(), String::new()).await.unwrap());
    let stored = store.drill_run(run.id).await.unwrap().unwrap();
    assert_eq!((stored.run.clone(), stored.revision), (run.clone(), 1));
    let act = DrillAct::CpuPressure { share: 5_000 };
    let order = DrillOrder { number: 1, node: NodeId::random(), act, lasts_ms: 20_000 };
    let now = DrillNow { state: DrillRunState::Running, orders: vec![order], ..DrillNow::default() };
    assert!(store.update_drill_run(run.id, 1, now.clone()).await.unwrap());
    assert!(!store.update_drill_run(run.id, 1, DrillNow::default()).await.unwrap(), "it was changed by another");
    let stored = store.drill_run(run.id).await.unwrap().unwrap();
    assert_eq!((stored.run.now, stored.revision), (now, 2));
    let nobody = DrillRunId::generate();
    assert!(!store.update_drill_run(nobody, 1, DrillNow::default()).await.unwrap());
    assert_eq!(store.drill_run(nobody).await.unwrap(), None);
}

#[tokio::test]
async fn reports_are_kept_with_their_run_and_bounded() {
    let store = empty().await;
    let run = run("one");
    assert!(store.begin_drill_run(None, run.clone(), String::new()).await.unwrap());
    assert_eq!(store.drill_report(run.id).await.unwrap(), None);
    store.put_drill_report(run.id, "{}".to_owned()).await.unwrap();
    assert_eq!(store.drill_report(run.id).await.unwrap().as_deref(), Some("{}"));
    let large = "x".repeat(DRILL_REPORT_BYTES_MAX + 1);
    assert!(matches!(store.put_drill_report(run.id, large).await, Err(StoreError::TooMany { .. })));
    let nobody = store.put_drill_report(DrillRunId::generate(), "{}".to_owned()).await;
    assert!(matches!(nobody, Err(StoreError::NotFound(_))));
}

#[tokio::test]
async fn the_earliest_run_goes_when_there_are_too_many() {
    let store = empty().await;
    let mut last = None;
    // In the order of their making, whatever the clock says within one millisecond.
    let id = |n: u128| DrillRunId::from_uuid(Uuid::from_u128(n));
    for n in 0..=DRILL_RUNS_KEPT as u128 {
        let run = DrillRun { id: id(n), ..run("one") };
        assert!(store.begin_drill_run(last, run.clone(), String::new()).await.unwrap());
        last = Some(run.id);
        if n == 0 {
            store.put_drill_report(run.id, "{}".to_owned()).await.unwrap();
        }
    }
    let runs = store.drill_runs().await.unwrap();
    assert_eq!(runs.len(), DRILL_RUNS_KEPT);
    assert!(store.drill_run(id(0)).await.unwrap().is_none() && store.drill_run(id(1)).await.unwrap().is_some());
    assert_eq!(store.drill_report(id(0)).await.unwrap(), None);
}

#[tokio::test]
async fn each_node_has_one_agent_the_one_that_spoke_last() {
    let store = empty().await;
    let agent = |node, ms| DrillAgent {
        node,
        runner: DrillRunnerId::random(),
        can: vec!["kill".to_owned()],
        cannot: Vec::new(),
        version: "0.1.0".to_owned(),
        doing: Vec::new(),
        heard_at: at(ms),
    };
    let (one, other) = (NodeId::from_uuid(Uuid::from_u128(1)), NodeId::from_uuid(Uuid::from_u128(2)));
    for (node, ms) in [(other, 0), (one, 1), (one, 2)] {
        store.put_drill_agent(agent(node, ms)).await.unwrap();
    }
    let heard: Vec<_> = store.drill_agents().await.unwrap().iter().map(|agent| (agent.node, agent.heard_at)).collect();
    assert_eq!(heard, [(one, at(2)), (other, at(0))]);
}
