//! Pictures out of recordings and of the live stream, compared with what ffmpeg decodes of an export of the same moment.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use eyrie_camsim::{ClipSpec, StreamConfig, VideoCodec};
use eyrie_tests::{Client, NodeOptions, eventually};
use eyrie_types::{Clock as _, SystemClock, WallTime};
use reqwest::{Method, StatusCode, header};
use serde_json::json;

use crate::support::{Stage, clip};

/// A picture as the interface answers it, and what was said of it.
pub(crate) struct Jpeg {
    bytes: Vec<u8>,
    pub(crate) at: Option<WallTime>,
    etag: String,
    cache: String,
}

pub(crate) async fn jpeg(client: &Client, path: &str) -> anyhow::Result<Jpeg> {
    let answer = client.request(Method::GET, path).send().await?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let bytes = answer.bytes().await?.to_vec();
    ensure!(status == StatusCode::OK, "{path}: {status} {}", String::from_utf8_lossy(&bytes));
    let field = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    ensure!(field("content-type") == "image/jpeg", "{}", field("content-type"));
    let at = field("eyrie-picture-at").parse().ok();
    Ok(Jpeg { bytes, at, etag: field("etag"), cache: field("cache-control") })
}

/// The luma of the first picture of `file`, `size` pixels of it as they are, or scaled.
fn luma(file: &Path, size: Option<(u32, u32)>) -> anyhow::Result<Vec<u8>> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-i"]).arg(file).args(["-frames:v", "1"]);
    if let Some((width, height)) = size {
        command.args(["-vf", &format!("scale={width}:{height}:flags=area")]);
    }
    let decoded = command.args(["-pix_fmt", "gray", "-f", "rawvideo", "pipe:1"]).output()?;
    ensure!(decoded.status.success(), "{}", String::from_utf8_lossy(&decoded.stderr));
    Ok(decoded.stdout)
}

/// By how much the luma of two pictures differs, on average.
fn difference(one: &[u8], other: &[u8]) -> anyhow::Result<f64> {
    ensure!(one.len() == other.len() && !one.is_empty(), "{} and {} pixels", one.len(), other.len());
    let sum: u64 = one.iter().zip(other).map(|(one, other)| u64::from(one.abs_diff(*other))).sum();
    Ok(sum as f64 / one.len() as f64)
}

/// What an export shows first from `at` on, as luma of `size`.
async fn exported(client: &Client, id: &str, at: WallTime, size: (u32, u32), dir: &Path) -> anyhow::Result<Vec<u8>> {
    // A little later, so that the fragment that ends there has no part in it.
    let (from, to) = (at + Duration::from_millis(20), at + Duration::from_millis(200));
    let path = format!("/api/v1/cameras/{id}/export.mp4?from={from}&to={to}");
    let answer = client.request(Method::GET, &path).send().await?.error_for_status()?;
    let begins = answer.headers().get("eyrie-covered-from").and_then(|from| from.to_str().ok()).unwrap_or_default();
    ensure!(begins.parse::<WallTime>()? == at, "the export begins at {begins}, the picture is of {at}");
    let file = dir.join("export.mp4");
    std::fs::write(&file, answer.bytes().await?)?;
    luma(&file, Some(size))
}

fn luma_of(jpeg: &Jpeg, dir: &Path) -> anyhow::Result<Vec<u8>> {
    let file = dir.join("picture.jpg");
    std::fs::write(&file, &jpeg.bytes)?;
    luma(&file, None)
}

