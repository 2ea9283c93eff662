use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use super::cost::add_and_await_all;
use super::{CameraFarm, ProcessUsage, Summary, machine};
use crate::{Node, NodeOptions, recorded_aus};

/// The rate of each camera, in kbit/s.
const KBPS: u32 = 500;
/// How often memory and CPU are sampled.
const SAMPLE: Duration = Duration::from_secs(15);

/// Records `cameras` cameras of [`KBPS`] for `length` and counts, by the numbers in what lies on disk, the access units lost
/// between the first and the last of each camera; samples CPU and memory of the node, and the cameras' own share.
///
/// # Errors
/// When the disk has no room for it, the node does not come up or a recording cannot be read.
pub async fn capacity(cameras: usize, length: Duration) -> anyhow::Result<String> {
    let dir = tempfile::tempdir()?;
    ensure_room(dir.path(), cameras, length)?;
    let farm = CameraFarm::start(cameras, KBPS)?;
    let node = Node::start(dir.path(), &NodeOptions::default())?;
    let client = node.client().await?;
    let ids = add_and_await_all(&client, &farm).await?;
    let (node_before, farm_before) = (ProcessUsage::of(node.pid())?, ProcessUsage::of(farm.pid())?);
    let mut memory = Vec::new();
    let samples = (length.as_secs() / SAMPLE.as_secs()).max(2);
    for _ in 0..samples {
        tokio::time::sleep(SAMPLE).await;
        memory.push(ProcessUsage::of(node.pid())?.rss_mib);
    }
    let (node_after, farm_after) = (ProcessUsage::of(node.pid())?, ProcessUsage::of(farm.pid())?);
    let seconds = (SAMPLE * samples as u32).as_secs_f64();
    node.stop()?;
    let (mut units, mut lost, mut doubled) = (0, 0, 0);
    for id in &ids {
        let aus = recorded_aus(dir.path(), id).await?;
        units += aus.len();
        for pair in aus.windows(2) {
            match pair[1].stamp.number - pair[0].stamp.number {
                0 => doubled += 1,
                step => lost += step - 1,
            }
        }
    }
    let cores = |after: ProcessUsage, before: ProcessUsage| (after.cpu_ms - before.cpu_ms) / 1000.0 / seconds;
    let half = memory.len() / 2;
    Ok(format!(
        "{}\n\n{cameras} cameras of {KBPS} kbit/s, {seconds:.0} s: {units} access units on disk, {lost} lost, {doubled} doubled. Cores \
         used: Eyrie {:.2}, the simulated cameras {:.2}. Node's memory in MiB, first half {}, second half {}.\n",
        machine(),
        cores(node_after, node_before),
        cores(farm_after, farm_before),
        Summary::of(memory[..half].iter().copied()),
        Summary::of(memory[half..].iter().copied()),
    ))
}

/// A full disk would end the measurement with lost units that say nothing about the node.
fn ensure_room(dir: &Path, cameras: usize, length: Duration) -> anyhow::Result<()> {
    // A fifth more: cameras exceed their rate a little, and so do boxes, headers and the index.
    let needed = cameras as u64 * u64::from(KBPS) * 125 * length.as_secs() / 10 * 12;
    let df = Command::new("df").args(["--block-size=1", "--output=avail"]).arg(dir).output().context("running df")?;
    let told = String::from_utf8_lossy(&df.stdout);
    let free: u64 = told.lines().nth(1).unwrap_or_default().trim().parse().context("df tells no free bytes")?;
    let gb = |bytes: u64| bytes as f64 / 1e9;
    ensure!(free >= needed, "{}: {:.0} GB are needed and {:.0} GB are free", dir.display(), gb(needed), gb(free));
    Ok(())
}
