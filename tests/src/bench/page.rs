use std::time::Duration;

use anyhow::Context as _;
use eyrie_camsim::Scene;

use super::browser::Browser;
use super::recorder::Recorder;
use super::{ProcessUsage, Summary, machine};

/// Each camera's rate, in kbit/s: what cameras send for walls.
const KBPS: u32 = 500;
/// Pictures of the wall.
const VIDEOS: usize = 16;

/// CPU of the node and of Chromium, with all its processes, while a page of the dashboard plays sixteen live cameras.
///
/// # Errors
/// When the pictures do not move.
pub async fn page(rounds: usize, window: Duration) -> anyhow::Result<String> {
    let recorder = Recorder::start(VIDEOS, KBPS, Scene::Test).await?;
    let (mut alone, mut node, mut chromium, mut shown, mut dropped) = (vec![], vec![], vec![], vec![], vec![]);
    let cores = |after: f64, before: f64| (after - before) / 1000.0 / window.as_secs_f64();
    for _ in 0..rounds {
        let pid = recorder.node.pid();
        let before = ProcessUsage::of(pid)?.cpu_ms;
        tokio::time::sleep(window).await;
        alone.push(cores(ProcessUsage::of(pid)?.cpu_ms, before));

        let browser = Browser::watch(&recorder.node, "/?layout=16", VIDEOS, window, false).await?;
        let before = (ProcessUsage::of(pid)?.cpu_ms, ProcessUsage::cpu_ms_below(browser.driver())?);
        // Shorter than the page watches by a moment, or some of its processes would be gone.
        let measured = window.mul_f64(0.95);
        tokio::time::sleep(measured).await;
        let after = (ProcessUsage::of(pid)?.cpu_ms, ProcessUsage::cpu_ms_below(browser.driver())?);
        node.push(cores(after.0, before.0) / 0.95);
        chromium.push(cores(after.1, before.1) / 0.95);
        let seen = browser.seen().await?;
        let videos = seen["videos"].as_array().context("no videos")?;
        let sum = |name: &str| videos.iter().filter_map(|video| video[name].as_f64()).sum::<f64>();
        shown.push((sum("frames") - sum("dropped")) / window.as_secs_f64());
        dropped.push(100.0 * sum("dropped") / sum("frames").max(1.0));
    }
    recorder.node.stop()?;
    let of = |values: Vec<f64>| Summary::of(values);
    Ok(format!(
        "{}\n\n{VIDEOS} cameras of {KBPS} kbit/s (640×360, 25 pictures a second), recorded, and played in one page of Chromium, which \
         decodes in software here. {rounds} rounds of {} s.\n\n| | |\n| --- | --- |\n\
         | cores, the node without the page | {} |\n| cores, the node | {} |\n| cores, Chromium | {} |\n\
         | pictures a second, all together, of {} sent | {:.0} |\n| pictures decoded and dropped, % | {:.1} |\n",
        machine(),
        window.as_secs(),
        of(alone),
        of(node),
        of(chromium),
        VIDEOS * 25,
        of(shown),
        of(dropped),
    ))
}
