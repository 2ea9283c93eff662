use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use eyrie_storage::segment::{SegmentReader, walk};
use eyrie_tests::{Client, eventually_within};
use eyrie_types::{FragmentEntry, WallTime};
use serde_json::{Value, json};

use crate::footage::{assert_in_order, edge, export, nodes_of, recordings};
use crate::rig::{Cell, timed};

/// Nodes that are dead for a second count as lost, disks are looked through all the time, and files are cut often.
const SOON: &str = "repair.after = '1s'\nrepair.look_every = '5s'\nrecording.segment_duration = '1m'\n";
/// How long a repair may take here: footage settles for 30 s, tables reach the index in a minute, and nine processes share two
/// cores.
const REPAIRED_WITHIN: Duration = Duration::from_secs(240);

/// Fragments that a file has at least to be damaged here: a file that was cut soon after it was begun has one or two.
const FRAGMENTS_MIN: usize = 8;

/// Files of a camera's closed recordings on the disk of node `i` that are worth damaging, the oldest first.
fn closed_files(cell: &Cell, i: usize) -> Vec<PathBuf> {
    let found = walk(cell.node_dir(i).join("recordings")).filter_map(Result::ok);
    let mut found: Vec<_> = found.map(|segment| (segment.head.start, segment.path)).collect();
    found.sort();
    // The last one grows.
    found.pop();
    found
        .into_iter()
        .map(|(_, path)| path)
        .filter(|path| fragments_of(path).is_ok_and(|all| all.len() >= FRAGMENTS_MIN))
        .collect()
}

fn fragments_of(path: &Path) -> anyhow::Result<Vec<FragmentEntry>> {
    Ok(SegmentReader::open(path, None)?.scan(0)?.fragments)
}

async fn copies(client: &Client, id: &str, from: WallTime, to: WallTime) -> anyhow::Result<Value> {
    client.get(&format!("/api/v1/cameras/{id}/recordings?from={from}&to={to}")).await
}

/// Waits until each second of a range has two copies on nodes that answer.
async fn await_two_copies(client: &Client, id: &str, from: WallTime, to: WallTime) -> anyhow::Result<Value> {
    let all = to.since(from).as_secs_f64();
    eventually_within(REPAIRED_WITHIN, "two copies of every second", || async {
        let answer = copies(client, id, from, to).await.map_err(|error| error.to_string())?;
        let (one, two) = (answer["copies"]["one_s"].as_f64(), answer["copies"]["two_s"].as_f64());
        let whole = one.is_some_and(|one| one < 0.1) && two.is_some_and(|two| all - two < 0.2);
        if whole { Ok(answer) } else { Err(answer.to_string()) }
    })
    .await
}

/// All of a camera between two moments by unit number, as an export of node `i` has them: without a hole, none twice.
async fn whole(cell: &Cell, i: usize, id: &str, from: WallTime, to: WallTime) -> anyhow::Result<Vec<u64>> {
    let clip = export(&cell.client(i).await?, id, from, to).await?;
    assert_in_order(&clip.numbers, "export");
    let holes = clip.numbers.windows(2).filter(|pair| pair[1] != pair[0] + 1).map(|pair| (pair[0], pair[1]));
    let holes: Vec<_> = holes.collect();
    ensure!(holes.is_empty(), "n{i} lacks units between {holes:?}; gaps: {}", clip.gaps);
    Ok(clip.numbers)
}

