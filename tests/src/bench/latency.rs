use std::time::Duration;

use anyhow::{Context as _, ensure};
use eyrie_camsim::Scene;
use futures::future::try_join_all;
use serde_json::Value;

use super::answers::{quantiles, quantiles_head};
use super::browser::Browser;
use super::cameras::bench_clip;
use super::live_player::{Watched, watch};
use super::machine;
use super::recorder::Recorder;

/// Each camera's rate, in kbit/s.
const KBPS: u32 = 2000;
/// Cameras that are played at the same time, each by a player of its own.
const PLAYERS: usize = 8;
/// Between a page's first moving picture and the first look at its latency: hls.js closes up to where it wants to be.
const SETTLE: Duration = Duration::from_secs(10);

/// What is measured.
#[derive(Debug, Clone, Copy)]
pub struct LatencyOptions {
    /// Cameras that are recorded.
    pub cameras: usize,
    /// Measurements of each, on other cameras.
    pub rounds: usize,
    /// Length of one.
    pub window: Duration,
}

/// How old live pictures are: by the time at which the camera sent each access unit, until a low-latency player has it; and by the
/// number in the picture that the dashboard shows in Chromium.
///
/// # Errors
/// When the node or a player does not come up, or a picture's number cannot be read.
pub async fn latency(options: &LatencyOptions) -> anyhow::Result<String> {
    let recorder = Recorder::start(options.cameras, KBPS, Scene::Numbered).await?;
    let (mut units, mut held, mut shown, mut unread) = (Vec::new(), Vec::new(), Vec::new(), 0);
    let mut hold_back_ms = 0.0;
    for round in 0..options.rounds {
        let others = recorder.ids.iter().cycle().skip(round * PLAYERS).take(PLAYERS.min(recorder.ids.len()));
        let watched: Vec<Watched> = try_join_all(others.map(|id| watch(&recorder.client, id, options.window))).await?;
        hold_back_ms = watched.iter().map(|watched| watched.hold_back_ms).fold(0.0, f64::max);
        units.push(received_ages(&watched, false));
        held.push(received_ages(&watched, true).iter().map(|age| age + hold_back_ms).collect());

        let id = recorder.ids.get(round % recorder.ids.len()).context("no cameras")?;
        // The schedule of the camera's pictures, from what it said itself.
        let known = watch(&recorder.client, id, Duration::from_secs(2)).await?;
        let browser =
            Browser::watch(&recorder.node, &format!("/cameras/{id}"), 1, SETTLE + options.window, true).await?;
        let (ages, missed) = shown_ages(&browser.seen().await?, &known)?;
        shown.push(ages);
        unread += missed;
    }
    recorder.node.stop()?;
    let read: usize = shown.iter().map(Vec::len).sum();
    ensure!(unread <= read / 20, "{unread} numbers could not be read, {read} were");
    let held_name = format!("… and held back by `PART-HOLD-BACK` ({hold_back_ms:.0} ms)");
    Ok(format!(
        "{}\n\n{} cameras of {KBPS} kbit/s are recorded, {PLAYERS} played by one player each, part by part; then one in the \
         dashboard in Chromium. {} rounds of {} s; {read} numbers read in Chromium, {unread} unreadable. In ms since the camera \
         sent the picture.\n\n{}{}{}{}",
        machine(),
        options.cameras,
        options.rounds,
        options.window.as_secs(),
        quantiles_head("until"),
        quantiles("a player has the picture", &units, 0),
        quantiles(&held_name, &held, 0),
        quantiles("Chromium shows it, by the number in it", &shown, 0),
    ))
}

/// How old each access unit was when its player had it, in milliseconds; or only the last of each part.
fn received_ages(watched: &[Watched], last_only: bool) -> Vec<f64> {
    let mut ages = Vec::new();
    for part in watched.iter().flat_map(|watched| &watched.parts) {
        let skipped = if last_only { part.units.len().saturating_sub(1) } else { 0 };
        let sent = part.units.iter().skip(skipped).map(|unit| unit.sent_unix_us as i64);
        ages.extend(sent.map(|sent| (part.at_us - sent) as f64 / 1000.0));
    }
    ages
}

/// How old each picture was when its number was read off the page, in milliseconds, and how many numbers could not be read.
fn shown_ages(seen: &Value, known: &Watched) -> anyhow::Result<(Vec<f64>, usize)> {
    let clip = bench_clip(KBPS, Scene::Numbered);
    let (pictures, interval_us) = (u64::from(clip.frames()), 1_000_000 / u64::from(clip.fps));
    // Unit 0 by the schedule: the earliest that any unit speaks of, for a busy camera may be late and is never early.
    let units = known.parts.iter().flat_map(|part| &part.units);
    let zero_us = units.map(|unit| unit.sent_unix_us - unit.number * interval_us).min().context("no units seen")?;
    let readings = seen["readings"].as_array().context("no readings")?;
    let (mut ages, mut unread) = (Vec::new(), 0);
    for reading in readings {
        let at_ms = reading["at_ms"].as_f64().context("a reading without a time")?;
        match reading["number"].as_u64() {
            Some(number) => {
                let since_zero = (at_ms * 1000.0) as u64 - zero_us;
                // The last time that this picture of the clip was sent.
                let passes = (since_zero - number * interval_us) / (pictures * interval_us);
                ages.push((since_zero - (passes * pictures + number) * interval_us) as f64 / 1000.0);
            }
            None => unread += 1,
        }
    }
    ensure!(ages.len() > 100, "only {} numbers were read: {seen}", ages.len());
    Ok((ages, unread))
}
