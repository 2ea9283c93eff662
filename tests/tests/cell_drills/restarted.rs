use anyhow::ensure;
use serde_json::{Value, json};

use crate::rig::Cell;

/// A drill of these faults.
fn drill(faults: &str) -> String {
    format!(
        "drill: tested\nhypothesis: nodes that start again cost what a start costs\n\
         target: {{local: {{nodes: 3, cameras: 3}}}}\nsettle: {{held: 1s, within: 60s}}\n\
         probes: {{recorded_gap: {{longest: 60s}}}}\nfaults:\n{faults}recover: 90s\n\
         blast_radius: {{nodes: 3, cameras: all}}\nguardrails: {{nodes_down: 3, longest: 30m}}\ndead_man: 5s\n"
    )
}

async fn passed(cell: &Cell, faults: &str) -> anyhow::Result<Value> {
    let id = cell.begin(&drill(faults)).await?;
    let run = cell.await_ended(&id).await?;
    ensure!(run["now"]["verdict"]["outcome"] == "passed", "{run:#}\n{}", cell.logs());
    let report = cell.driller().await?.get(&format!("/api/v1/drills/runs/{id}/report/json")).await?;
    Ok(report["rounds"][0]["faults"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_are_started_again_by_agents_that_start_them_and_by_one_that_stands_beside_also_when_these_die()
-> anyhow::Result<()> {
    let mut cell = Cell::start_beside(3, 2).await?;
    let started = [0, 1, 2].map(|i| cell.node_pid(i));
    let faults = passed(
        &cell,
        "  - {at: 0s, for: 2s, cpu_pressure: {node: all, share: 50%}}\n  - {at: 4s, for: 2s, restart_all: {with: stop}}\n",
    )
    .await?;
    ensure!(faults[0]["hit"] == json!(["n0", "n1", "n2"]) && faults[1]["hit"] == faults[0]["hit"], "{faults:#}");
    let restarted = [0, 1, 2].map(|i| cell.node_pid(i));
    ensure!((0..3).all(|i| restarted[i].is_some() && restarted[i] != started[i]), "{started:?} {restarted:?}");
    let faults = passed(&cell, "  - {at: 0s, for: 3m, rolling_restart: {with: kill}}\n").await?;
    ensure!(faults[0]["kind"] == "rolling_restart" && faults[0]["ended_ms"].is_u64(), "{faults:#}");
    let rolled = [0, 1, 2].map(|i| cell.node_pid(i));
    ensure!((0..3).all(|i| rolled[i].is_some() && rolled[i] != restarted[i]), "{restarted:?} {rolled:?}");
    // An agent is killed while its node is down: its second process starts the node again, or has it started.
    for i in [1, 2] {
        let id = cell.begin(&drill(&format!("  - {{at: 0s, for: 10m, kill: {{node: n{i}}}}}\n"))).await?;
        cell.await_process(i, false).await?;
        cell.kill_agent(i)?;
        cell.await_process(i, true).await?;
        cell.driller().await?.post(&format!("/api/v1/drills/runs/{id}/abort"), &Value::Null).await?;
        cell.await_ended(&id).await?;
        cell.await_steady(3).await?;
    }
    Ok(())
}
