//! A camera that allows one session, twinned, moved and orphaned: the node that has the session feeds the others.

use std::collections::BTreeSet;

use anyhow::Context as _;
use eyrie_camsim::Fault;
use eyrie_camsim::au_number::{AuStamp, scan};
use eyrie_storage::segment::SegmentReader;
use eyrie_tests::eventually;
use serde_json::json;

use crate::rig::{Cell, missing};

/// Frames a second of the simulated cameras.
const FPS: u64 = 25;

/// What node `i` recorded of a camera, in order; each as often as it lies there.
fn recorded_at(cell: &Cell, i: usize, camera: &str) -> anyhow::Result<Vec<AuStamp>> {
    let mut found = Vec::new();
    for segment in eyrie_storage::segment::walk(cell.node_dir(i).join("recordings")).filter_map(Result::ok) {
        if segment.path.display().to_string().contains(camera) {
            let reader = SegmentReader::open(&segment.path, None)?;
            for entry in reader.scan(u64::MAX)?.fragments {
                found.extend(scan(&reader.fragment(&entry)?));
            }
        }
    }
    found.sort_by_key(|stamp: &AuStamp| stamp.number);
    Ok(found)
}

/// The numbers of the first and the last unit.
fn ends(units: &[AuStamp]) -> anyhow::Result<(u64, u64)> {
    let (first, last) = (units.first().context("nothing recorded")?, units.last().context("nothing recorded")?);
    Ok((first.number, last.number))
}

fn doubled(units: &[AuStamp]) -> usize {
    units.windows(2).filter(|pair| pair[0].number == pair[1].number).count()
}

/// Where the placement of `slot` is; `None`: nowhere. As node `asked` sees it.
async fn place(cell: &Cell, asked: usize, slot: u64) -> anyhow::Result<Option<usize>> {
    let placed = cell.placements(asked).await?;
    let found = placed.iter().find(|(_, at, _)| *at == slot);
    Ok(found.and_then(|(.., name)| name.strip_prefix('n')?.parse().ok()))
}

/// Waits until node `i` has recorded `seconds` more.
async fn await_more_at(cell: &Cell, i: usize, camera: &str, seconds: u64) -> anyhow::Result<()> {
    let last =
        || recorded_at(cell, i, camera).ok().and_then(|units| units.last().map_or(Some(0), |unit| Some(unit.number)));
    let before = last();
    eventually("more recorded on one node", || async {
        let now = last();
        if now > before.map(|before| before + FPS * seconds) { Ok(()) } else { Err(format!("{before:?}, {now:?}")) }
    })
    .await
}

/// What the nodes that run say of the camera's sources, for whoever looks into a failure.
fn told(cell: &Cell) -> String {
    let said = |(i, node): (&usize, &eyrie_tests::Node)| {
        let log = node.log();
        let lines: Vec<_> = log
            .lines()
            .filter(|line| ["pictures", "feed", "fragment", "segment", "WARN"].iter().any(|word| line.contains(word)))
            .collect();
        format!("n{i}:\n{}\n", lines.join("\n"))
    };
    cell.nodes.iter().map(said).collect()
}

/// A cell of three with a camera that refuses a second session, recorded as `placement` says.
async fn start(fault: Fault, placement: &serde_json::Value) -> anyhow::Result<(Cell, String)> {
    let cell = Cell::start(3, 1, "").await?;
    cell.cameras.set_fault("cam0", fault)?;
    let ids = cell.add_cameras(0, 1, placement).await?;
    let id = ids.into_iter().next().context("no camera")?;
    Ok((cell, id))
}

#[tokio::test(flavor = "multi_thread")]
async fn both_nodes_of_a_twin_record_each_picture_of_a_camera_of_one_session() -> anyhow::Result<()> {
    let (cell, id) = start(Fault::OneSession { status: 453 }, &json!({"redundancy": 2, "max_sessions": 1})).await?;
    let nodes = eventually("a twin is placed", || async {
        let both = async { anyhow::Ok((place(&cell, 0, 0).await?, place(&cell, 0, 1).await?)) }.await;
        match both.map_err(|error| error.to_string())? {
            (Some(owner), Some(twin)) => Ok([owner, twin]),
            other => Err(format!("{other:?}")),
        }
    })
    .await?;
    for node in nodes {
        await_more_at(&cell, node, &id, 6).await?;
    }
    let stats = cell.cameras.stats("cam0")?;
    assert_eq!(
        (stats.sessions_total, stats.refused),
        (1, 0),
        "one session, and no attempt at another: {}",
        told(&cell)
    );
    let [owner, twin] = [recorded_at(&cell, nodes[0], &id)?, recorded_at(&cell, nodes[1], &id)?];
    let (owner_ends, twin_ends) = (ends(&owner)?, ends(&twin)?);
    for units in [&owner, &twin] {
        assert_eq!((missing(units), doubled(units)), (0, 0), "each unit once");
    }
    let common = owner_ends.1.min(twin_ends.1) - owner_ends.0.max(twin_ends.0);
    println!("units on the owner's disk: {owner_ends:?}, on the twin's: {twin_ends:?}");
    assert!(common >= 4 * FPS, "the same pictures on both: {owner_ends:?} {twin_ends:?}");
    Ok(())
}