/// All of `numbers` are there but for a second at either end, where two recordings are cut differently.
fn assert_holds(found: &[u64], numbers: &[u64]) {
    let (first, last) = (numbers[25], numbers[numbers.len() - 26]);
    let holds = found.first().is_some_and(|found| *found <= first) && found.last().is_some_and(|found| *found >= last);
    assert!(holds, "{:?} to {:?} of {first} to {last}", found.first(), found.last());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_twin_lost_has_two_copies_again_and_the_other_may_be_destroyed() -> anyhow::Result<()> {
    let mut cell = Cell::start(3, 1, SOON).await?;
    let ids = cell.add_cameras(0, 1, &json!({"redundancy": 2})).await?;
    let id = ids[0].clone();
    let client = cell.client(0).await?;
    let from = eventually_within(Duration::from_secs(60), "two copies", || async {
        let answer = recordings(&client, &id).await.map_err(|error| error.to_string())?;
        let two = answer["copies"]["two_s"].as_f64() > Some(1.0);
        if two { edge(&answer, true, "end").map_err(|error| error.to_string()) } else { Err(answer.to_string()) }
    })
    .await?;
    cell.await_more(&ids, 12).await?;

    // One of the twins dies, and comes back: meanwhile the other is alone until a third node takes its place.
    let twins = nodes_of(&cell.placements(0).await?, &id);
    let dies = *twins.iter().find(|node| **node != 0).context("no twin to kill")?;
    cell.nodes.remove(&dies).context("it runs")?.kill()?;
    cell.await_more(&ids, 4).await?;
    cell.start_node(dies)?;
    cell.await_members(0, 3, 3).await?;
    let twins = nodes_of(&cell.placements(0).await?, &id);
    let victim = eventually_within(REPAIRED_WITHIN, "a twin with two closed files", || async {
        let many = |node: &&usize| closed_files(&cell, **node).len() >= 2;
        twins.iter().find(many).copied().ok_or_else(|| format!("{twins:?}"))
    })
    .await?;
    let to = edge(&recordings(&client, &id).await?, true, "end")? - Duration::from_secs(1);
    let answer = await_two_copies(&client, &id, from, to).await?;
    assert_eq!(answer["unreachable"], json!([]), "{answer}");
    let numbers = whole(&cell, 0, &id, from, to).await?;
    ensure!(numbers.len() > 25 * 30, "{}", numbers.len());

    // The disk of one goes bad: a bit flips and the end is gone in one file, another is gone whole.
    let files = closed_files(&cell, victim);
    let fragments = fragments_of(&files[0])?;
    let mut bytes = std::fs::read(&files[0])?;
    bytes[fragments[fragments.len() / 2].offset as usize + 400] ^= 1;
    bytes.truncate(fragments[fragments.len() - 2].offset as usize + 9);
    std::fs::write(&files[0], &bytes)?;
    std::fs::remove_file(&files[1])?;
    eventually_within(REPAIRED_WITHIN, "the damage is found", || async {
        let found = cell.metric(victim, "eyrie_repair_damage_found_total{what=\"recording\"}").await;
        let found = found.map_err(|error| error.to_string())?.unwrap_or_default();
        if found > 10.0 { Ok(()) } else { Err(found.to_string()) }
    })
    .await?;
    let (repaired, took) = timed(await_two_copies(&client, &id, from, to)).await?;
    let fetched = cell.metric(victim, "eyrie_repair_fragments_total").await?;
    println!("two copies of every second again {took:?} after the damage was found; {fetched:?} fragments; {repaired}");
    ensure!(fetched > Some(3.0), "{fetched:?}");
    ensure!(cell.metric(victim, "eyrie_repair_failed_total{reason=\"garbage\"}").await?.is_none(), "garbage");
    assert_eq!(std::fs::read(&files[0])?, bytes, "what was recorded is never written to");

    // The other twin is destroyed: whoever is left has every unit, once.
    let other = *twins.iter().find(|node| **node != victim).context("no other twin")?;
    cell.nodes.remove(&other).context("it runs")?.kill()?;
    std::fs::remove_dir_all(cell.node_dir(other).join("recordings"))?;
    let asked = (0..3).find(|node| *node != other && *node != victim).context("no third node")?;
    let client = cell.client(asked).await?;
    assert_holds(&whole(&cell, victim, &id, from, to).await?, &numbers);
    assert_holds(&whole(&cell, asked, &id, from, to).await?, &numbers);
    let answer = copies(&client, &id, from, to).await?;
    ensure!(answer["unreachable"].as_array().is_some_and(|nodes| nodes.len() == 1), "{answer}");

    // It stays dead: the third node, which takes its place, gets the second copy of all of it.
    await_two_copies(&client, &id, from, to).await?;
    cell.nodes.remove(&victim).context("it runs")?.kill()?;
    assert_holds(&whole(&cell, asked, &id, from, to).await?, &numbers);
    Ok(())
}
