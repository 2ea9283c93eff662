//! What was recorded, played back by programs nobody here wrote: every picture, at its time, and nothing that is damaged.

use std::future::ready;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use eyrie_camsim::au_number::{AuStamp, scan};
use eyrie_camsim::{ClipSpec, StreamConfig};
use eyrie_tests::{Client, Node, NodeOptions, eventually};
use eyrie_types::{Clock as _, SystemClock, WallTime};
use futures::{StreamExt as _, TryStreamExt as _};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{Stage, cameras, causes, clip, output, rtsp, segment_files};

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

#[tokio::test(flavor = "multi_thread")]
async fn what_is_damaged_or_lost_is_left_out_and_the_rest_plays() -> anyhow::Result<()> {
    let options = NodeOptions::default();
    let Stage { cameras, node, client, dir } =
        Stage::set(vec![StreamConfig::new("door", clip())], options.clone()).await?;
    let from = now(&client).await? - Duration::from_secs(5);
    let id = client.add_camera("door", rtsp(&cameras.url("door"))).await?;
    client.await_recorded(&id, 8.0).await?;
    node.stop()?;
    let files = segment_files(&dir.path().join("recordings"));
    let file = files.first().context("a recorded file")?;
    let mut bytes = std::fs::read(file)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(file, &bytes)?;

    let node = Node::start(dir.path(), &options)?;
    let client = node.client().await?;
    let to = from + Duration::from_secs(14);
    // Nobody has read it: the playlist offers it, and the answer with the flipped bit never ends well.
    let before = media(&client, &id, "media.m3u8", from, to).await?;
    let mut broken = 0;
    for (_, _, path) in &before.segments {
        broken += usize::from(fetch(&client, path).await.is_err());
    }
    assert_eq!(broken, 1, "one segment holds the bit: {}", before.text);
    let after = media(&client, &id, "media.m3u8", from, to).await?;
    assert!(after.text.contains("#EXT-X-DISCONTINUITY"), "{}", after.text);
    assert!(!stamps(&client, &after).await?.is_empty());
    eventually("the damage is booked", || async {
        let ledger = client.get(&format!("/api/v1/cameras/{id}/gaps")).await.map_err(|error| error.to_string())?;
        if causes(&ledger).contains("damaged") { Ok(()) } else { Err(ledger.to_string()) }
    })
    .await?;

    // Cut short: what is left plays.
    std::fs::File::options().write(true).open(file)?.set_len(middle as u64 * 2 / 3)?;
    let cut = media(&client, &id, "media.m3u8", from, to).await?;
    assert!(cut.segments.len() <= after.segments.len(), "{}", cut.text);
    assert!(!stamps(&client, &cut).await?.is_empty());

    // Gone: nothing of it is offered any more.
    std::fs::remove_file(file)?;
    let url = format!("/api/v1/cameras/{id}/playback/media.m3u8?from={from}&to={to}");
    let answer = client.request(Method::GET, &url).send().await?;
    assert_eq!(answer.status(), 404, "{}", answer.text().await?);
    Ok(())
}

