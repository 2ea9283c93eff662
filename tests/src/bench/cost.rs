use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;

use super::{CameraFarm, Killed, ProcessUsage, Summary, ffmpeg_children, machine};
use crate::{Client, DEADLINE, Node, NodeOptions, eventually};

/// What is measured.
#[derive(Debug, Clone)]
pub struct CostOptions {
    /// Numbers of cameras, one table row each and contender.
    pub cameras: Vec<usize>,
    /// Rate of each, in kbit/s.
    pub kbps: u32,
    /// Measurements of each.
    pub rounds: usize,
    /// Length of one.
    pub window: Duration,
}

/// How long a contender runs before it is measured, so that connecting and warming up do not count.
const SETTLE: Duration = Duration::from_secs(8);

/// CPU-milliseconds per stream-second and memory per camera: Eyrie (RTSP → sealed recording, live-ready), bare retina, and one
/// ffmpeg per camera; all on the same cameras in the same run.
///
/// # Errors
/// When a contender does not come up.
pub async fn cost(options: &CostOptions) -> anyhow::Result<String> {
    let mut table = format!(
        "{}\n\n| cameras | contender | CPU-ms per stream-second | MiB RSS per camera |\n| --- | --- | --- | --- |\n",
        machine()
    );
    for &cameras in &options.cameras {
        let farm = CameraFarm::start(cameras, options.kbps)?;
        let mut measured: BTreeMap<&str, Vec<ProcessUsage>> = BTreeMap::new();
        for _ in 0..options.rounds {
            measured.entry("1 bare retina").or_default().push(measure_bare(&farm, options.window).await?);
            measured.entry("2 Eyrie").or_default().push(measure_eyrie(&farm, options.window).await?);
            measured.entry("3 ffmpeg per camera").or_default().push(measure_ffmpeg(&farm, options.window).await?);
        }
        for (contender, usages) in measured {
            let stream_seconds = cameras as f64 * options.window.as_secs_f64();
            let cpu = Summary::of(usages.iter().map(|usage| usage.cpu_ms / stream_seconds));
            let memory = Summary::of(usages.iter().map(|usage| usage.rss_mib / cameras as f64));
            table.push_str(&format!("| {cameras} | {} | {cpu} | {memory} |\n", &contender[2..]));
        }
    }
    Ok(table)
}

/// What `pids` use within `window`, memory at its end.
pub(super) async fn usage_within(pids: &[u32], window: Duration) -> anyhow::Result<ProcessUsage> {
    tokio::time::sleep(SETTLE).await;
    let before = ProcessUsage::sum(pids)?;
    tokio::time::sleep(window).await;
    let after = ProcessUsage::sum(pids)?;
    Ok(ProcessUsage { cpu_ms: after.cpu_ms - before.cpu_ms, rss_mib: after.rss_mib })
}

async fn measure_bare(farm: &CameraFarm, window: Duration) -> anyhow::Result<ProcessUsage> {
    let child =
        Command::new(std::env::current_exe()?).arg("bare-retina").args(farm.urls()).stdout(Stdio::piped()).spawn()?;
    let mut child = Killed(vec![child]);
    let stdout = child.0[0].stdout.take().context("stdout is piped")?;
    let line = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).map(|_| line)
    });
    let line = tokio::time::timeout(DEADLINE, line).await.context("bare retina did not come up")???;
    anyhow::ensure!(line.trim() == "receiving", "bare retina said {line:?}");
    usage_within(&child.pids(), window).await
}

async fn measure_ffmpeg(farm: &CameraFarm, window: Duration) -> anyhow::Result<ProcessUsage> {
    let dir = tempfile::tempdir()?;
    let children = Killed(ffmpeg_children(farm.urls(), dir.path())?);
    usage_within(&children.pids(), window).await
}

async fn measure_eyrie(farm: &CameraFarm, window: Duration) -> anyhow::Result<ProcessUsage> {
    let dir = tempfile::tempdir()?;
    let node = Node::start(dir.path(), &NodeOptions::default())?;
    let client = node.client().await?;
    add_and_await_all(&client, farm).await?;
    let usage = usage_within(&[node.pid()], window).await?;
    node.stop()?;
    Ok(usage)
}

/// Adds every camera of the farm and waits until all are online.
pub(super) async fn add_and_await_all(client: &Client, farm: &CameraFarm) -> anyhow::Result<Vec<String>> {
    let mut ids = Vec::new();
    for (i, url) in farm.urls().iter().enumerate() {
        ids.push(client.add_camera(&format!("Camera {i}"), json!({"type": "rtsp", "url": url})).await?);
    }
    eventually("all cameras online", || async {
        let page = client.get("/api/v1/cameras?state=online&limit=1").await.map_err(|error| error.to_string())?;
        let online = page["total"].as_u64().unwrap_or(0);
        if online == ids.len() as u64 { Ok(()) } else { Err(format!("{online} of {} online", ids.len())) }
    })
    .await?;
    Ok(ids)
}
