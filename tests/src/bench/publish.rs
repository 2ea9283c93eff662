use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::json;
use tokio::task::JoinSet;

use super::answers::text;
use super::cost::usage_within;
use super::{Killed, ProcessUsage, Summary, machine};
use crate::{Client, Node, NodeOptions, eventually, free_port};

/// What is measured.
#[derive(Debug, Clone, Copy)]
pub struct PublishOptions {
    /// Publishers at the same time.
    pub publishers: usize,
    /// Rate of each, in kbit/s.
    pub kbps: u32,
    /// Measurements of each contender.
    pub rounds: usize,
    /// Length of one.
    pub window: Duration,
}

/// Publications that one ffmpeg sends: so many that the publishers leave the machine to the servers. It sends nothing to the first
/// until it has connected to the last, and who is silent for 2.5 s is cut off.
const PUBLICATIONS_EACH: usize = 5;
/// How often a playlist is asked for, so that its camera stays packaged: a viewer counts for 15 s.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Where Debian's libnginx-mod-rtmp puts the module.
const NGINX_MODULE: &str = "/usr/lib/nginx/modules/ngx_rtmp_module.so";

/// CPU-milliseconds per stream-second and memory per camera of RTMP publishers: Eyrie (sealed recording, live-ready; and with a
/// viewer of each camera, so that LL-HLS is made of all) and nginx-rtmp (FLV recording and HLS files), the same publications in
/// the same run.
///
/// # Errors
/// When a contender does not come up.
pub async fn publish(options: &PublishOptions) -> anyhow::Result<String> {
    let dir = tempfile::tempdir()?;
    let clip = dir.path().join("clip.flv");
    make_clip(&clip, options.kbps)?;
    let mut rows = [("Eyrie", Vec::new()), ("Eyrie, each camera watched", Vec::new()), ("nginx-rtmp", Vec::new())];
    for _ in 0..options.rounds {
        rows[0].1.push(measure_eyrie(options, &clip, false).await?);
        rows[1].1.push(measure_eyrie(options, &clip, true).await?);
        rows[2].1.push(measure_nginx(options, &clip).await?);
    }
    let mut table = format!(
        "{}\n\n| publishers | contender | CPU-ms per stream-second | MiB RSS per camera |\n| --- | --- | --- | --- |\n",
        machine()
    );
    for (contender, usages) in rows {
        let stream_seconds = options.publishers as f64 * options.window.as_secs_f64();
        let cpu = Summary::of(usages.iter().map(|usage| usage.cpu_ms / stream_seconds));
        let memory = Summary::of(usages.iter().map(|usage| usage.rss_mib / options.publishers as f64));
        table.push_str(&format!("| {} | {contender} | {cpu} | {memory} |\n", options.publishers));
    }
    Ok(table)
}

/// 720 lines at a constant rate, 25 pictures and a keyframe a second, no B-frames, as encoders publish.
fn make_clip(clip: &Path, kbps: u32) -> anyhow::Result<()> {
    let rate = format!("{kbps}k");
    let made = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25", "-t", "10"])
        .args([
            "-c:v",
            "libx264",
            "-preset",
            "veryfast",
            "-bf",
            "0",
            "-g",
            "25",
            "-keyint_min",
            "25",
            "-pix_fmt",
            "yuv420p",
        ])
        .args(["-b:v", &rate, "-minrate", &rate, "-maxrate", &rate, "-bufsize", &rate, "-x264-params", "nal-hrd=cbr"])
        .args(["-f", "flv"])
        .arg(clip)
        .status()
        .context("starting ffmpeg")?;
    ensure!(made.success(), "ffmpeg did not make the clip");
    Ok(())
}

/// Publishes the clip over and over to each of `addresses`, in its own time.
fn publishers(clip: &Path, addresses: &[String]) -> anyhow::Result<Killed> {
    let some = addresses.chunks(PUBLICATIONS_EACH).map(|addresses| {
        let mut command = Command::new("ffmpeg");
        command.args(["-nostdin", "-v", "error", "-re", "-stream_loop", "-1", "-i"]).arg(clip);
        for address in addresses {
            command.args(["-map", "0:v", "-c", "copy", "-f", "flv", address]);
        }
        command.stdin(Stdio::null()).spawn().context("starting ffmpeg")
    });
    Ok(Killed(some.collect::<anyhow::Result<_>>()?))
}

