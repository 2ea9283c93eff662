use anyhow::{Context as _, ensure};
use eyrie_tests::eventually;
use serde_json::Value;

use crate::rig::Cell;

const CUT: &str = "drill: tested
hypothesis: a node that is cut off from its peers costs a failover, and its machine is reached all the time
target: {local: {nodes: 3, cameras: 3}}
settle: {held: 1s, within: 60s}
probes:
  recorded_gap: {longest: 45s}
  false_reassignments: {at_most: 0}
faults:
  - {at: 0s, for: 10s, partition: {node: n2}}
recover: 90s
blast_radius: {nodes: 1, cameras: all}
guardrails: {nodes_down: 1, longest: 30m}
dead_man: 5s
";

/// Waits until the cell holds node `i` to be so, as some node that knows a leader sees it.
async fn await_health(cell: &Cell, i: usize, health: &str) -> anyhow::Result<Value> {
    eventually(&format!("n{i} is {health}"), || async {
        for base in cell.bases() {
            let seen = async { cell.admin_at(&base).await?.get("/api/v1/cluster").await };
            let Ok(seen) = seen.await else { continue };
            let node = seen["nodes"].as_array().into_iter().flatten().find(|node| node["name"] == format!("n{i}"));
            if seen["stale"] == false && node.is_some_and(|node| node["health"] == health) {
                return Ok(seen);
            }
        }
        Err(cell.logs())
    })
    .await
}

/// Waits until nothing is filtered at node `i`.
async fn await_mended(cell: &Cell, i: usize) -> anyhow::Result<()> {
    eventually("the cut ends", || async {
        let rules = cell.rules(i).map_err(|error| error.to_string())?;
        // A set without an element matches nothing.
        if rules.contains("elements") { Err(rules) } else { Ok(()) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_is_cut_off_from_its_peers_alone_and_whole_again_however_its_agents_end() -> anyhow::Result<()> {
    let mut cell = Cell::start_apart(3).await?;
    let id = cell.begin(CUT).await?;
    let seen = await_health(&cell, 2, "dead").await?;
    // While it lasts: only what peers say to each other is lost, and the driller reaches the machine.
    let rules = cell.rules(2)?;
    let drops: Vec<_> = rules.lines().filter(|line| line.trim_end().ends_with("drop")).collect();
    ensure!(drops.len() == 8 && drops.iter().all(|line| line.contains(" 7443 ")), "{rules}");
    ensure!(cell.rules(0)?.is_empty() && cell.rules(1)?.is_empty(), "others filter nothing");
    let base = cell.bases().pop().context("a node")?;
    let through = cell.admin_at(&base).await?.get("/api/v1/cluster").await?;
    ensure!(through["nodes"].as_array().is_some_and(|nodes| nodes.len() == 3), "{through}");
    let cut_off = seen["nodes"].as_array().into_iter().flatten().find(|node| node["name"] == "n2");
    let cut_off = cut_off.context("n2")?["id"].clone();
    eventually("its cameras are elsewhere", || async {
        for base in &cell.bases()[..2] {
            let placed = async { cell.admin_at(base).await?.get("/api/v1/cluster/placements").await };
            let placed = placed.await.map_err(|error| error.to_string())?;
            let items = placed["items"].as_array().cloned().unwrap_or_default();
            if items.len() != 3 || items.iter().any(|item| item["node"] == cut_off) {
                return Err(placed.to_string());
            }
        }
        Ok(())
    })
    .await?;
    let run = cell.await_ended(&id).await?;
    ensure!(run["now"]["verdict"]["outcome"] == "passed", "{run:#}\n{}", cell.logs());
    ensure!(cell.rules(2)?.is_empty(), "{}", cell.rules(2)?);
    let report = cell.driller().await?.get(&format!("/api/v1/drills/runs/{id}/report/json")).await?;
    let fault = &report["rounds"][0]["faults"][0];
    ensure!(fault["kind"] == "partition" && fault["hit"][0] == "n2" && fault["ended_ms"].is_u64(), "{report:#}");

    // Once more, one way and on and off; the agent is killed in the middle of it, and its second process mends it.
    cell.await_steady(3).await?;
    let flapping = "for: 10m, partition: {node: n2, way: out, flapping: {cut: 20s, whole: 1s}}";
    let id = cell.begin(&CUT.replace("for: 10s, partition: {node: n2}", flapping)).await?;
    await_health(&cell, 2, "dead").await?;
    let rules = cell.rules(2)?;
    ensure!(rules.contains("daddr") && !rules.contains("saddr"), "one way: {rules}");
    cell.kill_agent(2)?;
    eventually("nothing is left of it", || async {
        let rules = cell.rules(2).map_err(|error| error.to_string())?;
        if rules.is_empty() { Ok(()) } else { Err(rules) }
    })
    .await?;
    cell.driller().await?.post(&format!("/api/v1/drills/runs/{id}/abort"), &Value::Null).await?;
    cell.await_ended(&id).await?;
    cell.await_steady(3).await?;

    // And with both processes killed nobody is left who could mend it: it ends all the same.
    let id = cell.begin(&CUT.replace("for: 10s, partition: {node: n2}", "for: 10m, partition: {node: n1}")).await?;
    await_health(&cell, 1, "dead").await?;
    ensure!(cell.rules(1)?.contains("elements"), "{}", cell.rules(1)?);
    cell.kill_undo(1)?;
    cell.kill_agent(1)?;
    await_mended(&cell, 1).await?;
    cell.driller().await?.post(&format!("/api/v1/drills/runs/{id}/abort"), &Value::Null).await?;
    cell.await_ended(&id).await?;
    cell.await_steady(3).await
}
