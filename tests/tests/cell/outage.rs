use eyrie_cassandra::Cassandra;
use eyrie_tests::{eventually, eyrie};
use serde_json::json;

use crate::rig::Cell;

#[tokio::test(flavor = "multi_thread")]
async fn with_the_store_down_recording_goes_on_a_node_dies_and_another_starts() -> anyhow::Result<()> {
    let cassandra = Cassandra::start();
    let mut cell = Cell::start_over(&cassandra.contact_point(), 3, 3, "").await?;
    let ids = cell.add_cameras(0, 3, &json!({})).await?;
    cell.await_more(&ids, 3).await?;
    let leader = cell.leader(0).await?;
    let victim = (0..3).find(|i| *i != leader).unwrap_or(2);
    cassandra.stop();
    cell.await_more(&ids, 3).await?;
    let recordings = cell.recordings()?;
    for id in &ids {
        assert_eq!(recordings.missing(id.parse()?), 0, "the store is not on the way of a recording");
    }
    // Whoever takes over has the settings from its mirror.
    cell.nodes.remove(&victim).expect("it runs").kill()?;
    cell.await_more(&ids, 4).await?;
    // It starts again without a store, and lives; the interface waits.
    cell.start_node(victim)?;
    let base = cell.nodes[&victim].base().to_owned();
    let health = reqwest::get(format!("{base}/healthz")).await?;
    assert!(health.status().is_success(), "{}", health.status());
    let asked = reqwest::get(format!("{base}/api/v1/cluster")).await?;
    assert_eq!(asked.status(), 503, "what needs the store says so");
    cassandra.start_again();
    cell.await_members(victim, 3, 3).await?;
    // The database comes back to each node in its own time: the one that asks below has found it only when it lets one sign in.
    let client = eventually("the leader has its store again", || async {
        cell.client(leader).await.map_err(|error| error.to_string())
    })
    .await?;
    // What was recorded meanwhile is in the index, and explained.
    cell.await_online(leader, &ids).await?;
    eventually("the ledger knows what lies on disk", || async {
        for id in &ids {
            let gaps = client.get(&format!("/api/v1/cameras/{id}/gaps")).await.map_err(|error| error.to_string())?;
            if gaps["durable_s"].as_f64().unwrap_or_default() < 10.0 {
                return Err(gaps.to_string());
            }
        }
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_of_a_cell_is_recovered_by_hand_and_begins_a_new_generation() -> anyhow::Result<()> {
    let mut cell = Cell::start(3, 3, "").await?;
    let ids = cell.add_cameras(0, 3, &json!({})).await?;
    cell.await_more(&ids, 2).await?;
    cell.await_members(0, 3, 3).await?;
    for lost in [1, 2] {
        cell.nodes.remove(&lost).expect("it runs").kill()?;
    }
    cell.nodes.remove(&0).expect("it runs").kill()?;
    let (dir, config) = (cell.node_dir(0), cell.node_dir(0).join("eyrie.toml"));
    let recover = |more: &[&str]| -> anyhow::Result<std::process::Output> {
        let mut command = eyrie()?;
        command.args(["cluster", "recover", "--config"]).arg(&config).arg("--data-dir").arg(&dir).args(more);
        Ok(command.output()?)
    };
    assert!(!recover(&[])?.status.success(), "not without being told that it is meant");
    let done = recover(&["--yes"])?;
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success() && said.contains("generation 1"), "{said}{}", String::from_utf8_lossy(&done.stderr));
    cell.start_node(0)?;
    cell.await_more(&ids, 3).await?;
    let view = cell.client(0).await?.get("/api/v1/cluster").await?;
    assert_eq!((&view["generation"], &view["stale"]), (&json!(1), &json!(false)), "{view}");
    Ok(())
}