async fn measure_eyrie(options: &PublishOptions, clip: &Path, watched: bool) -> anyhow::Result<ProcessUsage> {
    let dir = tempfile::tempdir()?;
    let args = vec!["--rtmp".to_owned(), format!("127.0.0.1:{}", free_port()?)];
    // All publish from one address here.
    let node = Node::start(dir.path(), &NodeOptions { args, ..NodeOptions::default() })?;
    let client = node.client().await?;
    let (mut ids, mut addresses) = (Vec::new(), Vec::new());
    for i in 0..options.publishers {
        let id = client.add_camera(&format!("Camera {i}"), json!({"type": "rtmp"})).await?;
        let camera = client.get(&format!("/api/v1/cameras/{id}")).await?;
        addresses.push(camera["links"]["publish"].as_str().context("links.publish")?.to_owned());
        ids.push(id);
    }
    let sending = publishers(clip, &addresses)?;
    eventually("all cameras online", || async {
        let page = client.get("/api/v1/cameras?state=online&limit=1").await.map_err(|error| error.to_string())?;
        let online = page["total"].as_u64().unwrap_or(0);
        if online == ids.len() as u64 { Ok(()) } else { Err(format!("{online} of {} online", ids.len())) }
    })
    .await?;
    let mut viewers = JoinSet::new();
    if watched {
        viewers.spawn(look(node.client().await?, ids));
    }
    let usage = usage_within(&[node.pid()], options.window).await?;
    if let Some(ended) = viewers.try_join_next() {
        ended??;
    }
    drop(sending);
    node.stop()?;
    Ok(usage)
}

/// Asks for the live playlist of each camera again and again.
async fn look(client: Client, cameras: Vec<String>) -> anyhow::Result<()> {
    loop {
        for camera in &cameras {
            let below = format!("/api/v1/cameras/{camera}/live");
            let index = text(&client, &format!("{below}/index.m3u8")).await?;
            let media = index.lines().find(|line| !line.starts_with('#')).context("no variant")?;
            text(&client, &format!("{below}/{media}")).await?;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn measure_nginx(options: &PublishOptions, clip: &Path) -> anyhow::Result<ProcessUsage> {
    let dir = tempfile::tempdir()?;
    let (root, port) = (dir.path().display(), free_port()?);
    for folder in ["hls", "recorded"] {
        std::fs::create_dir(dir.path().join(folder))?;
    }
    let config = dir.path().join("nginx.conf");
    std::fs::write(
        &config,
        format!(
            "load_module {NGINX_MODULE};\nuser root;\ndaemon off;\nmaster_process off;\npid {root}/pid;\nerror_log {root}/log warn;\n\
             events {{ worker_connections 1024; }}\n\
             rtmp {{ server {{ listen 127.0.0.1:{port}; application live {{ live on; record all; record_path {root}/recorded;\n\
             hls on; hls_path {root}/hls; hls_fragment 1s; hls_playlist_length 10s; }} }} }}\n"
        ),
    )?;
    let server = Command::new("nginx").arg("-c").arg(&config).stdin(Stdio::null()).spawn();
    let server = Killed(vec![server.context("nginx with libnginx-mod-rtmp")?]);
    eventually("nginx listens", || async {
        std::net::TcpStream::connect(("127.0.0.1", port)).map(drop).map_err(|error| error.to_string())
    })
    .await?;
    let addresses: Vec<_> = (0..options.publishers).map(|i| format!("rtmp://127.0.0.1:{port}/live/c{i}")).collect();
    let sending = publishers(clip, &addresses)?;
    eventually("all are published", || async {
        let listed = std::fs::read_dir(dir.path().join("hls")).map_err(|error| error.to_string())?;
        let playlists = listed.flatten().filter(|entry| entry.path().extension().is_some_and(|end| end == "m3u8"));
        let playlists = playlists.count();
        if playlists == addresses.len() { Ok(()) } else { Err(format!("{playlists} playlists")) }
    })
    .await?;
    let usage = usage_within(&server.pids(), options.window).await?;
    drop(sending);
    Ok(usage)
}