/// Where the recording of a camera begins and ends.
pub(crate) async fn span(client: &Client, id: &str) -> anyhow::Result<(WallTime, WallTime)> {
    let footage = client.get(&format!("/api/v1/cameras/{id}/recordings")).await?;
    let spans = footage["spans"].as_array().context("spans")?;
    let edge = |span: Option<&serde_json::Value>, name: &str| span?[name].as_str()?.parse().ok();
    Ok((edge(spans.first(), "start").context("a span")?, edge(spans.last(), "end").context("a span")?))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thumbnail_shows_the_moment_it_is_asked_for_and_a_sprite_many() -> anyhow::Result<()> {
    let streams = vec![
        StreamConfig::new("h264", ClipSpec { b_frames: 2, ..clip() }),
        StreamConfig::new("h265", ClipSpec { codec: VideoCodec::H265, ..clip() }),
    ];
    // Sealed, as the default is.
    let stage = Stage::set(streams, NodeOptions::default()).await?;
    let (client, dir) = (&stage.client, stage.dir.path());
    for camera in ["h264", "h265"] {
        let id = stage.add_online(camera).await?;
        client.await_recorded(&id, 7.0).await?;
        let (from, _) = span(client, &id).await?;
        let thumbnail = format!("/api/v1/cameras/{id}/thumbnail.jpg");
        let mut shown = Vec::new();
        for ms in [100, 2_500, 4_100] {
            let at = from + Duration::from_millis(ms);
            let picture = jpeg(client, &format!("{thumbnail}?at={at}&width=160")).await?;
            let taken = picture.at.context("the time of the picture")?;
            ensure!(taken <= at && at.since(taken) <= Duration::from_millis(1_100), "asked for {at}, got {taken}");
            let (mine, theirs) = (luma_of(&picture, dir)?, exported(client, &id, taken, (160, 90), dir).await?);
            let off = difference(&mine, &theirs)?;
            ensure!(off < 6.0, "{camera} at {ms} ms: {off} off what an export shows");
            shown.push(mine);
        }
        ensure!(difference(&shown[0], &shown[1])? > 8.0, "pictures of two moments differ");

        let to = from + Duration::from_secs(6);
        // The first two cells lie before the recording.
        let begin = from - Duration::from_secs(3);
        let path = format!("/api/v1/cameras/{id}/sprite.jpg?from={begin}&to={to}&columns=3&rows=2&width=160");
        let sheet = jpeg(client, &path).await?;
        let pixels = luma_of(&sheet, dir)?;
        ensure!(pixels.len() == 480 * 180, "{} pixels", pixels.len());
        let cell = |cell: usize| -> Vec<u8> {
            let (left, top) = (cell % 3 * 160, cell / 3 * 90);
            (top..top + 90).flat_map(|line| pixels[line * 480 + left..line * 480 + left + 160].to_vec()).collect()
        };
        ensure!((0..2).all(|dark| cell(dark).iter().all(|luma| *luma < 40)), "a gap is dark");
        for (at, number) in [(1_500, 3), (3_000, 4), (4_500, 5)] {
            let moment = from + Duration::from_millis(at);
            let alone = luma_of(&jpeg(client, &format!("{thumbnail}?at={moment}&width=160")).await?, dir)?;
            let off = difference(&cell(number), &alone)?;
            ensure!(off < 4.0, "{camera}: cell {number} is {off} off the thumbnail of its moment");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_picture_is_decoded_once_for_all_who_ask_and_is_there_when_the_camera_is_not() -> anyhow::Result<()>
{
    let stage = Stage::set(vec![StreamConfig::new("door", clip())], NodeOptions::default()).await?;
    let client = &stage.client;
    let id = stage.add_online("door").await?;
    client.await_recorded(&id, 2.0).await?;
    let path = format!("/api/v1/cameras/{id}/thumbnail.jpg");
    let before = stage.metric("eyrie_pictures_decoded_total").await?;
    let (clock, path) = (SystemClock::new(), path.as_str());
    let started = clock.monotonic();
    let answers = futures::future::join_all((0..100).map(|_| jpeg(client, path))).await;
    let took = clock.monotonic().since(started);
    let answers = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
    let decoded = stage.metric("eyrie_pictures_decoded_total").await? - before;
    // One picture is the latest for three seconds; a slow machine may see the next.
    let most = 1.0 + (took.as_secs_f64() / 3.0).ceil();
    ensure!(decoded >= 1.0 && decoded <= most, "{decoded} decodes for 100 who asked within {took:?}");
    let latest = &answers[0];
    ensure!(latest.cache.contains("max-age=2") && latest.bytes.len() > 1_000, "{}", latest.cache);
    let now: WallTime = client.get("/api/v1/node").await?["now"].as_str().context("now")?.parse()?;
    let age = now.since(latest.at.context("the time of the picture")?);
    ensure!(age < Duration::from_secs(6) + took, "{age:?} old");

    let issued = client.post(&format!("/api/v1/cameras/{id}/capabilities"), &json!({"kind": "live"})).await?;
    let url = issued["url"].as_str().context("url")?.replace("index.m3u8", "thumbnail.jpg?width=64");
    let by_link = reqwest::get(format!("{}{url}", stage.node.base())).await?;
    ensure!(by_link.status() == StatusCode::OK, "{}", by_link.status());

    // Switched off, the camera has nothing in memory.
    let off = client.request(Method::PATCH, &format!("/api/v1/cameras/{id}")).json(&json!({"enabled": false}));
    off.send().await?.error_for_status()?;
    client.await_state(&id, "disabled").await?;
    // The picture that was the latest in memory is on the disk once the recorder has closed its file.
    let last = eventually("the last picture that was recorded", || async {
        let last = jpeg(client, path).await.map_err(|error| error.to_string())?;
        if last.at >= latest.at { Ok(last) } else { Err(format!("{:?} after {:?}", last.at, latest.at)) }
    })
    .await?;
    let same = client.request(Method::GET, path).header(header::IF_NONE_MATCH, &last.etag).send().await?;
    ensure!(same.status() == StatusCode::NOT_MODIFIED, "{}", same.status());
    Ok(())
}