/// Waits until the camera is recorded by another node than `old`, and checks what the two have: the new one began before the old
/// one ended, and has all that the old one got.
async fn handed_over(cell: &Cell, asked: usize, camera: &str, old: usize) -> anyhow::Result<usize> {
    let new = eventually("it is elsewhere", || async {
        match place(cell, asked, 0).await.map_err(|error| error.to_string())? {
            Some(node) if node != old => Ok(node),
            other => Err(format!("{other:?}")),
        }
    })
    .await?;
    await_more_at(cell, new, camera, 4).await?;
    let (before, after) = (recorded_at(cell, old, camera)?, recorded_at(cell, new, camera)?);
    let (last, first) = (ends(&before)?.1, ends(&after)?.0);
    println!("recorded by n{old} up to {last}, by n{new} from {first}");
    assert!(first <= last, "the new one records before the old one stops: {first} {last}");
    let fed: Vec<_> = after.iter().copied().filter(|unit| unit.number <= last).collect();
    assert_eq!((missing(&fed), ends(&fed)?.1), (0, last), "the new one has all that the old one has");
    Ok(new)
}

#[tokio::test(flavor = "multi_thread")]
async fn moving_a_camera_of_one_session_costs_no_more_than_a_reconnect() -> anyhow::Result<()> {
    let (mut cell, id) = start(Fault::OneSession { status: 453 }, &json!({"max_sessions": 1})).await?;
    let first = place(&cell, 0, 0).await?.context("it is placed")?;
    await_more_at(&cell, first, &id, 4).await?;

    let asked = (first + 1) % 3;
    let client = cell.client(asked).await?;
    let view = client.get("/api/v1/cluster").await?;
    let nodes = view["nodes"].as_array().cloned().unwrap_or_default();
    let leaving = nodes.iter().find(|node| node["name"] == format!("n{first}")).context("it is in the cell")?;
    let path = format!("/api/v1/cluster/nodes/{}/drain", leaving["id"].as_str().unwrap_or_default());
    client.post(&path, &json!({"draining": true})).await?;
    let second = handed_over(&cell, asked, &id, first).await?;
    let drained = missing(&cell.recorded(&id)?);

    let stopping = cell.nodes.remove(&second).context("it runs")?;
    tokio::task::spawn_blocking(move || stopping.stop()).await??;
    let asked = (0..3).find(|i| ![first, second].contains(i)).context("three nodes")?;
    handed_over(&cell, asked, &id, second).await?;
    let all = cell.recorded(&id)?;
    let stopped = missing(&all) - drained;
    let stats = cell.cameras.stats("cam0")?;
    println!(
        "missing after a drain: {drained} units; after SIGTERM: {stopped} units, of 25 a second; sessions {}, refused {}",
        stats.sessions_total, stats.refused
    );
    assert_eq!(stats.sessions_total, 3, "one session after the other");
    assert!(drained.max(stopped) <= 3 * FPS, "a reconnect and a GOP: {drained}, {stopped}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_twin_takes_the_session_over_when_its_feeder_is_killed() -> anyhow::Result<()> {
    // The camera keeps the place of a session that ended without a word for three seconds.
    let (mut cell, id) =
        start(Fault::LingeringSession { for_ms: 3_000 }, &json!({"redundancy": 2, "max_sessions": 1})).await?;
    let both = eventually("a twin is placed", || async {
        let both = async { anyhow::Ok((place(&cell, 0, 0).await?, place(&cell, 0, 1).await?)) }.await;
        match both.map_err(|error| error.to_string())? {
            (Some(owner), Some(twin)) => Ok((owner, twin)),
            other => Err(format!("{other:?}")),
        }
    })
    .await?;
    let (feeder, twin) = both;
    for node in [feeder, twin] {
        await_more_at(&cell, node, &id, 4).await?;
    }
    cell.nodes.remove(&feeder).context("it runs")?.kill()?;
    let last = ends(&recorded_at(&cell, feeder, &id)?)?.1;
    await_more_at(&cell, twin, &id, 5).await?;
    let units = recorded_at(&cell, twin, &id)?;
    let at_the_kill = units.iter().filter(|unit| unit.number <= last).count();
    println!(
        "the feeder killed: {} units missing on the twin, {:.2} s, 3 s of which the camera kept the dead one's place",
        missing(&units),
        missing(&units) as f64 / FPS as f64
    );
    assert!(at_the_kill > 0, "the twin recorded before");
    let all = cell.recorded(&id)?;
    // Three seconds the camera refuses; how much of the pause that has grown meanwhile is left then is chance.
    assert!(missing(&all) <= 15 * FPS, "{} units are missing", missing(&all));
    let others: BTreeSet<_> = (0..3).filter(|i| *i != feeder).collect();
    // The lost one is placed anew, and fed by the twin.
    let third = *others.iter().find(|i| **i != twin).context("three nodes")?;
    await_more_at(&cell, third, &id, 3).await?;
    let client = cell.client(twin).await?;
    // The death of who had the session, or what the camera said meanwhile: whichever the twin heard last before it went on.
    eventually("the gap has its cause", || async {
        let gaps = client.get(&format!("/api/v1/cameras/{id}/gaps")).await.map_err(|error| error.to_string())?;
        let causes = ["camera_session_limit", "node_down"];
        let known = gaps["gaps"].as_array().is_some_and(|all| {
            all.iter().any(|gap| gap["cause"].as_str().is_some_and(|cause| causes.contains(&cause)))
        });
        if known { Ok(()) } else { Err(gaps.to_string()) }
    })
    .await
    .with_context(|| told(&cell))
}
