use anyhow::{Context as _, ensure};
use serde_json::Value;

use eyrie_tests::{Node, NodeOptions};
use serde_json::json;

use crate::rig::{Cell, PASSWORD};

#[tokio::test(flavor = "multi_thread")]
async fn without_agents_the_page_says_how_to_start_them_and_runs_nothing() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let node = Node::start(dir.path(), &NodeOptions::default())?;
    let drills = json!({"username": "drills", "password": PASSWORD, "role": "driller"});
    node.client().await?.post("/api/v1/users", &drills).await?;
    let seen = browse(node.base(), None).await?;
    ensure!(seen["ok"] == true, "{seen:#}\n{}", node.log());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_looks_breaks_a_node_and_aborts_it_in_the_browser() -> anyhow::Result<()> {
    let cell = Cell::start(3).await?;
    let bases = cell.bases();
    let seen = browse(bases.first().context("a node")?, Some("n2")).await?;
    ensure!(seen["ok"] == true, "{seen:#}\n{}", cell.logs());
    cell.await_steady(3).await
}

/// What a browser at `base` saw of the page; `node` may be stopped, and is not that one.
async fn browse(base: &str, node: Option<&str>) -> anyhow::Result<Value> {
    let mut browser = tokio::process::Command::new("node");
    browser
        .arg("e2e/drills.mjs")
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../dashboard"))
        .env("EYRIE_URL", base)
        .env("EYRIE_USER", "drills")
        .env("EYRIE_PASSWORD", PASSWORD)
        .env_remove("EYRIE_DRILL_NODE")
        .kill_on_drop(true);
    if let Some(node) = node {
        browser.env("EYRIE_DRILL_NODE", node);
    }
    let seen = serde_json::from_slice(&browser.output().await?.stdout)?;
    println!("{seen:#}");
    Ok(seen)
}
