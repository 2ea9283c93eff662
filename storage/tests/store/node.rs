use eyrie_storage::ledger::NodeRun;
use eyrie_types::NodeId;

use crate::backend::empty;
use crate::values::{at, range};

#[tokio::test]
async fn the_first_identity_of_a_node_stays() {
    let store = empty().await;
    let first = NodeId::generate();
    assert_eq!(store.node_id(first).await.unwrap(), first);
    assert_eq!(store.node_id(NodeId::generate()).await.unwrap(), first);
}

#[tokio::test]
async fn runs_around_a_range_are_found_and_a_clock_set_back_shortens_none() {
    let store = empty().await;
    let node = NodeId::generate();
    for (start, alive) in [(0, 10), (100, 200), (100, 150), (300, 400), (500, 600), (700, 800)] {
        store.node_alive(node, at(start), at(alive)).await.unwrap();
    }
    let run = |start, alive| NodeRun { start: at(start), last_alive: at(alive) };
    let runs = store.node_runs(node, range(250, 450)).await.unwrap();
    assert_eq!(runs, vec![run(100, 200), run(300, 400), run(500, 600)]);
    assert_eq!(store.last_run_before(node, at(300)).await.unwrap(), Some(run(100, 200)));
    assert_eq!(store.last_run_before(node, at(0)).await.unwrap(), None);
    assert_eq!(store.node_runs(NodeId::generate(), range(0, 999)).await.unwrap(), vec![]);
}
