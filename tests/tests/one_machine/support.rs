use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use eyrie_camsim::{CamSim, CamSimConfig, ClipSpec, StreamConfig};
use eyrie_tests::{Client, Node, NodeOptions};
use serde_json::{Value, json};
use tempfile::TempDir;

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
        let cameras = cameras(streams).await?;
        let dir = tempfile::tempdir()?;
        let node = Node::start(dir.path(), &options)?;
        let client = node.client().await?;
        Ok(Self { cameras, node, client, dir })
    }

    /// Adds the camera at `path` and waits until it is online.
    pub(crate) async fn add_online(&self, path: &str) -> anyhow::Result<String> {
        let id = self.client.add_camera(path, rtsp(&self.cameras.url(path))).await?;
        self.client.await_state(&id, "online").await?;
        Ok(id)
    }
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
