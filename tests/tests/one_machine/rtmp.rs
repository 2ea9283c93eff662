//! Cameras that push with RTMP, by publishers that others wrote.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use eyrie_camsim::{AudioCodec, AudioSpec, ClipSpec, StreamConfig};
use eyrie_tests::{NodeOptions, eventually, free_port, recorded_aus};
use reqwest::Method;
use serde_json::{Value, json};

use crate::footage::{assert_whole, holes};
use crate::support::{Stage, causes, clip, probe};

/// A node that takes publishers.
async fn stage(streams: Vec<StreamConfig>) -> anyhow::Result<(Stage, u16)> {
    let port = free_port()?;
    let args = vec!["--rtmp".to_owned(), format!("127.0.0.1:{port}")];
    Ok((Stage::set(streams, NodeOptions { args, ..NodeOptions::default() }).await?, port))
}

/// A camera that publishes: its id and its address.
pub(crate) async fn add(stage: &Stage, name: &str) -> anyhow::Result<(String, String)> {
    let id = stage.client.add_camera(name, json!({"type": "rtmp"})).await?;
    let camera = stage.client.get(&format!("/api/v1/cameras/{id}")).await?;
    let address = camera["links"]["publish"].as_str().with_context(|| camera.to_string())?.to_owned();
    Ok((id, address))
}

/// A publisher, killed when dropped.
pub(crate) struct Push(Child);

impl Push {
    /// Sends on what `url` gives, as it is.
    pub(crate) fn relay(url: &str, to: &str) -> anyhow::Result<Self> {
        Self::relay_with(url, &[], to)
    }

    /// The same with `options` of how `to` is reached.
    pub(crate) fn relay_with(url: &str, options: &[&str], to: &str) -> anyhow::Result<Self> {
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-rtsp_transport", "tcp", "-i", url, "-c", "copy", "-f", "flv"]);
        Self::start(command.args(options).arg(to))
    }

    /// What GStreamer draws, by `sink` with its properties.
    pub(crate) fn gstreamer(sink: &str) -> anyhow::Result<Self> {
        let pipeline = format!(
            "videotestsrc is-live=true ! video/x-raw,width=320,height=180,framerate=25/1 ! \
             x264enc tune=zerolatency key-int-max=25 bitrate=200 ! flvmux name=mux streamable=true ! {sink} \
             audiotestsrc is-live=true ! audio/x-raw,rate=48000,channels=1 ! avenc_aac ! mux."
        );
        Self::start(Command::new("gst-launch-1.0").arg("-q").args(pipeline.split_whitespace()))
    }

    fn start(command: &mut Command) -> anyhow::Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        Ok(Self(child.context("starting a publisher")?))
    }

    /// What it complains of, once it has ended by itself.
    pub(crate) async fn complaint(mut self) -> anyhow::Result<String> {
        let ended = eventually("the publisher ends", || {
            let ended = self.0.try_wait();
            async move {
                match ended {
                    Ok(Some(status)) => Ok(status),
                    Ok(None) => Err("it runs".to_owned()),
                    Err(error) => Err(error.to_string()),
                }
            }
        })
        .await?;
        ensure!(!ended.success(), "it published");
        let mut text = String::new();
        self.0.stderr.take().context("stderr is piped")?.read_to_string(&mut text)?;
        Ok(text)
    }
}

