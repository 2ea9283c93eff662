use std::ffi::OsStr;
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
        Self::start_with(&[codec.as_ref()])
    }

    fn start_with(arguments: &[&OsStr]) -> anyhow::Result<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/gst_camera.py");
        // Debian's bindings belong to Debian's Python.
        let mut command = Command::new("/usr/bin/python3");
        command.arg(script).args(arguments).stdout(Stdio::piped());
        let mut child = command.spawn().context("python3")?;
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

#[tokio::test(flavor = "multi_thread")]
async fn gstreamers_rtsp_server_in_tls_is_recorded_once_its_certificate_is_trusted() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()])?;
    let (trusted, both) = (dir.path().join("trusted.pem"), dir.path().join("both.pem"));
    std::fs::write(&trusted, made.cert.pem())?;
    std::fs::write(&both, made.cert.pem() + &made.signing_key.serialize_pem())?;
    let camera = GstCamera::start_with(&["h264".as_ref(), both.as_ref()])?;

    let env = vec![("SSL_CERT_FILE".to_owned(), trusted.to_string_lossy().into_owned())];
    let stage = Stage::set(Vec::new(), NodeOptions { env, ..NodeOptions::default() }).await?;
    let id = stage.client.add_camera("trusted", rtsp(camera.url())).await?;
    stage.client.await_state(&id, "online").await?;
    stage.client.await_recorded(&id, 3.0).await?;

    let stranger = Stage::set(Vec::new(), NodeOptions::default()).await?;
    let id = stranger.client.add_camera("unknown", rtsp(camera.url())).await?;
    let status = stranger.client.await_state(&id, "refused").await?;
    let reason = status["reason"].as_str().context("a reason")?;
    let pin = reason.split("SHA-256 ").nth(1).and_then(|rest| rest.get(..64)).context("the certificate's SHA-256")?;
    let pinned = serde_json::json!({"source": {"certificate_sha256": pin}});
    let patch = stranger.client.request(reqwest::Method::PATCH, &format!("/api/v1/cameras/{id}")).json(&pinned);
    patch.send().await?.error_for_status()?;
    stranger.client.await_state(&id, "online").await?;
    Ok(())
}
