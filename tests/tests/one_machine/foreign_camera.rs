use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;
use eyrie_tests::NodeOptions;

use crate::support::{Stage, probe, rtsp};

/// gst-rtsp-server as a camera that nobody here wrote. Killed when dropped.
pub(crate) struct GstCamera {
    child: Child,
    url: String,
}

impl GstCamera {
    pub(crate) fn start(codec: &str) -> anyhow::Result<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/gst_camera.py");
        // Debian's bindings belong to Debian's Python.
        let mut child =
            Command::new("/usr/bin/python3").args([script, codec]).stdout(Stdio::piped()).spawn().context("python3")?;
        let stdout = child.stdout.take().context("stdout is piped")?;
        let url = BufReader::new(stdout).lines().next().context("gst-rtsp-server did not start")??;
        Ok(Self { child, url })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for GstCamera {
    fn drop(&mut self) {
        // Gone already is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn gstreamers_rtsp_server_is_played_and_recorded() -> anyhow::Result<()> {
    let stage = Stage::set(Vec::new(), NodeOptions::default()).await?;
    let header = format!("Authorization: Bearer {}\r\n", stage.client.token());
    for (codec, told) in [("h264", "h264"), ("h265", "hevc")] {
        let camera = GstCamera::start(codec)?;
        let id = stage.client.add_camera(codec, rtsp(camera.url())).await?;
        stage.client.await_state(&id, "online").await?;
        let hls = format!("{}/api/v1/cameras/{id}/live/index.m3u8", stage.node.base());
        assert_eq!(probe(&hls, Some(&header), 25).await?, format!("{told},320,240,25"));
        stage.client.await_recorded(&id, 3.0).await?;
    }
    Ok(())
}
