//! A node whose metadata is in a cluster: here a real Apache Cassandra.

use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use eyrie_camsim::StreamConfig;
use eyrie_cassandra::Cassandra;
use eyrie_tests::{Node, NodeOptions, eventually, eyrie};
use serde_json::json;

use crate::support::{Stage, causes, clip};

fn options(cassandra: &Cassandra, keyspace: &str) -> NodeOptions {
    let toml = format!(
        "store.contact_points = ['{}']\nstore.keyspace = '{keyspace}'\nstore.replication = '1'\n",
        cassandra.contact_point()
    );
    NodeOptions { toml, ..NodeOptions::default() }
}

/// Runs `eyrie storage migrate` as an operator does.
fn migrate(data_dir: &Path, toml: &str) -> anyhow::Result<Output> {
    let config = data_dir.join("eyrie.toml");
    std::fs::write(&config, toml)?;
    let mut migrate = eyrie()?;
    migrate.args(["storage", "migrate", "--to", "cql", "--data-dir"]).arg(data_dir).arg("--config").arg(&config);
    Ok(migrate.output()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nodes_metadata_moves_into_a_cluster_and_the_node_goes_on_there() -> anyhow::Result<()> {
    let cassandra = tokio::task::spawn_blocking(Cassandra::shared).await?;
    let stage = Stage::set(vec![StreamConfig::new("door", clip())], NodeOptions::default()).await?;
    let id = stage.add_online("door").await?;
    stage.client.await_recorded(&id, 3.0).await?;
    let before = stage.client.get("/api/v1/node").await?;
    let Stage { cameras, node, client: _, dir } = stage;
    node.stop()?;

    let options = options(cassandra, "moved");
    let early = Node::start(dir.path(), &options).map(|_| ()).unwrap_err();
    ensure!(format!("{early:#}").contains("eyrie storage migrate --to cql"), "{early:#}");
    let moved = migrate(dir.path(), &options.toml)?;
    let said = String::from_utf8_lossy(&moved.stdout);
    ensure!(moved.status.success(), "{said}\n{}", String::from_utf8_lossy(&moved.stderr));
    for told in ["copied    cameras: 1 of 1", "compared  segments: ", "24 tables with ", "metadata.sqlite.migrated"] {
        ensure!(said.contains(told), "{told}: {said}");
    }
    let twice = migrate(dir.path(), &options.toml)?;
    ensure!(!twice.status.success() && String::from_utf8_lossy(&twice.stderr).contains("moved before"));

    let node = Node::start(dir.path(), &options)?;
    let client = node.client().await?;
    let stage = Stage { cameras, node, client, dir };
    ensure!(stage.client.get("/api/v1/node").await?["id"] == before["id"], "the node is who it was");
    stage.client.await_state(&id, "online").await?;
    stage.await_more(&id, 3).await?;
    stage.assert_live(&id).await?;
    // What was recorded before the move, and what was not while the node was stopped.
    let footage = stage.client.get(&format!("/api/v1/cameras/{id}/recordings")).await?;
    ensure!(footage["spans"].as_array().context("spans")?.len() >= 2, "{footage}");
    ensure!(causes(&stage.ledger(&id).await?).contains("node_down"));
    // Changes stay over a restart, the list of cameras and their audit with them.
    let label = json!({"ids": [id], "action": "add_labels", "labels": ["moved"]});
    stage.client.post("/api/v1/cameras/bulk", &label).await?;
    let Stage { cameras, node, client: _, dir } = stage;
    node.stop()?;
    let node = Node::start(dir.path(), &options)?;
    let client = node.client().await?;
    let page = client.get("/api/v1/cameras?label=moved").await?;
    ensure!(page["total"] == 1 && page["items"][0]["id"] == json!(id), "{page}");
    drop((cameras, node));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_goes_away_costs_no_picture_and_its_rows_arrive_afterwards() -> anyhow::Result<()> {
    let cassandra = Arc::new(tokio::task::spawn_blocking(Cassandra::start).await?);
    let options = options(&cassandra, "away");
    let stage = Stage::set(vec![StreamConfig::new("door", clip())], options).await?;
    let id = stage.add_online("door").await?;
    stage.client.await_recorded(&id, 3.0).await?;
    let stopped = cassandra.clone();
    tokio::task::spawn_blocking(move || stopped.stop()).await?;
    // It comes back as slowly as it does; the node is not told.
    let again = cassandra.clone();
    tokio::task::spawn_blocking(move || again.start_again()).await?;
    let asked = || async { stage.client.get("/api/v1/node").await.map(drop).map_err(|error| error.to_string()) };
    eventually("the node has found its cluster", asked).await?;
    stage.await_more(&id, 3).await?;
    let ledger = stage.ledger(&id).await?;
    ensure!(causes(&ledger).iter().all(|cause| *cause == "starting"), "{ledger}");
    Ok(())
}
