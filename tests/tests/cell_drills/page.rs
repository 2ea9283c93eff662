use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::rig::{Cell, PASSWORD};

#[tokio::test(flavor = "multi_thread")]
async fn somebody_looks_breaks_a_node_and_aborts_it_in_the_browser() -> anyhow::Result<()> {
    let cell = Cell::start(3).await?;
    let mut browser = tokio::process::Command::new("node");
    browser
        .arg("e2e/drills.mjs")
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../dashboard"))
        .env("EYRIE_URL", cell.bases().first().context("a node")?)
        .env("EYRIE_USER", "drills")
        .env("EYRIE_PASSWORD", PASSWORD)
        .env("EYRIE_DRILL_NODE", "n2")
        .kill_on_drop(true);
    let seen = browser.output().await?;
    let seen: Value = serde_json::from_slice(&seen.stdout)?;
    println!("{seen:#}");
    ensure!(seen["ok"] == true, "{seen:#}\n{}", cell.logs());
    cell.await_steady(3).await
}
