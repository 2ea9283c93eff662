use anyhow::ensure;
use eyrie_tests::eventually;
use serde_json::Value;

use crate::rig::Cell;

/// A node is stopped for longer than anybody waits.
const PAUSE: &str = "drill: tested
hypothesis: a node that hangs is missed
target: {local: {nodes: 3, cameras: 3}}
settle: {held: 1s, within: 60s}
probes: {recorded_gap: {longest: 60s}}
faults:
  - {at: 0s, for: 10m, pause: {node: follower}}
blast_radius: {nodes: 1, cameras: all}
guardrails: {nodes_down: 1, longest: 30m}
dead_man: 5s
";

async fn await_going(cell: &Cell, node: usize) -> anyhow::Result<()> {
    eventually("the node goes on", || async {
        match cell.state(node) {
            Some('T') | None => Err(format!("{:?}\n{}", cell.state(node), cell.logs())),
            Some(_) => Ok(()),
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_that_is_aborted_ends_its_faults_and_so_does_an_agent_that_is_killed() -> anyhow::Result<()> {
    let mut cell = Cell::start(3).await?;
    let id = cell.begin(PAUSE).await?;
    let node = cell.await_stopped().await?;
    let driller = cell.driller().await?;
    let aborted: Value = driller.post(&format!("/api/v1/drills/runs/{id}/abort"), &Value::Null).await?;
    ensure!(aborted["now"]["orders"].as_array().is_some_and(Vec::is_empty), "{aborted}");
    await_going(&cell, node).await?;
    let run = cell.await_ended(&id).await?;
    let reasons = run["now"]["verdict"]["reasons"].to_string();
    ensure!(run["now"]["verdict"]["outcome"] == "aborted" && reasons.contains("drills said so"), "{run:#}");
    let report = driller.get(&format!("/api/v1/drills/runs/{id}/report/json")).await?;
    ensure!(report["rounds"][0]["faults"][0]["cut_short"] == true, "{report:#}");
    // Once more, and now the agent beside the node is killed in the middle of it.
    cell.await_steady(3).await?;
    let id = cell.begin(PAUSE).await?;
    let node = cell.await_stopped().await?;
    let pid = cell.node_pid(node);
    cell.kill_agent(node)?;
    await_going(&cell, node).await?;
    ensure!(cell.node_pid(node) == pid, "it is the same process: it was not started anew");
    let driller = cell.driller().await?;
    driller.post(&format!("/api/v1/drills/runs/{id}/abort"), &Value::Null).await?;
    let run = cell.await_ended(&id).await?;
    ensure!(run["now"]["verdict"]["outcome"] == "aborted", "{run:#}");
    cell.await_steady(3).await
}
