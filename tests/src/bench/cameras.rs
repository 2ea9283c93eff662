use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;
use eyrie_camsim::{CamSim, CamSimConfig, ClipSpec, Scene, StreamConfig};

/// Simulated cameras in a process of their own, so that their share of the machine is told apart. Killed when dropped.
pub struct CameraFarm {
    child: Child,
    urls: Vec<String>,
}

impl CameraFarm {
    /// Starts `streams` cameras that show one [`bench_clip`].
    ///
    /// # Errors
    /// When the process does not come up.
    pub fn start(streams: usize, kbps: u32) -> anyhow::Result<Self> {
        Self::start_showing(streams, kbps, Scene::Test)
    }

    /// The same of cameras that show `scene`.
    ///
    /// # Errors
    /// As [`CameraFarm::start`].
    pub fn start_showing(streams: usize, kbps: u32, scene: Scene) -> anyhow::Result<Self> {
        let clip = serde_json::to_string(&bench_clip(kbps, scene))?;
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve-cameras", &streams.to_string(), &clip])
            .stdout(Stdio::piped())
            .spawn()
            .context("starting the cameras")?;
        let stdout = child.stdout.take().context("stdout is piped")?;
        let urls = BufReader::new(stdout).lines().take(streams).collect::<Result<Vec<_>, _>>()?;
        anyhow::ensure!(urls.len() == streams, "the cameras did not come up");
        Ok(Self { child, urls })
    }

    /// Their addresses.
    pub fn urls(&self) -> &[String] {
        &self.urls
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for CameraFarm {
    fn drop(&mut self) {
        // Gone already is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A clip of `kbps`: 720 lines from 2 Mbit/s on, 360 below, 25 pictures and a keyframe a second. One that is to be read by its
/// numbers is longer than any delay.
pub(super) fn bench_clip(kbps: u32, scene: Scene) -> ClipSpec {
    let (width, height) = if kbps >= 2000 { (1280, 720) } else { (640, 360) };
    let seconds = if scene == Scene::Numbered { 60 } else { ClipSpec::default().seconds };
    ClipSpec { scene, width, height, seconds, bitrate_kbps: kbps, ..ClipSpec::default() }
}

/// What the process started by [`CameraFarm::start`] does: prints one address a line and serves until killed.
///
/// # Errors
/// When the clip cannot be made or the port not be bound.
#[expect(clippy::print_stdout, reason = "the parent reads the addresses")]
pub async fn serve_cameras(streams: usize, clip: &str) -> anyhow::Result<()> {
    let clip: ClipSpec = serde_json::from_str(clip)?;
    let streams = (0..streams).map(|i| StreamConfig::new(format!("bench/{i}"), clip.clone())).collect();
    let cameras = CamSim::start(CamSimConfig::loopback(streams)).await?;
    for path in cameras.paths() {
        println!("{}", cameras.url(path));
    }
    std::future::pending::<()>().await;
    Ok(())
}
