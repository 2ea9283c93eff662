use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use eyrie_camsim::Scene;
use eyrie_types::{Clock as _, SystemClock, TimeRange};
use futures::StreamExt as _;
use reqwest::Method;
use tokio::task::JoinSet;

use super::answers::{quantiles, quantiles_head, text, timed};
use super::moments::Moments;
use super::recorder::Recorder;
use super::{ProcessUsage, machine};
use crate::{Client, recorded_aus};

/// Each camera's rate, in kbit/s.
const KBPS: u32 = 2000;
/// Exports that run at the same time: all that one user may have.
const EXPORTS: usize = 4;
/// How often a camera, one after the other, is asked how far it is durable.
const SAMPLE: Duration = Duration::from_millis(50);

/// What is measured.
#[derive(Debug, Clone, Copy)]
pub struct ExtractOptions {
    /// Cameras that are recorded.
    pub cameras: usize,
    /// How long each is recorded before, so that there is something to take out.
    pub before: Duration,
    /// With and without exports, so many times in turn.
    pub rounds: usize,
    /// Length of each.
    pub window: Duration,
}

/// What exports and winding at full speed cost a recorder: CPU, how far behind the present its footage is durable, and access
/// units lost.
///
/// # Errors
/// When the node does not come up or an answer is no success.
pub async fn extract(options: &ExtractOptions) -> anyhow::Result<String> {
    let recorder = Recorder::start(options.cameras, KBPS, Scene::Test).await?;
    recorder.record(options.before).await?;
    let mut ranges = Vec::new();
    for id in &recorder.ids {
        ranges.push((id.clone(), recorder.recorded(id).await?));
    }
    let ranges: Arc<[(String, TimeRange)]> = ranges.into();
    let (mut alone, mut beside) = (Phase::default(), Phase::default());
    let taken = Arc::new(Taken::default());
    for _ in 0..options.rounds {
        alone.measure(&recorder, options.window).await?;
        let mut takers = JoinSet::new();
        for number in 0..EXPORTS {
            takers.spawn(export_again_and_again(
                recorder.client.clone(),
                Arc::clone(&ranges),
                Arc::clone(&taken),
                number as u64,
            ));
        }
        takers.spawn(wind_again_and_again(recorder.client.clone(), Arc::clone(&ranges), Arc::clone(&taken)));
        tokio::select! {
            measured = beside.measure(&recorder, options.window) => measured?,
            ended = takers.join_next() => ended.context("no takers")???,
        }
    }
    let Recorder { node, farm, ids, dir, .. } = recorder;
    node.stop()?;
    drop(farm);
    let (mut units, mut lost) = (0, 0);
    for id in &ids {
        let aus = recorded_aus(dir.path(), id).await?;
        units += aus.len();
        lost += aus.windows(2).map(|pair| (pair[1].stamp.number - pair[0].stamp.number).saturating_sub(1)).sum::<u64>();
    }
    let seconds = options.window.as_secs_f64() * options.rounds as f64;
    let taken_mb = taken.bytes.load(Ordering::Relaxed) as f64 / 1e6;
    ensure!(taken_mb > 0.0, "nothing was exported");
    Ok(format!(
        "{}\n\n{} cameras of {KBPS} kbit/s, {} rounds of {} s without and with {EXPORTS} exports and a client that winds through \
         I-frames, all as fast as answers come: {:.0} MB/s and {:.0} pictures a second were taken out. {units} access units on \
         disk, {lost} lost. Cores used by the node: {} without, {} with. How old the newest durable footage is, in ms:\n\n{}{}{}",
        machine(),
        options.cameras,
        options.rounds,
        options.window.as_secs(),
        taken_mb / seconds,
        taken.pictures.load(Ordering::Relaxed) as f64 / seconds,
        alone.cores(),
        beside.cores(),
        quantiles_head("while"),
        quantiles("nothing is taken out", &alone.behind_ms, 0),
        quantiles("exports and winding run", &beside.behind_ms, 0),
    ))
}

/// What was measured with, or without, anything taken out.
#[derive(Default)]
struct Phase {
    cores: Vec<f64>,
    behind_ms: Vec<Vec<f64>>,
}

impl Phase {
    fn cores(&self) -> super::Summary {
        super::Summary::of(self.cores.iter().copied())
    }

    /// Asks one camera after the other how far it is durable.
    async fn measure(&mut self, recorder: &Recorder, window: Duration) -> anyhow::Result<()> {
        let clock = SystemClock::new();
        let (before, begun) = (ProcessUsage::of(recorder.node.pid())?, clock.monotonic());
        let mut behind_ms = Vec::new();
        let mut pace = tokio::time::interval(SAMPLE);
        for id in recorder.ids.iter().cycle() {
            pace.tick().await;
            if clock.monotonic().since(begun) >= window {
                break;
            }
            let end = recorder.recorded(id).await?.end;
            behind_ms.push(clock.now().signed_us_since(end) as f64 / 1000.0);
        }
        let after = ProcessUsage::of(recorder.node.pid())?;
        self.cores.push((after.cpu_ms - before.cpu_ms) / 1000.0 / clock.monotonic().since(begun).as_secs_f64());
        self.behind_ms.push(behind_ms);
        Ok(())
    }
}

/// What was taken out.
#[derive(Default)]
struct Taken {
    bytes: AtomicU64,
    pictures: AtomicU64,
}

/// Exports all that a camera has, then another's.
async fn export_again_and_again(
    client: Client,
    ranges: Arc<[(String, TimeRange)]>,
    taken: Arc<Taken>,
    seed: u64,
) -> anyhow::Result<()> {
    let mut moments = Moments::new(seed);
    loop {
        let (camera, range) = &ranges[moments.below(ranges.len() as u64) as usize];
        let path = format!("/api/v1/cameras/{camera}/export.mp4?from={}&to={}", range.start, range.end);
        let answer = client.request(Method::GET, &path).send().await?;
        ensure!(answer.status().is_success(), "{path}: {}", answer.status());
        let mut chunks = answer.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            taken.bytes.fetch_add(chunk?.len() as u64, Ordering::Relaxed);
        }
    }
}

/// Fetches one keyframe after the other of a camera, then another's.
async fn wind_again_and_again(
    client: Client,
    ranges: Arc<[(String, TimeRange)]>,
    taken: Arc<Taken>,
) -> anyhow::Result<()> {
    let mut moments = Moments::new(u64::MAX);
    loop {
        let (camera, range) = &ranges[moments.below(ranges.len() as u64) as usize];
        let below = format!("/api/v1/cameras/{camera}/playback");
        let frames = text(&client, &format!("{below}/iframes.m3u8?from={}&to={}", range.start, range.end)).await?;
        for frame in frames.lines().filter(|line| !line.starts_with('#')) {
            timed(&client, &format!("{below}/{frame}")).await?;
            taken.pictures.fetch_add(1, Ordering::Relaxed);
        }
    }
}
