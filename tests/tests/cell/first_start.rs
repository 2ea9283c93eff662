//! The first start of a cell.

use std::collections::BTreeSet;

use anyhow::{Context as _, ensure};
use eyrie_cassandra::Cassandra;
use serde_json::json;

use crate::rig::{Cell, timed};

/// How often it is done: `EYRIE_TEST_RUNS`, or once.
fn runs() -> anyhow::Result<usize> {
    std::env::var("EYRIE_TEST_RUNS").map_or(Ok(1), |runs| runs.parse().context("EYRIE_TEST_RUNS"))
}

/// With no key file, no keyspace and no cell there yet: each of the three may be the first to make any of them.
#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_that_start_at_one_moment_where_nothing_is_yet_are_one_cell() -> anyhow::Result<()> {
    for run in 1..=runs()? {
        let mut cell = Cell::prepare(&Cassandra::shared().contact_point(), 3, 1, "").await?;
        let ((), took) = timed(cell.start_at_once()).await?;
        println!("run {run}: three nodes are one cell after {took:?}");
        let ids = cell.add_cameras(1, 1, &json!({"redundancy": 2})).await?;
        let mut seen = BTreeSet::new();
        for i in 0..3 {
            // Each hears of it a moment after the other.
            cell.await_online(i, &ids).await?;
            let view = cell.client(i).await?.get("/api/v1/cluster").await?;
            seen.insert(view["id"].to_string());
        }
        ensure!(seen.len() == 1 && !seen.contains("null"), "{seen:?}");
        ensure!(cell.key_files()? == 1, "one key file, and no more");
    }
    Ok(())
}
