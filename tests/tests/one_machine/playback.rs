//! What was recorded, played back by programs nobody here wrote: every picture, at its time, and nothing that is damaged.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use eyrie_camsim::StreamConfig;
use eyrie_camsim::au_number::{AuStamp, scan};
use eyrie_tests::{Client, Node, NodeOptions};
use eyrie_types::WallTime;
use reqwest::Method;
use serde_json::json;

use crate::support::{cameras, clip, output, rtsp};

/// A frame of the small clip, in microseconds.
const FRAME_US: i64 = 40_000;

/// A media playlist, as far as the tests look at it.
pub(crate) struct Media {
    pub(crate) text: String,
    /// Path of the init segment, wall time of the first picture, path of the segment.
    pub(crate) segments: Vec<(String, WallTime, String)>,
}

pub(crate) async fn fetch(client: &Client, path: &str) -> anyhow::Result<Vec<u8>> {
    let answer = client.request(Method::GET, path).send().await?;
    let status = answer.status();
    let length = answer.content_length();
    let body = answer.bytes().await?;
    ensure!(status.is_success(), "{path}: {status} {}", String::from_utf8_lossy(&body));
    ensure!(length == Some(body.len() as u64), "{path}: {length:?} promised, {} came", body.len());
    Ok(body.to_vec())
}

pub(crate) async fn media(
    client: &Client,
    camera: &str,
    name: &str,
    from: WallTime,
    to: WallTime,
) -> anyhow::Result<Media> {
    let below = format!("/api/v1/cameras/{camera}/playback");
    let text = String::from_utf8(fetch(client, &format!("{below}/{name}?from={from}&to={to}")).await?)?;
    let (mut init, mut at, mut length_us, mut segments) = (String::new(), WallTime::EPOCH, 0, Vec::new());
    for line in text.lines() {
        if let Some(map) = line.strip_prefix("#EXT-X-MAP:URI=\"") {
            init = format!("{below}/{}", map.trim_end_matches('"'));
        } else if let Some(date) = line.strip_prefix("#EXT-X-PROGRAM-DATE-TIME:") {
            at = date.parse()?;
        } else if let Some(length) = line.strip_prefix("#EXTINF:") {
            length_us = (length.trim_end_matches(',').parse::<f64>()? * 1e6).round() as i64;
        } else if !line.starts_with('#') {
            segments.push((init.clone(), at, format!("{below}/{line}")));
            at = at.offset_us(length_us);
        }
    }
    Ok(Media { text, segments })
}

/// The stamps of all that the media playlist names, fetched by header; each segment begins at the time that it says.
pub(crate) async fn stamps(client: &Client, media: &Media) -> anyhow::Result<Vec<AuStamp>> {
    let mut stamps = Vec::new();
    for (_, at, path) in &media.segments {
        let body = fetch(client, path).await?;
        let found: Vec<AuStamp> = scan(&body).collect();
        let first = found.first().with_context(|| format!("{path} holds no picture"))?;
        for (what, us) in [("sent", first.sent_unix_us as i64), ("decoded", decoded_us(&body)?)] {
            let off = at.as_unix_us() - us;
            ensure!(off.abs() <= FRAME_US, "{path}: {what} {off} µs from {at}");
        }
        stamps.extend(found);
    }
    Ok(stamps)
}

/// When the first picture of a fragment is decoded, by its first `tfdt`, whose clock has the 90 kHz of RTP video.
fn decoded_us(body: &[u8]) -> anyhow::Result<i64> {
    let at = body.windows(4).position(|kind| kind == b"tfdt").context("a tfdt")?;
    let ticks = body.get(at + 8..).and_then(|rest| rest.first_chunk::<8>()).context("a decode time of 64 bits")?;
    Ok((u128::from(u64::from_be_bytes(*ticks)) * 1_000_000 / 90_000) as i64)
}

pub(crate) async fn now(client: &Client) -> anyhow::Result<WallTime> {
    let node = client.get("/api/v1/node").await?;
    Ok(node["now"].as_str().context("the node's time")?.parse()?)
}

pub(crate) fn numbers(stamps: &[AuStamp]) -> Vec<u64> {
    stamps.iter().map(|stamp| stamp.number).collect()
}

/// The pictures that ffmpeg copies out of `url`.
async fn ffmpeg_copy(url: &str, headers: Option<&str>, into: &Path) -> anyhow::Result<Vec<u64>> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y"]);
    if let Some(headers) = headers {
        command.args(["-headers", headers]);
    }
    command.args(["-i", url, "-map", "0:v:0", "-c", "copy", "-f", "h264"]).arg(into);
    output(&mut command).await?;
    Ok(numbers(&scan(&std::fs::read(into)?).collect::<Vec<_>>()))
}

