use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures::future::try_join_all;
use serde_json::Value;

use super::bench_cell::{BenchCell, number};
use super::held::Held;
use super::live_player::watch;
use super::{ProcessUsage, Summary, machine};

/// Rate of the cameras, in kbit/s.
const KBPS: u32 = 2000;
/// Between the start of players and the first look at what they cost.
const SETTLE: Duration = Duration::from_secs(5);

/// What is measured.
#[derive(Debug, Clone)]
pub struct EdgeOptions {
    /// Viewers of one camera who hold a reload each, a table row each.
    pub viewers: Vec<usize>,
    /// Cameras that are recorded, a third of them by each node.
    pub cameras: usize,
    /// Measurements of each.
    pub rounds: usize,
    /// Length of one.
    pub window: Duration,
}

/// Live through a node that does not run the camera: how soon the last of many who hold a reload has a new part, and what an answer
/// costs; and what a relayed stream costs the node that is asked and the one that is asked by it.
///
/// # Errors
/// When the cell does not come up, or a viewer is refused.
pub async fn edge(options: &EdgeOptions) -> anyhow::Result<String> {
    let cell = BenchCell::start(options.cameras, KBPS).await?;
    let held = held_reloads(&cell, options).await?;
    let relayed = relayed_streams(&cell, options).await?;
    cell.stop()?;
    Ok(format!(
        "{}\n\nThree nodes, {} cameras of {KBPS} kbit/s, recorded and sealed. {} rounds of {} s each.\n\n{held}\n{relayed}",
        machine(),
        options.cameras,
        options.rounds,
        options.window.as_secs(),
    ))
}

/// A camera, its owner and another node.
async fn watched(cell: &BenchCell) -> anyhow::Result<(String, usize, usize)> {
    let camera = cell.ids.first().context("no cameras")?;
    let owner = cell.owners().await?.get(camera).copied().context("a camera without an owner")?;
    let edge = (0..cell.nodes.len()).find(|node| *node != owner).context("no other node")?;
    Ok((camera.clone(), owner, edge))
}

async fn held_reloads(cell: &BenchCell, options: &EdgeOptions) -> anyhow::Result<String> {
    let mut table = "| viewers | of them waiting when a part comes, % | CPU-µs an answer, the edge | CPU-µs an answer, the owner | one has the \
                     part, ms: p50 | p99 | the last has it, ms: p50 of the parts | p99 | questions to the owner a part | \
                     connections to it |\n\
                     | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    let (camera, owner, edge) = watched(cell).await?;
    let address = |node: usize| -> anyhow::Result<String> {
        Ok(cell.node(node)?.base().strip_prefix("http://").context("the node speaks http")?.to_owned())
    };
    for &viewers in &options.viewers {
        let mut rounds = Rounds::default();
        for _ in 0..options.rounds {
            let idle = (usage_of(cell, edge)?, usage_of(cell, owner)?);
            tokio::time::sleep(options.window).await;
            let idle = (usage_of(cell, edge)? - idle.0, usage_of(cell, owner)? - idle.1);
            let held = Held {
                edge: address(edge)?,
                owner: address(owner)?,
                token: cell.client.token().to_owned(),
                path: format!("/api/v1/cameras/{camera}/live/media.m3u8"),
                viewers,
                window: options.window,
            };
            let mut holding = tokio::task::block_in_place(|| held.start())?;
            let questions = cell.metric(edge, "eyrie_media_link_requests_total", "prefix=\"live\"").await?;
            let before = (usage_of(cell, edge)?, usage_of(cell, owner)?);
            ensure!(tokio::task::block_in_place(|| holding.line())? == "over", "the viewers do not hold on");
            let used = (usage_of(cell, edge)? - before.0, usage_of(cell, owner)? - before.1);
            let questions = cell.metric(edge, "eyrie_media_link_requests_total", "prefix=\"live\"").await? - questions;
            let connections = cell.metric(owner, "eyrie_media_link_connections", "side=\"answers\"").await?;
            let found: Value = serde_json::from_str(&tokio::task::block_in_place(|| holding.line())?)?;
            let (answers, parts) = (number(&found, "answers")?, number(&found, "parts")?);
            ensure!(parts > 0.0, "no part was published: {found}");
            rounds.edge_us.push((used.0 - idle.0) * 1000.0 / answers);
            rounds.owner_us.push((used.1 - idle.1) * 1000.0 / answers);
            for (place, share) in rounds.shares.iter_mut().enumerate() {
                share.push(found["each_ms"][place].as_f64().unwrap_or(f64::NAN));
            }
            for (place, share) in rounds.last.iter_mut().enumerate() {
                share.push(found["last_ms"][place].as_f64().unwrap_or(f64::NAN));
            }
            rounds.held.push(number(&found, "held_percent")?);
            rounds.questions.push(questions / parts);
            rounds.connections.push(connections);
        }
        table += &rounds.row(viewers);
    }
    Ok(table)
}

