//! The simulated camera server as a program.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::{Parser, ValueEnum};
use eyrie_camsim::{
    AudioCodec, AudioSpec, Auth, CamSim, CamSimConfig, ClipSpec, Clips, StreamConfig, VideoCodec, control, demo,
};

/// Simulated RTSP cameras that number every access unit and misbehave on command.
#[derive(Debug, Parser)]
#[command(name = "camsim", version)]
struct Args {
    /// Where RTSP is served
    #[arg(long, default_value = "127.0.0.1:8554")]
    bind: SocketAddr,
    /// How many cameras; they are found at /cam0001, /cam0002 and so on
    #[arg(long, default_value_t = 1)]
    streams: usize,
    /// What they show: `demo` adds the four cameras of the demo; a clip is a JSON object with any of name, scene, codec, width,
    /// height, fps, gop, seconds, bitrate_kbps, b_frames, such as '{"bitrate_kbps":2000,"width":1280,"height":720}'
    #[arg(long, default_value = "{}")]
    clip: String,
    /// Codec of the pictures
    #[arg(long, value_enum, default_value_t = Video::H264)]
    video: Video,
    /// Codec of the sound, if any
    #[arg(long, value_enum)]
    audio: Option<Audio>,
    /// Clip shown while the fault alternate_clip is in force, as JSON
    #[arg(long)]
    alternate: Option<String>,
    /// Credentials USER:PASSWORD asked with Digest
    #[arg(long, env = "CAMSIM_DIGEST", hide_env_values = true)]
    digest: Option<String>,
    /// Access units sent with one write
    #[arg(long, default_value_t = 1)]
    aus_per_write: u32,
    /// Where clips are kept
    #[arg(long)]
    clips: Option<PathBuf>,
    /// Control port: GET /streams, PUT and DELETE /streams/{path}/fault; it asks for no password
    #[arg(long)]
    control: Option<SocketAddr>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Video {
    H264,
    H265,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Audio {
    Aac,
    Pcma,
    Pcmu,
}

fn streams(args: &Args) -> anyhow::Result<Vec<StreamConfig>> {
    if args.clip == "demo" {
        return Ok(demo::streams());
    }
    let parse = |text: &str| -> anyhow::Result<ClipSpec> {
        let mut clip: ClipSpec = serde_json::from_str(text).context("--clip is not a clip")?;
        clip.codec = match args.video {
            Video::H264 => VideoCodec::H264,
            Video::H265 => VideoCodec::H265,
        };
        clip.audio = args.audio.map(|audio| AudioSpec {
            codec: match audio {
                Audio::Aac => AudioCodec::Aac,
                Audio::Pcma => AudioCodec::Pcma,
                Audio::Pcmu => AudioCodec::Pcmu,
            },
        });
        Ok(clip)
    };
    let clip = parse(&args.clip)?;
    let alternate = args.alternate.as_deref().map(parse).transpose()?;
    let auth = match args.digest.as_deref().map(|text| text.split_once(':')) {
        None => Auth::None,
        Some(Some((user, password))) => Auth::digest(user, password),
        Some(None) => anyhow::bail!("--digest wants USER:PASSWORD"),
    };
    let stream = |i: usize| StreamConfig {
        alternate: alternate.clone(),
        auth: auth.clone(),
        aus_per_write: args.aus_per_write,
        ..StreamConfig::new(format!("cam{i:04}"), clip.clone())
    };
    Ok((1..=args.streams).map(stream).collect())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    let args = Args::parse();
    let config = CamSimConfig {
        bind: args.bind,
        clip_dir: args.clips.clone().unwrap_or_else(Clips::default_dir),
        streams: streams(&args)?,
        seed: 1,
    };
    let sim = Arc::new(CamSim::start(config).await?);
    announce(&sim);
    match args.control {
        Some(address) => control::serve(address, sim).await?,
        None => std::future::pending::<()>().await,
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a program tells its addresses on standard output")]
fn announce(sim: &CamSim) {
    let urls: Vec<String> = sim.paths().map(|path| sim.url(path)).collect();
    match urls.as_slice() {
        [first, .., last] if urls.len() > 8 => println!("{} cameras, {first} to {last}", urls.len()),
        _ => println!("{}", urls.join("\n")),
    }
}
