use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use eyrie_camsim::{CamSim, CamSimConfig, ClipSpec, StreamConfig};
use eyrie_tests::{Client, Node, NodeOptions, eventually, recorded_aus};
use eyrie_types::WallTime;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::footage::{assert_told, assert_whole};

/// A small clip: 320×180, 25 pictures a second, a keyframe a second.
pub(crate) fn clip() -> ClipSpec {
    ClipSpec { width: 320, height: 180, bitrate_kbps: 200, ..ClipSpec::default() }
}

/// Simulated cameras on loopback.
pub(crate) async fn cameras(streams: Vec<StreamConfig>) -> anyhow::Result<CamSim> {
    Ok(CamSim::start(CamSimConfig::loopback(streams)).await?)
}

/// A node in a directory of its own with cameras to pull from.
pub(crate) struct Stage {
    pub(crate) cameras: CamSim,
    pub(crate) node: Node,
    pub(crate) client: Client,
    pub(crate) dir: TempDir,
}

impl Stage {
    pub(crate) async fn set(streams: Vec<StreamConfig>, options: NodeOptions) -> anyhow::Result<Self> {
        Self::set_in(tempfile::tempdir()?, streams, options).await
    }

    /// The same in a directory that the options know of.
    pub(crate) async fn set_in(dir: TempDir, streams: Vec<StreamConfig>, options: NodeOptions) -> anyhow::Result<Self> {
        let cameras = cameras(streams).await?;
        let node = Node::start(dir.path(), &options)?;
        let client = node.client().await?;
        Ok(Self { cameras, node, client, dir })
    }

    /// As [`Self::add_online`], for tests that count files: nothing cuts what it records within the next two minutes.
    pub(crate) async fn add_online_between_cuts(&self, path: &str) -> anyhow::Result<String> {
        let id = self.client.add_camera_between_cuts(path, rtsp(&self.cameras.url(path))).await?;
        self.client.await_state(&id, "online").await?;
        Ok(id)
    }

    /// Adds the camera at `path` and waits until it is online.
    pub(crate) async fn add_online(&self, path: &str) -> anyhow::Result<String> {
        let id = self.client.add_camera(path, rtsp(&self.cameras.url(path))).await?;
        self.client.await_state(&id, "online").await?;
        Ok(id)
    }

    /// The camera's status.
    pub(crate) async fn status(&self, id: &str) -> anyhow::Result<Value> {
        self.client.get(&format!("/api/v1/cameras/{id}/status")).await
    }

    /// Waits until the camera's status gives a reason that holds `words`.
    pub(crate) async fn await_reason(&self, id: &str, words: &str) -> anyhow::Result<Value> {
        eventually(&format!("the status says: {words}"), || async {
            let status = self.status(id).await.map_err(|error| error.to_string())?;
            let said = status["reason"].as_str().is_some_and(|reason| reason.contains(words));
            if said { Ok(status) } else { Err(status.to_string()) }
        })
        .await
    }

    /// The camera's account of the last day.
    /// Stops the node: all of `id` was recorded, and its ledger says so.
    pub(crate) async fn end_whole(self, id: &str) -> anyhow::Result<()> {
        let ledger = self.ledger(id).await?;
        let Self { node, dir, .. } = self;
        node.stop()?;
        let aus = recorded_aus(dir.path(), id).await?;
        assert_whole(&aus);
        assert_told(&ledger, &aus, &[]);
        Ok(())
    }

    pub(crate) async fn ledger(&self, id: &str) -> anyhow::Result<Value> {
        self.client.get(&format!("/api/v1/cameras/{id}/gaps")).await
    }

    /// Waits until the ledger books a gap under `cause`.
    pub(crate) async fn await_cause(&self, id: &str, cause: &str) -> anyhow::Result<Value> {
        eventually(&format!("a gap is booked under {cause}"), || async {
            let ledger = self.ledger(id).await.map_err(|error| error.to_string())?;
            if causes(&ledger).contains(cause) { Ok(ledger) } else { Err(ledger.to_string()) }
        })
        .await
    }

    /// Waits until footage of `seconds` from now is durable. What was caught up with does not count.
    pub(crate) async fn await_more(&self, id: &str, seconds: u64) -> anyhow::Result<()> {
        let node = self.client.get("/api/v1/node").await?;
        let until =
            node["now"].as_str().context("the node's time")?.parse::<WallTime>()? + Duration::from_secs(seconds);
        let path = format!("/api/v1/cameras/{id}/recordings");
        eventually(&format!("footage until {until}"), || async {
            let footage = self.client.get(&path).await.map_err(|error| error.to_string())?;
            let last = footage["spans"].as_array().and_then(|spans| spans.last()?["end"].as_str()?.parse().ok());
            if last.is_some_and(|end: WallTime| end >= until) { Ok(()) } else { Err(footage.to_string()) }
        })
        .await
    }

    /// A live player gets pictures of the small clip.
    pub(crate) async fn assert_live(&self, id: &str) -> anyhow::Result<()> {
        let header = format!("Authorization: Bearer {}\r\n", self.client.token());
        let hls = format!("{}/api/v1/cameras/{id}/live/index.m3u8", self.node.base());
        let played = probe(&hls, Some(&header), 25).await?;
        ensure!(played.starts_with("h264,") && played.ends_with(",25"), "live: {played}");
        Ok(())
    }

    /// The sum of a metric over its labels; 0 where it was never touched.
    pub(crate) async fn metric(&self, name: &str) -> anyhow::Result<f64> {
        let text = self.client.request(reqwest::Method::GET, "/metrics").send().await?.text().await?;
        let samples = text.lines().filter_map(|line| line.strip_prefix(name)?.rsplit_once(' '));
        let own = samples.filter(|(labels, _)| labels.is_empty() || labels.starts_with('{'));
        Ok(own.filter_map(|(_, value)| value.parse::<f64>().ok()).sum())
    }
}

/// Why footage is missing, by a ledger.
pub(crate) fn causes(ledger: &Value) -> BTreeSet<&str> {
    ledger["gaps"].as_array().into_iter().flatten().filter_map(|gap| gap["cause"].as_str()).collect()
}

/// An RTSP source at `url`.
pub(crate) fn rtsp(url: &str) -> Value {
    json!({"type": "rtsp", "url": url})
}

/// Runs a command to its end and answers its standard output.
pub(crate) async fn output(command: &mut Command) -> anyhow::Result<String> {
    let shown = format!("{:?}", command.get_program());
    // The command inherits nothing it could wait on, and is waited for away from the runtime's threads.
    command.stdin(std::process::Stdio::null());
    let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn();
    let child = child.with_context(|| format!("starting {shown}"))?;
    let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await??;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(
        output.status.success(),
        "{shown}: {}\n{stdout}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(stdout)
}

/// What ffprobe says of `input`, decoding `pictures` pictures of its first video track: `codec,width,height,pictures`.
pub(crate) async fn probe(input: &str, headers: Option<&str>, pictures: u32) -> anyhow::Result<String> {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-select_streams", "v:0", "-count_frames", "-read_intervals"]);
    command.arg(format!("%+#{pictures}"));
    command.args(["-show_entries", "stream=codec_name,width,height,nb_read_frames", "-of", "csv=p=0"]);
    if let Some(headers) = headers {
        command.args(["-headers", headers]);
    }
    let text = output(command.arg(input)).await?;
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

/// Every segment file below `root`.
pub(crate) fn segment_files(root: &Path) -> Vec<std::path::PathBuf> {
    eyrie_storage::segment::walk(root).filter_map(Result::ok).map(|found| found.path).collect()
}
