use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use eyrie_camsim::Scene;
use eyrie_types::{TimeRange, WallTime};
use futures::future::try_join_all;

use super::answers::{quantiles, quantiles_head, timed};
use super::machine;
use super::moments::Moments;
use super::recorder::Recorder;
use crate::Client;

/// Each camera's rate, in kbit/s.
const KBPS: u32 = 2000;
/// Recorded before and after a restart: half of the moments lie in closed files, half in those that grow.
const RECORDED: Duration = Duration::from_secs(60);
/// The length of the range that is asked for, in seconds.
const RANGE_S: u64 = 60;
/// Players that start at the same time.
const AT_ONCE: usize = 8;

/// What is measured.
#[derive(Debug, Clone, Copy)]
pub struct PlaybackOptions {
    /// Cameras that are recorded meanwhile.
    pub cameras: usize,
    /// Measurements of each.
    pub rounds: usize,
    /// Starts of playback in a round.
    pub starts: usize,
}

/// How soon playback starts, from the request for the multivariant playlist of a range that begins at a random moment to the
/// last byte of its first segment; and how soon pictures come. All while the node records.
///
/// # Errors
/// When the node does not come up, or answers anything but success.
pub async fn playback(options: &PlaybackOptions) -> anyhow::Result<String> {
    let recorder = Recorder::start(options.cameras, KBPS, Scene::Test).await?;
    recorder.record(RECORDED).await?;
    let recorder = recorder.restart().await?;
    recorder.record(RECORDED).await?;
    let mut asked = Asked::of(&recorder, 1).await?;
    let (rounds, starts) = (options.rounds, options.starts);

    let mut alone = Vec::new();
    let mut together = Vec::new();
    let mut uncached = Vec::new();
    let mut drawn = Vec::new();
    let mut kept = Vec::new();
    let mut latest = Vec::new();
    for _ in 0..rounds {
        let mut found = Vec::new();
        for _ in 0..starts {
            let (camera, at) = asked.next();
            found.push(start(&recorder.client, &camera, at).await?);
        }
        alone.push(found);
        let mut found = Vec::new();
        for _ in 0..starts.div_ceil(AT_ONCE) {
            let moments: Vec<_> = (0..AT_ONCE).map(|_| asked.next()).collect();
            found.extend(try_join_all(moments.iter().map(|(camera, at)| start(&recorder.client, camera, *at))).await?);
        }
        together.push(found);
        let mut found = Vec::new();
        for _ in 0..starts {
            let (camera, at) = asked.next();
            drop_from_page_cache(&recorder.dir.path().join("recordings"), &camera)?;
            found.push(start(&recorder.client, &camera, at).await?);
        }
        uncached.push(found);

        let paths: Vec<String> = (0..starts / 2)
            .map(|_| asked.next())
            .map(|(camera, at)| format!("/api/v1/cameras/{camera}/thumbnail.jpg?at={at}"))
            .collect();
        for found in [&mut drawn, &mut kept] {
            let mut round = Vec::new();
            for path in &paths {
                round.push(timed(&recorder.client, path).await?.0);
            }
            found.push(round);
        }
        let mut round = Vec::new();
        for id in &recorder.ids {
            round.push(timed(&recorder.client, &format!("/api/v1/cameras/{id}/thumbnail.jpg")).await?.0);
        }
        latest.push(round);
    }
    recorder.node.stop()?;
    let mut table = format!(
        "{}\n\n{} cameras of {KBPS} kbit/s are recorded meanwhile. {rounds} rounds of {starts} starts each, at random moments of the \
         last {} minutes; in ms.\n\n{}",
        machine(),
        options.cameras,
        RECORDED.as_secs() * 2 / 60,
        quantiles_head("what"),
    );
    for (what, rounds) in [
        ("playback starts", &alone),
        ("8 players start at once", &together),
        ("the camera's files not in the page cache", &uncached),
        ("thumbnail, decoded", &drawn),
        ("thumbnail, kept", &kept),
        ("latest picture, decoded", &latest),
    ] {
        table.push_str(&quantiles(what, rounds, 1));
    }
    Ok(table)
}

/// Random moments of what was recorded.
struct Asked {
    cameras: Vec<(String, TimeRange)>,
    moments: Moments,
}

impl Asked {
    async fn of(recorder: &Recorder, seed: u64) -> anyhow::Result<Self> {
        let mut cameras = Vec::new();
        for id in &recorder.ids {
            cameras.push((id.clone(), recorder.recorded(id).await?));
        }
        Ok(Self { cameras, moments: Moments::new(seed) })
    }

    fn next(&mut self) -> (String, WallTime) {
        let (camera, range) = &self.cameras[self.moments.below(self.cameras.len() as u64) as usize];
        // Some seconds of footage are to follow.
        let length_us = range.end.signed_us_since(range.start).max(20_000_000) as u64 - 10_000_000;
        (camera.clone(), range.start.offset_us(self.moments.below(length_us) as i64))
    }
}

/// Starts to play as a player does: both playlists, the init segment, the first segment. Milliseconds.
async fn start(client: &Client, camera: &str, from: WallTime) -> anyhow::Result<f64> {
    let below = format!("/api/v1/cameras/{camera}/playback");
    let to = from + Duration::from_secs(RANGE_S);
    let (index_ms, index) = timed(client, &format!("{below}/index.m3u8?from={from}&to={to}")).await?;
    let index = String::from_utf8(index)?;
    let media = index.lines().find(|line| line.starts_with("media.m3u8")).context("no variant")?;
    let (media_ms, media) = timed(client, &format!("{below}/{media}")).await?;
    let media = String::from_utf8(media)?;
    let init = media.lines().find_map(|line| line.strip_prefix("#EXT-X-MAP:URI=\"")).context("no init segment")?;
    let first = media.lines().find(|line| !line.starts_with('#')).context("no segment")?;
    let (init_ms, _) = timed(client, &format!("{below}/{}", init.trim_end_matches('"'))).await?;
    let (first_ms, segment) = timed(client, &format!("{below}/{first}")).await?;
    ensure!(segment.len() > 1000, "a segment of {} bytes", segment.len());
    Ok(index_ms + media_ms + init_ms + first_ms)
}

/// Makes the next reader of a camera's files read the disk: those pages that are written are dropped from memory.
fn drop_from_page_cache(recordings: &Path, camera: &str) -> anyhow::Result<()> {
    let dropped = Command::new("sh")
        .arg("-ec")
        .arg("for file in \"$0\"/*/\"$1\"/*/*; do dd if=\"$file\" iflag=nocache count=0 status=none; done")
        .arg(recordings)
        .arg(camera)
        .status()?;
    ensure!(dropped.success(), "dd: {dropped}");
    Ok(())
}
