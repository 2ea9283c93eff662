use anyhow::{Context as _, ensure};
use eyrie_tests::{eventually, eyrie};
use reqwest::Method;
use serde_json::{Value, json};

use crate::rig::{Cell, PASSWORD};

/// A node is killed, and what may be missing on a busy machine.
pub(crate) const KILL: &str = "drill: tested
hypothesis: a node that dies is missed for a while <b>only</b>
target: {local: {nodes: 3, cameras: 3}}
settle: {held: 1s, within: 60s}
probes:
  recorded_gap: {longest: 45s, untouched: 0s, unexplained: 0}
  api: {success: 50%, except: 10s}
  false_reassignments: {at_most: 0}
faults:
  - {at: 1s, for: 10s, kill: {node: follower}}
recover: 90s
blast_radius: {nodes: 1, cameras: all}
guardrails: {nodes_down: 1, longest: 10m}
";

async fn audited(cell: &Cell, action: &str) -> anyhow::Result<Vec<Value>> {
    let log = cell.admin().await?.get("/api/v1/audit?limit=200").await?;
    let items = log["items"].as_array().context("no audit")?;
    Ok(items.iter().filter(|item| item["action"] == action).cloned().collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_is_killed_by_a_drill_that_an_agent_carries_and_the_report_says_what_it_cost() -> anyhow::Result<()> {
    let cell = Cell::start(3).await?;
    let id = cell.begin(KILL).await?;
    // Another one meanwhile is refused, and names the one that runs.
    let cell_id = cell.id().await?;
    let (status, answer) = cell.ask_to_begin(&json!({"drill": "kill-a-node", "cell": cell_id})).await?;
    ensure!(status == 409 && answer["detail"].to_string().contains("drill tested is being run"), "{status} {answer}");
    let run = cell.await_ended(&id).await?;
    let verdict = &run["now"]["verdict"];
    ensure!(verdict["outcome"] == "passed", "{run:#}\n{}", cell.logs());
    ensure!(run["now"]["runner"]["name"].as_str().is_some_and(|name| name.starts_with("the agent of n")), "{run:#}");
    let driller = cell.driller().await?;
    let report = driller.get(&format!("/api/v1/drills/runs/{id}/report/json")).await?;
    let fault = &report["rounds"][0]["faults"][0];
    ensure!(fault["kind"] == "kill" && fault["cut_short"] == false && fault["ended_ms"].is_u64(), "{report:#}");
    ensure!(
        report["checks"].as_array().is_some_and(|checks| checks.len() == 4),
        "all but what needs numbers: {report:#}"
    );
    // Each camera of that node is missed for a while, unless it had none: the drill prefers one that has.
    let gaps = report["rounds"][0]["gaps"].as_array().context("no gaps")?;
    ensure!(!gaps.is_empty() && gaps.iter().all(|gap| gap["touched"] == true), "{report:#}");
    ensure!(verdict["worst_gap_ms"].as_u64().is_some_and(|ms| ms > 0), "{verdict}");
    let page = driller.request(Method::GET, &format!("/api/v1/drills/runs/{id}/report/html")).send().await?;
    let policy = page.headers().get("content-security-policy").and_then(|value| value.to_str().ok());
    ensure!(
        policy.is_some_and(|policy| policy.contains("default-src 'none'") && policy.contains("sandbox")),
        "{policy:?}"
    );
    let page = page.text().await?;
    ensure!(page.contains("&lt;b&gt;only") && !page.contains("<b>only"), "hostile text is text");
    let junit = driller.request(Method::GET, &format!("/api/v1/drills/runs/{id}/report/junit")).send().await?;
    ensure!(junit.text().await?.starts_with("<?xml"), "JUnit");
    // Who did what, and what came of it.
    let begun = audited(&cell, "drill.begin").await?;
    let object = begun.first().map(|item| item["object"].to_string()).unwrap_or_default();
    ensure!(object.contains(&id) && object.contains("tested: at most 1 node and all cameras"), "{begun:?}");
    let ended = audited(&cell, "drill.end").await?;
    ensure!(ended.first().is_some_and(|item| item["object"].to_string().contains("tested: passed")), "{ended:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_is_run_from_another_machine_with_a_users_name_and_password() -> anyhow::Result<()> {
    let cell = Cell::start(3).await?;
    let (file, token) = (cell.dir().join("drill.yaml"), cell.dir().join("drills.token"));
    std::fs::write(&token, format!("drills:{PASSWORD}"))?;
    let measured = "recorded_gap: {doubled: 0, longest: 45s, ";
    let more = "  live: {outage: 60s}\n  playback: {success: 50%, range: 2s, every: 1s}\n  api:";
    let text = KILL.replace("kill: {node: follower}", "stop: {node: leader}").replace("  api:", more);
    std::fs::write(&file, text.replace("recorded_gap: {longest: 45s, ", measured))?;
    let run = |more: &[&str], cell_id: &str| -> anyhow::Result<(Option<i32>, String)> {
        let mut command = eyrie()?;
        command.args([
            "drill",
            "run",
            "--api",
            &cell.bases().join(","),
            "--cell",
            cell_id,
            "--seed",
            "3",
            "--token-file",
        ]);
        command.arg(&token).args(more).arg("--report").arg(cell.dir()).arg(&file);
        let output = command.output()?;
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        println!("{said}");
        Ok((output.status.code(), said))
    };
    let id = cell.id().await?;
    let wrong = "0192f0c1-2345-7abc-8def-0123456789ab";
    let (code, said) = tokio::task::block_in_place(|| run(&[], wrong))?;
    ensure!(code == Some(4) && said.contains("this is not the cell of the drill file"), "{code:?} {said}");
    let (code, said) = tokio::task::block_in_place(|| run(&["--dry-run"], &id))?;
    ensure!(code == Some(0) && said.contains("may touch at most 1 node"), "{code:?} {said}");
    let (code, said) = tokio::task::block_in_place(|| run(&[], &id))?;
    ensure!(code == Some(0), "{code:?} {said}\n{}", cell.logs());
    ensure!(cell.dir().join("tested.html").is_file(), "a report");
    // Who may drill and see no footage has measured live pictures and playback.
    let report: Value = serde_json::from_slice(&std::fs::read(cell.dir().join("tested.json"))?)?;
    let measured = |name: &str| {
        let checks = report["checks"].as_array().into_iter().flatten();
        checks.filter(|check| check["measure"] == name).map(|check| check["measured"].clone()).next()
    };
    for name in ["live_outage", "playback_success", "units_doubled"] {
        ensure!(measured(name).is_some_and(|value| value.is_u64()), "{name}: {report:#}");
    }
    eventually("the cell keeps it", || async {
        let runs = async { cell.driller().await?.get("/api/v1/drills/runs").await };
        let runs = runs.await.map_err(|error| error.to_string())?;
        let first = &runs["items"][0]["now"]["verdict"]["outcome"];
        if first == "passed" { Ok(()) } else { Err(runs.to_string()) }
    })
    .await
}
