use std::time::Duration;

use anyhow::{Context as _, ensure};
use eyrie_types::{Clock as _, SystemClock, TimeRange, WallTime};

use super::answers::{quantiles, quantiles_head, text, timed};
use super::bench_cell::BenchCell;
use super::machine;
use crate::{Client, eventually};

/// Rate of the cameras, in kbit/s.
const KBPS: u32 = 2000;
/// Recorded by each node of what is spread.
const EACH: Duration = Duration::from_secs(20);
/// What is recorded beyond a range, so that it lies wholly in it.
const BESIDE: Duration = Duration::from_secs(3);

/// What is measured.
#[derive(Debug, Clone, Copy)]
pub struct SpreadOptions {
    /// Cameras that are recorded meanwhile.
    pub cameras: usize,
    /// Measurements of each.
    pub rounds: usize,
    /// Ranges that are played in a round.
    pub plays: usize,
}

/// Playback of a minute that three nodes have recorded, one after the other, beside a minute of the same camera that one has:
/// through that node, and through another one.
///
/// # Errors
/// When the cell does not come up, or answers anything but success.
pub async fn spread(options: &SpreadOptions) -> anyhow::Result<String> {
    let cell = BenchCell::start(options.cameras, KBPS).await?;
    let camera = cell.ids.first().context("no cameras")?.clone();
    let (spread, last) = record_on_three(&cell, &camera).await?;
    let alone = record_on_one(&cell, &camera, last).await?;
    let other = (0..cell.nodes.len()).find(|node| *node != last).context("no other node")?;
    let asked = [
        ("one node, asked itself", last, alone),
        ("one node, through another", other, alone),
        ("three nodes, through one of them", last, spread),
    ];
    let (mut starts, mut whole) = (vec![Vec::new(); asked.len()], vec![Vec::new(); asked.len()]);
    let mut bytes = vec![0; asked.len()];
    for _ in 0..options.rounds {
        for (place, (_, node, range)) in asked.iter().enumerate() {
            let client = cell.client_of(*node).await?;
            let (mut started, mut played) = (Vec::new(), Vec::new());
            for _ in 0..options.plays {
                let found = play(&client, &camera, *range).await?;
                started.push(found.start_ms);
                played.push(found.whole_ms);
                bytes[place] = found.bytes;
            }
            starts[place].push(started);
            whole[place].push(played);
        }
    }
    cell.stop()?;
    let mut table = format!(
        "{}\n\nThree nodes, {} cameras of {KBPS} kbit/s, recorded and sealed meanwhile. Ranges of {} s, {} rounds of {} plays each; in \
         ms.\n\n{}",
        machine(),
        options.cameras,
        3 * EACH.as_secs(),
        options.rounds,
        options.plays,
        quantiles_head("recorded by, asked"),
    );
    for (place, (what, ..)) in asked.iter().enumerate() {
        table += &quantiles(&format!("{what}: the first segment is there"), &starts[place], 1);
        let megabytes = bytes[place] as f64 / 1e6;
        table += &quantiles(&format!("{what}: the whole range ({megabytes:.1} MB)"), &whole[place], 0);
    }
    Ok(table)
}

/// A range of the camera a third of which each node recorded, and who did the last.
async fn record_on_three(cell: &BenchCell, camera: &str) -> anyhow::Result<(TimeRange, usize)> {
    let owner = async || cell.owners().await?.get(camera).copied().context("a camera without an owner");
    let mut owners = vec![owner().await?];
    tokio::time::sleep(EACH + BESIDE).await;
    let first_move = SystemClock::new().now();
    for _ in 1..cell.nodes.len() {
        cell.drain(owners.last().copied().context("no owner")?, true).await?;
        let now = owner().await?;
        ensure!(!owners.contains(&now), "the camera went from {owners:?} to {now}");
        owners.push(now);
        if owners.len() < cell.nodes.len() {
            tokio::time::sleep(EACH).await;
        }
    }
    let last = owners.pop().context("no owner")?;
    let end = first_move + 2 * EACH;
    await_recorded(&cell.client, camera, end).await?;
    for drained in owners {
        cell.drain(drained, false).await?;
    }
    Ok((TimeRange { start: first_move.offset_us(-(EACH.as_micros() as i64)), end }, last))
}

/// A range of the same length that `node` recorded alone.
async fn record_on_one(cell: &BenchCell, camera: &str, node: usize) -> anyhow::Result<TimeRange> {
    let start = SystemClock::new().now() + BESIDE;
    let end = start + 3 * EACH;
    tokio::time::sleep(3 * EACH + 2 * BESIDE).await;
    await_recorded(&cell.client, camera, end).await?;
    ensure!(cell.owners().await?.get(camera) == Some(&node), "the camera was moved meanwhile");
    Ok(TimeRange { start, end })
}

/// Waits until the camera is durable up to `end`.
async fn await_recorded(client: &Client, camera: &str, end: WallTime) -> anyhow::Result<()> {
    eventually("the range is recorded", || async {
        let path = format!("/api/v1/cameras/{camera}/recordings");
        let answer = client.get(&path).await.map_err(|error| error.to_string())?;
        let last = answer["spans"].as_array().and_then(|spans| spans.last()).map(|span| span["end"].to_string());
        let last: Option<WallTime> = last.and_then(|last| last.trim_matches('"').parse().ok());
        if last >= Some(end) { Ok(()) } else { Err(answer.to_string()) }
    })
    .await
}

struct Played {
    /// Until the last byte of the first segment.
    start_ms: f64,
    /// Until the last byte of the last one.
    whole_ms: f64,
    bytes: usize,
}

/// Plays a range as fast as answers come, one after the other.
async fn play(client: &Client, camera: &str, range: TimeRange) -> anyhow::Result<Played> {
    let below = format!("/api/v1/cameras/{camera}/playback");
    let clock = SystemClock::new();
    let begun = clock.monotonic();
    let ms = || clock.monotonic().since(begun).as_secs_f64() * 1000.0;
    let index = text(client, &format!("{below}/index.m3u8?from={}&to={}", range.start, range.end)).await?;
    let media = index.lines().find(|line| line.starts_with("media.m3u8")).context("no variant")?;
    let media = text(client, &format!("{below}/{media}")).await?;
    let (mut start_ms, mut bytes) = (None, 0);
    for line in media.lines() {
        let init = line.strip_prefix("#EXT-X-MAP:URI=\"").map(|init| init.trim_end_matches('"'));
        let Some(file) = init.or((!line.starts_with('#') && !line.is_empty()).then_some(line)) else { continue };
        bytes += timed(client, &format!("{below}/{file}")).await?.1.len();
        if init.is_none() {
            start_ms.get_or_insert_with(ms);
        }
    }
    Ok(Played { start_ms: start_ms.context("no segment")?, whole_ms: ms(), bytes })
}