#[tokio::test(flavor = "multi_thread")]
async fn players_get_every_picture_at_its_time_across_a_restart_and_a_gap() -> anyhow::Result<()> {
    let cameras = cameras(vec![StreamConfig::new("door", clip())]).await?;
    let dir = tempfile::tempdir()?;
    let node = Node::start(dir.path(), &NodeOptions::default())?;
    let client = node.client().await?;
    let from = now(&client).await? - Duration::from_secs(5);
    let id = client.add_camera("door", rtsp(&cameras.url("door"))).await?;
    client.await_recorded(&id, 8.0).await?;
    let early = media(&client, &id, "media.m3u8", from, now(&client).await?).await?;
    let (_, _, first) = early.segments.first().context("a segment")?;
    let first = (first.clone(), fetch(&client, first).await?);
    node.stop()?;
    let node = Node::start(dir.path(), &NodeOptions::default())?;
    let client = node.client().await?;
    client.await_state(&id, "online").await?;
    client.await_recorded(&id, 15.0).await?;
    let to = now(&client).await? - Duration::from_secs(3);

    let media = media(&client, &id, "media.m3u8", from, to).await?;
    assert!(fetch(&client, &first.0).await? == first.1, "an address answers the same bytes for good");
    assert_eq!(media.text.matches("#EXT-X-DISCONTINUITY\n").count(), 1, "{}", media.text);
    let served = stamps(&client, &media).await?;
    let fetched = numbers(&served);
    let jumps: Vec<_> = fetched.windows(2).filter(|pair| pair[1] != pair[0] + 1).collect();
    assert!(jumps.len() == 1 && jumps[0][1] > jumps[0][0], "one hole, where the node was down: {jumps:?}");

    let header = format!("Authorization: Bearer {}\r\n", client.token());
    let index = format!("{}/api/v1/cameras/{id}/playback/index.m3u8?from={from}&to={to}", node.base());
    assert_eq!(ffmpeg_copy(&index, Some(&header), &dir.path().join("header.h264")).await?, fetched);
    let issued = client.post(&format!("/api/v1/cameras/{id}/capabilities"), &json!({"kind": "playback"})).await?;
    let url = format!("{}{}?from={from}&to={to}", node.base(), issued["url"].as_str().unwrap_or_default());
    assert_eq!(ffmpeg_copy(&url, None, &dir.path().join("capability.h264")).await?, fetched);

    // Decoded right from the playlist: as many pictures as access units, across the restart, and no decoder complains.
    let mut decode = Command::new("ffmpeg");
    decode.args(["-v", "error", "-nostdin", "-xerror", "-i", &url, "-map", "0:v:0", "-fps_mode", "passthrough"]);
    let decoded = output(decode.args(["-f", "framecrc", "-"])).await?;
    let shown: Vec<i64> = decoded
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split(',').nth(2).and_then(|pts| pts.trim().parse().ok()).context("a time"))
        .collect::<Result<_, _>>()?;
    assert_eq!(shown.len(), fetched.len(), "ffmpeg shows every picture");
    assert!(shown.windows(2).all(|pair| pair[0] < pair[1]), "and goes on in time");

    let dumped = dir.path().join("gstreamer.h264");
    let mut gst = Command::new("gst-launch-1.0");
    gst.args(["-q", "souphttpsrc", &format!("location={url}"), "!", "hlsdemux", "!", "qtdemux", "!", "h264parse"]);
    gst.args(["!", "video/x-h264,stream-format=byte-stream", "!", "filesink"]);
    output(gst.arg(format!("location={}", dumped.display()))).await?;
    assert_eq!(numbers(&scan(&std::fs::read(dumped)?).collect::<Vec<_>>()), fetched, "GStreamer");

    i_frames_decode(&client, &id, from, to).await?;
    Ok(())
}

/// Each entry of the I-frame playlist is one picture that decodes by itself.
async fn i_frames_decode(client: &Client, id: &str, from: WallTime, to: WallTime) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let frames = media(client, id, "iframes.m3u8", from, to).await?;
    assert!(frames.text.contains("#EXT-X-I-FRAMES-ONLY") && frames.segments.len() > 10, "{}", frames.text);
    for (number, (init, at, path)) in frames.segments.iter().enumerate() {
        let body = fetch(client, path).await?;
        let found: Vec<AuStamp> = scan(&body).collect();
        ensure!(found.len() == 1, "{path}: {} pictures", found.len());
        for us in [found[0].sent_unix_us as i64, decoded_us(&body)?] {
            let off = at.as_unix_us() - us;
            ensure!(off.abs() <= FRAME_US, "{path} is {off} µs off");
        }
        if number % 5 == 0 {
            let file = dir.path().join("key.mp4");
            std::fs::write(&file, [fetch(client, init).await?, body].concat())?;
            let played = crate::support::probe(&file.display().to_string(), None, 9).await?;
            ensure!(played == "h264,320,180,1", "{path}: {played}");
        }
    }
    Ok(())
}
