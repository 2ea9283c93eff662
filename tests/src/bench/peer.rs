use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use futures::StreamExt as _;
use retina::client::{PlayOptions, Session, SessionOptions, SetupOptions, TcpTransportOptions, Transport};

/// Connections being set up at one time, so that a start of hundreds does not time out.
const CONNECTING_MAX: usize = 8;

/// Receives `urls` with retina and does nothing with them, until killed: the floor that any use of retina stands on. Prints
/// `receiving` once all of them play.
///
/// # Errors
/// When a stream cannot be set up or ends.
pub async fn bare_retina(urls: Vec<String>) -> anyhow::Result<()> {
    let turns = Arc::new(tokio::sync::Semaphore::new(CONNECTING_MAX));
    let playing = Arc::new(AtomicUsize::new(0));
    let total = urls.len();
    let mut tasks = tokio::task::JoinSet::new();
    for url in urls {
        let (turns, playing) = (Arc::clone(&turns), Arc::clone(&playing));
        tasks.spawn(async move {
            let turn = turns.acquire_owned().await?;
            let mut session = Session::describe(url.parse()?, SessionOptions::default()).await?;
            let tcp = || SetupOptions::default().transport(Transport::Tcp(TcpTransportOptions::default()));
            for stream in 0..session.streams().len() {
                session.setup(stream, tcp()).await?;
            }
            let mut frames = session.play(PlayOptions::default()).await?.demuxed()?;
            drop(turn);
            frames.next().await.context("ended before the first frame")??;
            if playing.fetch_add(1, Ordering::SeqCst) + 1 == total {
                tell("receiving");
            }
            while let Some(frame) = frames.next().await {
                frame?;
            }
            anyhow::bail!("stream ended")
        });
    }
    // None of them ends well: the first to end says what is wrong.
    match tasks.join_next().await {
        Some(ended) => ended?,
        None => Ok(()),
    }
}

/// One `ffmpeg -c copy` a camera, each writing recording segments and an HLS window, as systems without a pipeline of their own
/// do it.
///
/// # Errors
/// When ffmpeg cannot be started.
pub fn ffmpeg_children(urls: &[String], dir: &Path) -> anyhow::Result<Vec<Child>> {
    urls.iter()
        .enumerate()
        .map(|(i, url)| {
            // Starts are spread, or the cameras would see a storm that no real system makes.
            std::thread::sleep(Duration::from_millis(50));
            let out = dir.join(i.to_string());
            std::fs::create_dir_all(&out)?;
            let recording = ["-map", "0:v", "-c", "copy", "-f", "segment", "-segment_format", "mp4"];
            let fragmented = ["-segment_format_options", "movflags=frag_keyframe+empty_moov+default_base_moof"];
            let live = ["-map", "0:v", "-c", "copy", "-f", "hls", "-hls_time", "1", "-hls_segment_type", "fmp4"];
            Command::new("ffmpeg")
                .args(["-nostdin", "-loglevel", "error", "-rtsp_transport", "tcp", "-i", url])
                .args(recording)
                .args(fragmented)
                .args(["-segment_time", "3600"])
                .arg(out.join("%d.mp4"))
                .args(live)
                .args(["-hls_flags", "delete_segments"])
                .arg(out.join("live.m3u8"))
                .stdin(Stdio::null())
                .spawn()
                .context("starting ffmpeg")
        })
        .collect()
}

#[expect(clippy::print_stdout, reason = "the parent reads this line")]
fn tell(word: &str) {
    println!("{word}");
}