/// What the rounds of one row found.
#[derive(Default)]
struct Rounds {
    edge_us: Vec<f64>,
    owner_us: Vec<f64>,
    /// p50 and p99 of all viewers' waits.
    shares: [Vec<f64>; 2],
    /// p50 and p99 of the last viewers' waits, over the parts.
    last: [Vec<f64>; 2],
    questions: Vec<f64>,
    connections: Vec<f64>,
    /// How many of the viewers held a reload when a part came, in percent.
    held: Vec<f64>,
}

impl Rounds {
    fn row(&self, viewers: usize) -> String {
        let of = |values: &[f64]| Summary::of(values.iter().copied());
        let [p50, p99] = self.shares.each_ref().map(|values| of(values));
        let [last_p50, last_p99] = self.last.each_ref().map(|values| of(values));
        format!(
            "| {viewers} | {:.0} | {:.1} | {:.1} | {p50:.0} | {p99:.0} | {last_p50:.0} | {last_p99:.0} | {:.2} | {:.0} |\n",
            of(&self.held),
            of(&self.edge_us),
            of(&self.owner_us),
            of(&self.questions),
            of(&self.connections),
        )
    }
}

/// CPU-milliseconds of a node since its start.
fn usage_of(cell: &BenchCell, node: usize) -> anyhow::Result<f64> {
    Ok(ProcessUsage::of(cell.node(node)?.pid())?.cpu_ms)
}

/// One low-latency player for each camera that the edge does not run: through the edge, and at the cameras' own nodes.
async fn relayed_streams(cell: &BenchCell, options: &EdgeOptions) -> anyhow::Result<String> {
    let (_, _, edge) = watched(cell).await?;
    let owners = cell.owners().await?;
    let cameras: Vec<_> = owners.iter().filter(|(_, owner)| **owner != edge).collect();
    ensure!(!cameras.is_empty(), "the edge runs all cameras");
    let mut clients = Vec::new();
    for node in 0..cell.nodes.len() {
        clients.push(cell.client_of(node).await?);
    }
    let others = || -> anyhow::Result<f64> {
        (0..cell.nodes.len()).filter(|node| *node != edge).map(|node| usage_of(cell, node)).sum()
    };
    // By what is done: CPU-milliseconds a stream-second of the edge, and of the others together.
    let (mut relayed, mut direct) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for _ in 0..options.rounds {
        let idle = (usage_of(cell, edge)?, others()?);
        tokio::time::sleep(options.window).await;
        let idle = (usage_of(cell, edge)? - idle.0, others()? - idle.1);
        for (through_edge, found) in [(true, &mut relayed), (false, &mut direct)] {
            let players = cameras.iter().map(|(camera, owner)| {
                let client = clients.get(if through_edge { edge } else { **owner });
                async move { watch(client.context("no such node")?, camera, SETTLE + options.window + SETTLE).await }
            });
            let measured = async {
                tokio::time::sleep(SETTLE).await;
                let before = (usage_of(cell, edge)?, others()?);
                tokio::time::sleep(options.window).await;
                anyhow::Ok((usage_of(cell, edge)? - before.0, others()? - before.1))
            };
            let (played, used) = tokio::join!(try_join_all(players), measured);
            let (played, used) = (played?, used?);
            ensure!(played.iter().all(|watched| !watched.parts.is_empty()), "a player got nothing");
            let seconds = cameras.len() as f64 * options.window.as_secs_f64();
            found[0].push((used.0 - idle.0) / seconds);
            found[1].push((used.1 - idle.1) / seconds);
        }
    }
    let of = |values: &[f64]| Summary::of(values.iter().copied());
    Ok(format!(
        "One low-latency player each of {} cameras, part by part; CPU-ms per stream-second beyond recording.\n\n\
         | | the edge | the cameras' own nodes |\n| --- | --- | --- |\n\
         | through the edge | {:.2} | {:.2} |\n| at the cameras' own nodes | {:.2} | {:.2} |\n",
        cameras.len(),
        of(&relayed[0]),
        of(&relayed[1]),
        of(&direct[0]),
        of(&direct[1]),
    ))
}
