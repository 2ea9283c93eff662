use serde_json::json;

use crate::rig::{Cell, missing, timed};

/// Frames a second of the simulated cameras.
const FPS: u64 = 25;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_nodes_cameras_are_recorded_by_the_others_within_seconds() -> anyhow::Result<()> {
    let mut cell = Cell::start(3, 6, "").await?;
    let ids = cell.add_cameras(1, 6, &json!({})).await?;
    cell.await_more(&ids, 3).await?;
    let placed = cell.placements(0).await?;
    for node in ["n0", "n1", "n2"] {
        assert!(placed.iter().any(|(.., at)| at == node), "spread over all nodes: {placed:?}");
    }
    let leader = cell.leader(0).await?;
    let victim = (0..3).find(|i| *i != leader && *i != 0).unwrap_or(2);
    let asked = (0..3).find(|i| *i != victim).unwrap_or(0);
    cell.nodes.remove(&victim).expect("it runs").kill()?;
    let ((), took) = timed(cell.await_more(&ids, 4)).await?;
    let placed = cell.placements(asked).await?;
    assert!(placed.iter().all(|(.., at)| *at != format!("n{victim}")), "{placed:?}");
    cell.await_online(asked, &ids).await?;
    let mut gaps = Vec::new();
    for id in &ids {
        let (units, _) = cell.recorded(id)?;
        gaps.push(missing(&units));
    }
    println!("units missing by camera after a kill -9: {gaps:?}; all were recorded again within {took:?}");
    assert!(gaps.iter().all(|gap| *gap <= 10 * FPS), "more than ten seconds are missing: {gaps:?}");
    assert!(gaps.iter().any(|gap| *gap > 0), "nothing is missing, so nothing was killed: {gaps:?}");

    // It comes back under its own name, and is a node like the others.
    cell.start_node(victim)?;
    cell.await_members(asked, 3, 3).await?;
    cell.await_more(&ids, 2).await
}

#[tokio::test(flavor = "multi_thread")]
async fn draining_a_node_costs_no_picture() -> anyhow::Result<()> {
    let cell = Cell::start(3, 6, "").await?;
    let ids = cell.add_cameras(0, 6, &json!({})).await?;
    cell.await_more(&ids, 2).await?;
    let client = cell.client(1).await?;
    let view = client.get("/api/v1/cluster").await?;
    let nodes = view["nodes"].as_array().cloned().unwrap_or_default();
    let leaving = nodes.iter().find(|node| node["name"] == "n2").map(|node| node["id"].clone()).unwrap_or_default();
    let path = format!("/api/v1/cluster/nodes/{}/drain", leaving.as_str().unwrap_or_default());
    client.post(&path, &json!({"draining": true})).await?;
    eyrie_tests::eventually("n2 is empty", || async {
        let placed = cell.placements(0).await.map_err(|error| error.to_string())?;
        if placed.iter().all(|(.., at)| at != "n2") { Ok(()) } else { Err(format!("{placed:?}")) }
    })
    .await?;
    cell.await_more(&ids, 2).await?;
    for id in &ids {
        let (units, _) = cell.recorded(id)?;
        assert_eq!(missing(&units), 0, "{id}: make before break loses no unit");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn losing_either_node_of_a_twin_costs_no_picture() -> anyhow::Result<()> {
    let mut cell = Cell::start(3, 2, "").await?;
    let ids = cell.add_cameras(0, 2, &json!({"redundancy": 2})).await?;
    cell.await_more(&ids, 3).await?;
    let placed = cell.placements(0).await?;
    assert_eq!(placed.len(), 4, "{placed:?}");
    for id in &ids {
        let nodes: std::collections::BTreeSet<_> =
            placed.iter().filter(|(camera, ..)| camera == id).map(|(.., at)| at).collect();
        assert_eq!(nodes.len(), 2, "a twin is elsewhere: {placed:?}");
    }
    let leader = cell.leader(0).await?;
    let victim = (1..3).find(|i| *i != leader).unwrap_or(2);
    cell.nodes.remove(&victim).expect("it runs").kill()?;
    cell.await_more(&ids, 4).await?;
    for id in &ids {
        let (units, doubled) = cell.recorded(id)?;
        assert_eq!(missing(&units), 0, "{id}: one of the two was always recording");
        assert!(doubled > 0, "{id}: both were");
    }
    eyrie_tests::eventually("the lost twins are placed anew", || async {
        let placed = cell.placements(0).await.map_err(|error| error.to_string())?;
        let all = placed.len() == 4 && placed.iter().all(|(.., at)| *at != format!("n{victim}"));
        if all { Ok(()) } else { Err(format!("{placed:?}")) }
    })
    .await
}
