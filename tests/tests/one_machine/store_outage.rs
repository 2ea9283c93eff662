use std::path::Path;

use eyrie_camsim::{ClipSpec, Fault, StreamConfig};
use eyrie_tests::{Node, NodeOptions, eventually, recorded_aus};
use eyrie_types::WallTime;
use rusqlite::Connection;

use crate::crash::{UNFINISHED_US, unix_us};
use crate::footage::holes;
use crate::support::{Stage, clip};

/// What the index knows by itself, read as an administrator would: fragments of all segments, and their latest end.
fn indexed(data_dir: &Path) -> anyhow::Result<(i64, i64)> {
    let index = Connection::open(data_dir.join("metadata.sqlite"))?;
    let sums = "SELECT coalesce(sum(fragments), 0), coalesce(max(end_us), 0) FROM segments";
    Ok(index.query_row(sums, [], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// Segments in the index whose key the store does not have, and segments in all.
fn without_key(data_dir: &Path) -> anyhow::Result<(i64, i64)> {
    let store = Connection::open(data_dir.join("metadata.sqlite"))?;
    let counts = "SELECT count(*) FILTER (WHERE key NOT IN (SELECT id FROM key_rows)), count(*) FROM segments";
    Ok(store.query_row(counts, [], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_killed_while_the_store_takes_nothing_has_its_keys_and_pictures_after_the_next_start()
-> anyhow::Result<()> {
    let mut stream = StreamConfig::new("door", clip());
    stream.alternate = Some(ClipSpec { width: 640, height: 360, ..clip() });
    let stage = Stage::set(vec![stream], NodeOptions::default()).await?;
    let id = stage.add_online("door").await?;
    stage.client.await_recorded(&id, 2.0).await?;

    let outside = Connection::open(stage.dir.path().join("metadata.sqlite"))?;
    outside.execute_batch("BEGIN EXCLUSIVE")?;
    // A segment of its own for what comes now, whose key nobody takes but the spool.
    stage.cameras.set_fault("door", Fault::AlternateClip)?;
    eventually("a key lies in the spool", || async {
        let rows = stage.metric("eyrie_key_spool_rows").await.map_err(|error| error.to_string())?;
        if rows >= 1.0 { Ok(()) } else { Err("none yet".to_owned()) }
    })
    .await?;
    stage.await_more(&id, 4).await?;
    let Stage { cameras, node, client: _, dir } = stage;
    let killed_at = unix_us();
    node.kill()?;
    outside.execute_batch("ROLLBACK")?;
    drop(outside);

    let node = Node::start(dir.path(), &NodeOptions::default())?;
    let client = node.client().await?;
    let stage = Stage { cameras, node, client, dir };
    stage.client.await_state(&id, "online").await?;
    stage.await_more(&id, 3).await?;
    eventually("the store has the keys of all segments", || async {
        let rows = stage.metric("eyrie_key_spool_rows").await.map_err(|error| error.to_string())?;
        let (without, all) = without_key(stage.dir.path()).map_err(|error| error.to_string())?;
        let there = rows == 0.0 && without == 0 && all >= 3;
        if there { Ok(()) } else { Err(format!("{rows} in the spool, {without} of {all} without key")) }
    })
    .await?;
    let Stage { node, dir, .. } = stage;
    node.stop()?;
    let aus = recorded_aus(dir.path(), &id).await?;
    let holes = holes(&aus);
    let [hole] = holes.as_slice() else { panic!("one hole, where the node was killed: {holes:?}") };
    let killed_at = WallTime::from_unix_us(killed_at as i64);
    assert!((hole.range.start..hole.range.end).contains(&killed_at), "killed at {killed_at}: {hole:?}");
    let lost = killed_at.since(hole.range.start);
    assert!(lost.as_micros() <= u128::from(UNFINISHED_US), "the kill cost {lost:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_written_for_a_while_costs_no_picture_and_its_rows_arrive_afterwards()
-> anyhow::Result<()> {
    let mut stream = StreamConfig::new("door", clip());
    stream.alternate = Some(ClipSpec { width: 640, height: 360, ..clip() });
    let stage = Stage::set(vec![stream], NodeOptions::default()).await?;
    let id = stage.add_online("door").await?;
    stage.client.await_recorded(&id, 2.0).await?;

    let outside = Connection::open(stage.dir.path().join("metadata.sqlite"))?;
    outside.execute_batch("BEGIN EXCLUSIVE")?;
    let (_, end_before) = indexed(stage.dir.path())?;
    // New parameter sets make a new segment with a key of its own: the worst moment for the store to be away.
    stage.cameras.set_fault("door", Fault::AlternateClip)?;
    eventually("the outage is noticed", || async {
        let failed = stage.metric("eyrie_store_commit_failures_total").await.map_err(|error| error.to_string())?;
        if failed > 0.0 { Ok(()) } else { Err("not yet".to_owned()) }
    })
    .await?;
    stage.assert_live(&id).await?;
    // What is read goes on being read.
    stage.ledger(&id).await?;
    assert_eq!(indexed(stage.dir.path())?.1, end_before, "nothing gets into a locked store");
    outside.execute_batch("ROLLBACK")?;
    drop(outside);

    stage.await_more(&id, 5).await?;
    eventually("the rows of the outage are in the index", || async {
        let (fragments, end) = indexed(stage.dir.path()).map_err(|error| error.to_string())?;
        let waiting = stage.metric("eyrie_index_rows_waiting").await.map_err(|error| error.to_string())?;
        let all = fragments >= 10 && end > end_before + 5_000_000;
        if all { Ok(()) } else { Err(format!("{fragments} fragments until {end}, {waiting} rows wait")) }
    })
    .await?;
    let status = stage.status(&id).await?;
    assert!(!status.to_string().contains("not being recorded"), "{status}");
    stage.end_whole(&id).await
}
