use anyhow::ensure;
use reqwest::Method;
use serde_json::json;

use crate::carried::KILL;
use crate::rig::{Cell, PASSWORD};

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_drill_is_refused_and_so_is_a_drill_of_another_cell_or_of_a_sick_one() -> anyhow::Result<()> {
    let mut cell = Cell::start(3).await?;
    let id = cell.id().await?;
    let body = json!({"file": KILL, "cell": id});
    for name in ["vera", "otto"] {
        let client = cell.user(name, PASSWORD).await?;
        for (method, path) in [
            (Method::POST, "/api/v1/drills/runs"),
            (Method::POST, "/api/v1/drills/plan"),
            (Method::GET, "/api/v1/drills"),
            (Method::GET, "/api/v1/drills/agents"),
        ] {
            let status = client.request(method, path).json(&body).send().await?.status();
            ensure!(status == 403, "{name} {path}: {status}");
        }
    }
    // A driller reads what drills take, and no footage, and changes nothing else.
    let driller = cell.driller().await?;
    let cameras = driller.get("/api/v1/cameras").await?;
    let camera = cameras["items"][0]["id"].as_str().unwrap_or_default().to_owned();
    for path in ["/api/v1/cluster", "/api/v1/drills", "/api/v1/me", &format!("/api/v1/cameras/{camera}/gaps")] {
        driller.get(path).await?;
    }
    for (method, path) in [
        (Method::GET, format!("/api/v1/cameras/{camera}/live/index.m3u8")),
        (Method::GET, format!("/api/v1/cameras/{camera}/live/0-1/1.m4s")),
        (Method::GET, format!("/api/v1/cameras/{camera}/recordings")),
        (Method::GET, "/api/v1/users".to_owned()),
        (Method::DELETE, format!("/api/v1/cameras/{camera}")),
    ] {
        let status = driller.request(method, &path).send().await?.status();
        ensure!(status == 403, "{path}: {status}");
    }
    let refused = async |body| {
        let (status, answer) = cell.ask_to_begin(&body).await?;
        ensure!(status == 409 || status == 422, "{status} {answer}");
        anyhow::Ok(answer["detail"].to_string())
    };
    let said = refused(json!({"file": KILL, "cell": "0192f0c1-2345-7abc-8def-0123456789ab"})).await?;
    ensure!(said.contains("this is not the cell of the drill file"), "{said}");
    let said = refused(json!({"file": KILL})).await?;
    ensure!(said.contains("cell: is required"), "{said}");
    let said = refused(json!({"drill": "disk-full", "cell": id})).await?;
    ensure!(said.contains("not supported by this target: disk_full"), "{said}");
    let too_much = KILL.replace("nodes: 1, cameras: all", "nodes: 1, cameras: 0");
    let said = refused(json!({"file": too_much, "cell": id})).await?;
    ensure!(said.contains("the blast radius is"), "{said}");
    let cut = KILL.replace("kill: {node: follower}", "partition: {node: n1}");
    let body = json!({"file": cut, "cell": id});
    eventually_said(&cell, &body, "is on the same machine (127.0.0.1), where one cannot be told from the other")
        .await?;
    // A node without its agent, which has gone: nobody could end a fault there.
    cell.kill_agent(2)?;
    let plan = json!({"file": KILL, "cell": id});
    eventually_said(&cell, &plan, "may hit n2, where no agent is heard").await?;
    if let Some(pid) = cell.node_pid(2) {
        std::process::Command::new("kill").arg("-KILL").arg(pid.to_string()).status()?;
    }
    eventually_said(&cell, &plan, "the cell is not in its steady state (nodes not up: n2").await?;
    let (status, answer) = cell.ask_to_begin(&plan).await?;
    ensure!(status == 409 && answer["detail"].to_string().contains("heal it first"), "{status} {answer}");
    Ok(())
}

/// Waits until a plan is refused with these words.
async fn eventually_said(cell: &Cell, body: &serde_json::Value, words: &str) -> anyhow::Result<()> {
    eyrie_tests::eventually(words, || async {
        let plan = async { cell.driller().await?.post("/api/v1/drills/plan", body).await };
        let said = plan.await.map_err(|error| error.to_string())?["refusals"].to_string();
        if said.contains(words) { Ok(()) } else { Err(said) }
    })
    .await
}
