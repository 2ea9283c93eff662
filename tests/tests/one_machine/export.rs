use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use eyrie_camsim::au_number::scan;
use eyrie_camsim::{AudioCodec, AudioSpec, ClipSpec, StreamConfig, VideoCodec};
use eyrie_tests::{Client, Node, NodeOptions, eventually, recorded_aus};
use eyrie_types::WallTime;
use futures::StreamExt as _;
use reqwest::{Method, Response, StatusCode, header};
use serde_json::json;

use crate::footage::assert_whole;
use crate::support::{Stage, cameras, clip, output, rtsp, segment_files};

/// The address of a camera's footage between two moments.
pub(crate) fn address(id: &str, from: &str, to: &str) -> String {
    format!("/api/v1/cameras/{id}/export.mp4?from={from}&to={to}")
}

/// All that is recorded of a camera by now.
async fn all_of(client: &Client, id: &str) -> anyhow::Result<String> {
    let footage = client.get(&format!("/api/v1/cameras/{id}/recordings")).await?;
    let spans = footage["spans"].as_array().context("spans")?;
    let edge = |span: Option<&serde_json::Value>, name: &str| span?[name].as_str()?.parse::<WallTime>().ok();
    let (from, to) = (edge(spans.first(), "start").context("a span")?, edge(spans.last(), "end").context("a span")?);
    // A little less, so that the fragment that begins there has no part in it once it is durable.
    Ok(address(id, &from.to_string(), &(to - Duration::from_millis(100)).to_string()))
}

pub(crate) async fn get(client: &Client, path: &str) -> anyhow::Result<Response> {
    let answer = client.request(Method::GET, path).send().await?;
    ensure!(answer.status() == StatusCode::OK, "{path}: {} {}", answer.status(), answer.text().await?);
    Ok(answer)
}

pub(crate) fn field<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

pub(crate) fn numbers(file: &[u8]) -> Vec<u64> {
    scan(file).map(|stamp| stamp.number).collect()
}

/// Codec, pictures that decode and seconds of the pictures, and whether ffmpeg found anything wrong.
pub(crate) async fn probe(path: &Path) -> anyhow::Result<(String, usize, f64)> {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-select_streams", "v:0", "-count_frames"]);
    command.args(["-show_entries", "stream=codec_name,nb_read_frames,duration", "-of", "csv=p=0"]).arg(path);
    let text = output(&mut command).await?;
    let mut fields = text.trim().split(',');
    let mut next = || fields.next().unwrap_or_default().to_owned();
    let (codec, seconds, pictures) = (next(), next(), next());
    Ok((codec, pictures.parse()?, seconds.parse()?))
}