/// Asks for `path` over and over until `stop`, 150 at a time; answers how many were refused as too many.
async fn flood(client: &Client, path: impl Fn(u32) -> String, stop: &AtomicBool) -> anyhow::Result<u32> {
    let asks = futures::stream::iter(0..).take_while(|_| ready(!stop.load(Ordering::Relaxed))).map(|number| {
        let request = client.request(Method::GET, &path(number)).send();
        async move {
            let answer = request.await?;
            let status = answer.status();
            let told = answer.headers().contains_key("retry-after");
            answer.bytes().await?;
            ensure!(status.is_success() || (status == StatusCode::TOO_MANY_REQUESTS && told), "{status}");
            Ok(u32::from(!status.is_success()))
        }
    });
    asks.buffer_unordered(150).try_fold(0, async |sum, refused| Ok(sum + refused)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_floods_gets_its_share_and_another_all_its_answers() -> anyhow::Result<()> {
    // Segments of 12 MB in twelve fragments, of which the buffers between us take some seven.
    let (width, height, gop, seconds) = (1280, 720, 300, 12);
    let busy = ClipSpec { width, height, gop, seconds, bitrate_kbps: 8_000, ..ClipSpec::default() };
    let stage = Stage::set(vec![StreamConfig::new("door", busy)], NodeOptions::default()).await?;
    let (greedy, modest) = (&stage.client, &stage.node.client().await?);
    let from = now(greedy).await? - Duration::from_secs(5);
    let id = stage.add_online("door").await?;
    greedy.await_recorded(&id, 20.0).await?;
    let to = now(greedy).await? - Duration::from_secs(3);
    let playlist = media(greedy, &id, "media.m3u8", from, to).await?;
    let (_, _, segment) = playlist.segments.first().context("a segment")?;
    let length = fetch(greedy, segment).await?.len();
    ensure!(length > 9_000_000, "{length} bytes fit into buffers");

    // Players that take the head of their segment and no more, twice as many as wait for a place.
    let stalled = futures::future::join_all((0..160).map(|_| greedy.request(Method::GET, segment).send()));
    let stalled = stalled.await.into_iter().collect::<Result<Vec<_>, _>>()?;
    let playing = stalled.iter().filter(|answer| answer.status() == StatusCode::OK).count();
    assert_eq!(playing, 16, "a quarter of the places");
    for refused in stalled.iter().filter(|answer| answer.status() != StatusCode::OK) {
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(refused.headers().contains_key("retry-after"));
    }
    assert_eq!(stage.metric("eyrie_places_taken{of=\"playback_segment\"}").await?, 16.0);

    let stop = AtomicBool::new(false);
    let below = format!("/api/v1/cameras/{id}");
    let playlists = |_| format!("{below}/playback/media.m3u8?from={from}&to={to}");
    let second = Duration::from_secs(1);
    let pictures = |number: u32| {
        let at = from + second * 6 + second * (number % 10);
        format!("{below}/thumbnail.jpg?at={at}&width={}", 16 + number % 900 * 2)
    };
    let clock = SystemClock::new();
    let watch = async {
        let mut slowest = Duration::ZERO;
        let mut seen = Vec::new();
        for round in 0..3 {
            let started = clock.monotonic();
            let media = media(modest, &id, "media.m3u8", from, to).await?;
            let listed = clock.monotonic();
            seen.push(stamps(modest, &media).await?.len());
            let played = clock.monotonic();
            fetch(modest, &format!("{below}/thumbnail.jpg?at={}&width={}", from + second * 9, 300 + 2 * round)).await?;
            let shown = clock.monotonic();
            for took in [listed.since(started), played.since(listed), shown.since(played)] {
                slowest = slowest.max(took);
            }
        }
        stop.store(true, Ordering::Relaxed);
        anyhow::Ok((seen, slowest))
    };
    let (watched, playlists, pictures) =
        tokio::join!(watch, flood(greedy, playlists, &stop), flood(greedy, pictures, &stop));
    let (seen, slowest) = watched?;
    assert!(seen[0] > 200 && seen.iter().all(|pictures| *pictures == seen[0]), "{seen:?}");
    println!("the other session's slowest answer took {slowest:?}");
    assert!(playlists? > 0 && pictures? > 0, "there was a flood to be held back");
    for of in ["playback_segment", "playback_playlist", "picture"] {
        let refused = format!("eyrie_places_asked_total{{of=\"{of}\",outcome=\"refused_share\"}}");
        assert!(stage.metric(&refused).await? > 0.0, "{refused}");
        let refused = refused.replace("refused_share", "refused_all");
        assert_eq!(stage.metric(&refused).await?, 0.0, "{refused}");
    }
    drop(stalled);
    eventually("players that vanish give their places back", || async {
        let taken = stage.metric("eyrie_places_taken").await.map_err(|error| error.to_string())?;
        if taken == 0.0 { Ok(()) } else { Err(format!("{taken} are taken")) }
    })
    .await
}