impl Drop for Push {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn with_sound() -> ClipSpec {
    ClipSpec { audio: Some(AudioSpec { codec: AudioCodec::Aac }), ..clip() }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ffmpeg_publishes_is_seen_and_every_picture_of_it_recorded() -> anyhow::Result<()> {
    let (stage, _) = stage(vec![StreamConfig::new("door", with_sound())]).await?;
    let (id, address) = add(&stage, "door").await?;
    let status = stage.await_reason(&id, "waiting for a publisher").await?;
    ensure!(status["state"] != "online", "{status}");
    let push = Push::relay(&stage.cameras.url("door"), &address)?;
    stage.client.await_state(&id, "online").await?;
    stage.assert_live(&id).await?;
    let camera = stage.client.get(&format!("/api/v1/cameras/{id}")).await?;
    assert_eq!(camera["stream"]["audio"]["codec"], "aac", "{camera}");
    stage.await_more(&id, 3).await?;
    drop(push);
    let status = stage.await_reason(&id, "the publisher has gone").await?;
    assert_eq!(status["state"], "silent", "{status}");
    // It comes again: what is missing between is a gap with a cause.
    let again = Push::relay(&stage.cameras.url("door"), &address)?;
    stage.client.await_state(&id, "online").await?;
    stage.await_more(&id, 3).await?;
    drop(again);
    let ledger = stage.await_cause(&id, "camera_unreachable").await?;
    let told = causes(&ledger);
    assert!(told.iter().all(|cause| ["starting", "camera_unreachable"].contains(cause)), "{ledger}");
    let Stage { node, dir, .. } = stage;
    node.stop()?;
    let aus = recorded_aus(dir.path(), &id).await?;
    assert_eq!(holes(&aus).len(), 1, "one hole, between the two: {:?}", holes(&aus));
    assert!(aus.len() >= 150, "6 s at 25 pictures a second; found {}", aus.len());
    Ok(())
}

/// What `-c copy` makes of RTSP has no decoding times, which FLV must have; so this one encodes.
#[tokio::test(flavor = "multi_thread")]
async fn b_frames_are_shown_and_recorded() -> anyhow::Result<()> {
    let (stage, _) = stage(vec![]).await?;
    let (id, address) = add(&stage, "door").await?;
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-re", "-f", "lavfi", "-i", "testsrc=size=320x180:rate=25", "-c:v", "libx264"]);
    command.args(["-preset", "veryfast", "-bf", "2", "-g", "25", "-b:v", "200k", "-f", "flv", &address]);
    let push = Push::start(&mut command)?;
    stage.client.await_state(&id, "online").await?;
    stage.assert_live(&id).await?;
    stage.await_more(&id, 3).await?;
    let ledger = stage.ledger(&id).await?;
    assert!(causes(&ledger).iter().all(|cause| *cause == "starting"), "{ledger}");
    drop(push);
    let Stage { node, .. } = stage;
    node.stop()
}

/// GStreamer's own, and librtmp's, which OBS publishes with.
#[tokio::test(flavor = "multi_thread")]
async fn gstreamer_and_librtmp_publish() -> anyhow::Result<()> {
    let (stage, _) = stage(vec![]).await?;
    for sink in ["rtmp2sink", "rtmpsink"] {
        let (id, address) = add(&stage, sink).await?;
        let push = Push::gstreamer(&format!("{sink} location={address}"))?;
        stage.client.await_state(&id, "online").await?;
        stage.assert_live(&id).await?;
        stage.client.await_recorded(&id, 2.0).await?;
        drop(push);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_and_a_second_publisher_are_turned_away_and_a_new_key_ends_the_old_one() -> anyhow::Result<()> {
    let (stage, _) = stage(vec![StreamConfig::new("door", clip())]).await?;
    let (id, address) = add(&stage, "door").await?;
    let url = stage.cameras.url("door");
    let complaint = Push::relay(&url, &format!("{address}0"))?.complaint().await?;
    assert!(complaint.contains("no camera takes this address"), "{complaint}");
    let audit = stage.client.get("/api/v1/audit").await?;
    let denied = |record: &&Value| record["action"] == "camera.publish" && record["outcome"] == "denied";
    let record = audit["items"].as_array().into_iter().flatten().find(denied).with_context(|| audit.to_string())?;
    assert_eq!((&record["object"], &record["remote"]), (&json!(format!("cameras/{id}")), &json!("127.0.0.1")));
    assert!(stage.metric("eyrie_publish_refused_total").await? >= 1.0);
    assert_eq!(stage.metric("eyrie_publish_accepted_total").await?, 0.0);

    let first = Push::relay(&url, &address)?;
    stage.client.await_state(&id, "online").await?;
    let complaint = Push::relay(&url, &address)?.complaint().await?;
    assert!(complaint.contains("somebody else publishes"), "{complaint}");
    stage.client.await_recorded(&id, 3.0).await?;
    assert_eq!(stage.status(&id).await?["state"], "online", "the first is not disturbed");

    let path = format!("/api/v1/cameras/{id}/publish-key");
    let changed = stage.client.request(Method::POST, &path).send().await?.error_for_status()?.json::<Value>().await?;
    let new = changed["links"]["publish"].as_str().unwrap_or_default().to_owned();
    assert!(new != address && new.starts_with("rtmp://127.0.0.1:"), "{changed}");
    first.complaint().await?;
    let complaint = Push::relay(&url, &address)?.complaint().await?;
    assert!(complaint.contains("no camera takes this address"), "{complaint}");
    let second = Push::relay(&url, &new)?;
    stage.client.await_state(&id, "online").await?;
    drop(second);

    // Keys show nowhere but in that one link.
    let list = stage.client.get("/api/v1/cameras").await?.to_string();
    let metrics = stage.client.request(Method::GET, "/metrics").send().await?.text().await?;
    let audit = stage.client.get("/api/v1/audit").await?.to_string();
    let seen = [list, metrics, audit, stage.node.log()].concat();
    for address in [&address, &new] {
        let key = address.rsplit_once('.').context("an address with a key")?.1;
        assert!(!seen.contains(key), "a key shows");
    }
    let Stage { node, .. } = stage;
    node.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_at_the_port_disturb_nobody() -> anyhow::Result<()> {
    let (stage, port) = stage(vec![StreamConfig::new("door", clip())]).await?;
    let (id, address) = add(&stage, "door").await?;
    let push = Push::relay(&stage.cameras.url("door"), &address)?;
    stage.client.await_state(&id, "online").await?;
    let at = format!("127.0.0.1:{port}");
    let silent: Vec<_> = (0..40).filter_map(|_| TcpStream::connect(&at).ok()).collect();
    for hostile in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[3; 5_000], &[0xff; 5_000]] {
        let mut stream = TcpStream::connect(&at)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let _ = stream.write_all(hostile);
        // It is cut off: what is read ends.
        let _ = stream.read_to_end(&mut Vec::new());
    }
    drop(silent);
    stage.client.await_recorded(&id, 4.0).await?;
    assert!(
        stage.metric("eyrie_publish_refused_total").await? >= 8.0,
        "more than 32 of one address at a time are too many"
    );
    assert_eq!(stage.status(&id).await?["state"], "online");
    drop(push);
    let Stage { node, dir, .. } = stage;
    node.stop()?;
    assert_whole(&recorded_aus(dir.path(), &id).await?);
    Ok(())
}

/// H.265 comes by Enhanced RTMP, which Debian's ffmpeg does not speak. PyPI's `imageio-ffmpeg` brings one that does.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs ffmpeg 6.1 or later in EYRIE_FFMPEG_ENHANCED"]
async fn h265_is_published_by_enhanced_rtmp() -> anyhow::Result<()> {
    let (stage, _) = stage(vec![]).await?;
    let (id, address) = add(&stage, "door").await?;
    let mut command = Command::new(std::env::var("EYRIE_FFMPEG_ENHANCED")?);
    let video = "testsrc=size=320x180:rate=25";
    command.args(["-v", "error", "-re", "-f", "lavfi", "-i", video, "-f", "lavfi", "-i", "sine=sample_rate=48000"]);
    command.args([
        "-c:v",
        "libx265",
        "-preset",
        "ultrafast",
        "-x265-params",
        "log-level=error:keyint=25",
        "-c:a",
        "aac",
    ]);
    let push = Push::start(command.args(["-f", "flv", &address]))?;
    stage.client.await_state(&id, "online").await?;
    let header = format!("Authorization: Bearer {}\r\n", stage.client.token());
    let hls = format!("{}/api/v1/cameras/{id}/live/index.m3u8", stage.node.base());
    assert_eq!(probe(&hls, Some(&header), 25).await?, "hevc,320,180,25");
    stage.client.await_recorded(&id, 3.0).await?;
    drop(push);
    Ok(())
}