fn moov_is_first(file: &[u8]) -> bool {
    let at = |kind: &[u8]| file.windows(4).position(|window| window == kind);
    at(b"moov").is_some_and(|moov| Some(moov) < at(b"mdat"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_comes_out_as_a_file_with_every_picture_the_camera_sent_in_it() -> anyhow::Result<()> {
    let sound = |codec| Some(AudioSpec { codec });
    let streams = vec![
        StreamConfig::new("h264", ClipSpec { audio: sound(AudioCodec::Pcma), b_frames: 2, ..clip() }),
        StreamConfig::new("h265", ClipSpec { codec: VideoCodec::H265, audio: sound(AudioCodec::Aac), ..clip() }),
    ];
    let stage = Stage::set(streams, NodeOptions::default()).await?;
    let ids = [stage.add_online("h264").await?, stage.add_online("h265").await?];
    for (id, codec) in ids.iter().zip(["h264", "hevc"]) {
        stage.client.await_recorded(id, 6.0).await?;
        let all = all_of(&stage.client, id).await?;
        let answer = get(&stage.client, &all).await?;
        let (from, to): (WallTime, WallTime) =
            (field(&answer, "eyrie-covered-from").parse()?, field(&answer, "eyrie-covered-to").parse()?);
        assert!(field(&answer, "content-disposition").starts_with("attachment; filename=\"h26"));
        assert!(field(&answer, "content-type") == "video/mp4" && field(&answer, "accept-ranges") == "bytes");
        let length: usize = field(&answer, "content-length").parse()?;
        let file = answer.bytes().await?;
        assert_eq!(file.len(), length);
        assert!(moov_is_first(&file));
        let numbers = numbers(&file);
        assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "a picture is missing: {numbers:?}");
        assert!(numbers.len() >= 125, "{}", numbers.len());
        let path = stage.dir.path().join("export.mp4");
        std::fs::write(&path, &file)?;
        let (found, pictures, seconds) = probe(&path).await?;
        assert_eq!((found.as_str(), pictures), (codec, numbers.len()));
        let covered = to.since(from).as_secs_f64();
        assert!((seconds - covered).abs() < 0.3, "{seconds} s of a covered range of {covered} s");
        let mut decoding = Command::new("ffmpeg");
        decoding.args(["-v", "error", "-nostdin", "-i"]).arg(&path).args(["-f", "null", "-"]);
        let decoding = decoding.output()?;
        assert!(
            decoding.status.success() && decoding.stderr.is_empty(),
            "{}",
            String::from_utf8_lossy(&decoding.stderr)
        );
        // Two seconds out of the middle begin at the keyframe at or before and hold what was asked for.
        let (asked_from, asked_to) = (from + Duration::from_millis(2_500), from + Duration::from_millis(4_500));
        let part = get(&stage.client, &address(id, &asked_from.to_string(), &asked_to.to_string())).await?;
        let begins: WallTime = field(&part, "eyrie-covered-from").parse()?;
        let ends: WallTime = field(&part, "eyrie-covered-to").parse()?;
        assert!(begins <= asked_from && asked_from.since(begins) <= Duration::from_millis(1_100), "{begins}");
        assert!(ends >= asked_to && ends.since(asked_to) <= Duration::from_millis(1_100), "{ends}");
        let part = self::numbers(&part.bytes().await?);
        assert!((50..=105).contains(&part.len()) && part.windows(2).all(|pair| pair[1] == pair[0] + 1));
        assert!(part.first() > numbers.first() && part.last() < numbers.last());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_is_resumed_and_no_other_question_is_taken_for_it() -> anyhow::Result<()> {
    let stage = Stage::set(vec![StreamConfig::new("door", clip())], NodeOptions::default()).await?;
    let id = stage.add_online("door").await?;
    stage.client.await_recorded(&id, 4.0).await?;
    let path = all_of(&stage.client, &id).await?;
    let head = stage.client.request(Method::HEAD, &path).send().await?;
    assert_eq!(head.status(), StatusCode::OK);
    let (etag, length) = (field(&head, "etag").to_owned(), field(&head, "content-length").to_owned());
    let whole = get(&stage.client, &path).await?;
    assert_eq!(field(&whole, "etag"), etag);
    let whole = whole.bytes().await?;
    assert_eq!(whole.len().to_string(), length);
    let ask = |name: header::HeaderName, value: String| stage.client.request(Method::GET, &path).header(name, value);
    let mut got = Vec::new();
    while got.len() < whole.len() {
        let to = (got.len() + 50_000).min(whole.len() + 7);
        let range = format!("bytes={}-{to}", got.len());
        let part = ask(header::RANGE, range).header(header::IF_RANGE, &etag).send().await?;
        assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
        assert!(field(&part, "content-range").ends_with(&format!("/{length}")));
        got.extend(part.bytes().await?);
    }
    assert!(got == whole, "the parts are the whole");
    let other = ask(header::RANGE, "bytes=5-9".into()).header(header::IF_RANGE, "\"other\"").send().await?;
    assert_eq!((other.status(), other.bytes().await?.len()), (StatusCode::OK, whole.len()));
    let beyond = ask(header::RANGE, format!("bytes={length}-")).send().await?;
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(field(&beyond, "content-range"), format!("bytes */{length}"));
    assert_eq!(ask(header::IF_NONE_MATCH, etag.clone()).send().await?.status(), StatusCode::NOT_MODIFIED);

    let query = path.split_once('?').context("a query")?.1;
    for (kind, status) in
        [("export", StatusCode::OK), ("live", StatusCode::FORBIDDEN), ("playback", StatusCode::FORBIDDEN)]
    {
        let made = stage.client.post(&format!("/api/v1/cameras/{id}/capabilities"), &json!({"kind": kind})).await?;
        let capability = made["url"].as_str().and_then(|url| url.split('/').nth(2)).context("a capability")?.to_owned();
        let url = format!("{}/media/{capability}/cameras/{id}/export.mp4?{query}", stage.node.base());
        let answer = reqwest::get(url).await?;
        assert_eq!(answer.status(), status, "{kind}");
        assert!(status != StatusCode::OK || answer.bytes().await? == whole);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_that_cannot_be_exported_are_refused_by_name() -> anyhow::Result<()> {
    let stage = Stage::set(vec![StreamConfig::new("door", clip())], NodeOptions::default()).await?;
    let id = stage.add_online("door").await?;
    stage.client.await_recorded(&id, 1.0).await?;
    let (noon, later) = ("2026-01-31T12:00:00Z", "2026-01-31T13:00:00Z");
    for (query, status, field) in [
        (String::new(), 400, "from"),
        (format!("from={noon}"), 400, "to"),
        (format!("from={later}&to={noon}"), 400, "from"),
        (format!("from={noon}&to={noon}"), 400, "from"),
        (format!("from={noon}&to=2026-02-01T12:00:00.000001Z"), 400, "to"),
        (format!("from={noon}&to=noon"), 400, "to"),
        (format!("from={noon}&to={later}&codec=x"), 400, "codec"),
    ] {
        let path = format!("/api/v1/cameras/{id}/export.mp4?{query}");
        let answer = stage.client.request(Method::GET, &path).send().await?;
        assert_eq!(answer.status(), status, "{query}");
        let problem: serde_json::Value = answer.json().await?;
        assert_eq!(problem["errors"][0]["field"], field, "{query}: {problem}");
    }
    for (camera, from, to) in [
        (id.as_str(), noon, later),
        (id.as_str(), "2126-01-31T12:00:00Z", "2126-01-31T13:00:00Z"),
        ("0198b0f0-0000-7000-8000-000000000000", noon, later),
    ] {
        let answer = stage.client.request(Method::GET, &address(camera, from, to)).send().await?;
        assert_eq!(answer.status(), 404, "{from}");
    }
    let stranger = reqwest::get(format!("{}{}", stage.node.base(), address(&id, noon, later))).await?;
    assert_eq!(stranger.status(), 401);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn across_a_restart_and_damage_the_rest_comes_out_and_the_gaps_are_told() -> anyhow::Result<()> {
    let cameras = cameras(vec![StreamConfig::new("door", clip())]).await?;
    let dir = tempfile::tempdir()?;
    let node = Node::start(dir.path(), &NodeOptions::default())?;
    let client = node.client().await?;
    let id = client.add_camera_between_cuts("door", rtsp(&cameras.url("door"))).await?;
    client.await_recorded(&id, 4.0).await?;
    node.stop()?;
    let [file] = segment_files(&dir.path().join("recordings")).try_into().map_err(|_| anyhow::anyhow!("one file"))?;
    let node = Node::start(dir.path(), &NodeOptions::default())?;
    let client = node.client().await?;
    client.await_recorded(&id, 8.0).await?;
    let all = all_of(&client, &id).await?;
    let answer = get(&client, &all).await?;
    let gaps = field(&answer, "eyrie-gaps").to_owned();
    assert!(gaps.contains("cause=node_down") && !gaps.contains("cause=damaged"), "{gaps}");
    let etag = field(&answer, "etag").to_owned();
    let sound = answer.bytes().await?;
    let path = dir.path().join("export.mp4");
    std::fs::write(&path, &sound)?;
    let before = numbers(&sound);
    let (_, pictures, seconds) = probe(&path).await?;
    assert_eq!(pictures, before.len());
    assert!((seconds - before.len() as f64 / 25.0).abs() < 0.5, "the gap is closed up: {seconds} s");
    let jumps = before.windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
    assert_eq!(jumps, 1, "one restart, one hole: {before:?}");

    // A bit flips in a fragment that the layout holds: the answer is cut off, the next one leaves it out.
    let mut bytes = std::fs::read(&file)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, &bytes)?;
    let request = client.request(Method::GET, &all).header(header::RANGE, "bytes=0-").header(header::IF_RANGE, &etag);
    let answer = request.send().await?;
    assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT);
    assert!(answer.bytes().await.is_err(), "what is not whole is not taken for whole");
    let answer = get(&client, &all).await?;
    let gaps = field(&answer, "eyrie-gaps").to_owned();
    assert!(gaps.contains("cause=damaged") && field(&answer, "etag") != etag, "{gaps}");
    let rest = answer.bytes().await?;
    std::fs::write(&path, &rest)?;
    let after = numbers(&rest);
    let lost = before.iter().collect::<BTreeSet<_>>().difference(&after.iter().collect()).count();
    assert!((1..=30).contains(&lost), "{lost} pictures are left out");
    assert_eq!(probe(&path).await?.1, after.len());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_exports_at_once_cost_the_recorder_nothing_and_clients_that_vanish_give_their_places_back()
-> anyhow::Result<()> {
    let busy = ClipSpec { bitrate_kbps: 8_000, ..ClipSpec::default() };
    let stage = Stage::set(vec![StreamConfig::new("door", busy)], NodeOptions::default()).await?;
    let id = stage.add_online("door").await?;
    stage.client.await_recorded(&id, 12.0).await?;
    let all = all_of(&stage.client, &id).await?;
    // Clients that take the head and no more: the file does not fit into the buffers between us.
    let mut stalled = Vec::new();
    for _ in 0..4 {
        stalled.push(get(&stage.client, &all).await?);
    }
    let ask = || async { stage.client.request(Method::GET, &all).send().await };
    let answers: Vec<_> = futures::stream::iter(0..1000).map(|_| ask()).buffer_unordered(200).collect().await;
    for answer in answers {
        let answer = answer?;
        assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(!field(&answer, "retry-after").is_empty());
    }
    assert_eq!(stage.metric("eyrie_places_taken{of=\"export\"}").await? as u32, 4);
    drop(stalled);
    eventually("the places are free again", || async {
        let running = stage.metric("eyrie_places_taken{of=\"export\"}").await.map_err(|error| error.to_string())?;
        if running == 0.0 { Ok(()) } else { Err(format!("{running} run")) }
    })
    .await?;
    let file = get(&stage.client, &all).await?.bytes().await?;
    assert!(file.len() > 6_000_000, "{} bytes fit into buffers", file.len());
    assert!(numbers(&file).windows(2).all(|pair| pair[1] == pair[0] + 1));
    let Stage { node, dir, .. } = stage;
    node.stop()?;
    assert_whole(&recorded_aus(dir.path(), &id).await?);
    Ok(())
}
