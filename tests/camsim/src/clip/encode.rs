use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{AudioCodec, ClipError, ClipSpec, VideoCodec};

/// Raised whenever the same description would give another file, so that caches of older builds are not used.
pub(super) const ENCODER_VERSION: u32 = 1;

/// Where Debian's fonts-dejavu-core puts it. Without it ffmpeg asks fontconfig for its default font.
const FONT: &str = "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf";

/// The sound of every clip: a beep a second over a hum.
const SOUND: &str = "sine=frequency=220:beep_factor=4";

/// How much of ffmpeg's complaint an error carries.
const STDERR_BYTES_MAX: usize = 2_000;

/// Encodes `spec` into `movie` (MP4) and, for G.711, `sound` (raw bytes), both written whole or not at all by the caller's
/// rename.
pub(super) fn encode(spec: &ClipSpec, movie: &Path, sound: &Path) -> Result<(), ClipError> {
    let font = Path::new(FONT).exists().then(|| PathBuf::from(FONT));
    let output = Command::new("ffmpeg")
        .args(arguments(spec, font.as_deref()))
        .args(targets(spec, movie, sound))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .map_err(ClipError::NoFfmpeg)?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let tail = stderr.char_indices().rev().nth(STDERR_BYTES_MAX).map_or(0, |(at, _)| at);
    Err(ClipError::Encode { path: movie.to_owned(), stderr: stderr[tail..].trim().to_owned() })
}

/// Sources and filters.
fn arguments(spec: &ClipSpec, font: Option<&Path>) -> Vec<String> {
    let mut args: Vec<String> = ["-hide_banner", "-loglevel", "error", "-nostdin", "-y"].map(String::from).to_vec();
    args.extend([
        "-f".into(),
        "lavfi".into(),
        "-i".into(),
        format!("{},{}", spec.scene.graph(spec), labels(spec, font)),
    ]);
    if spec.audio.is_some() {
        args.extend(["-f", "lavfi", "-i", SOUND].map(String::from));
    }
    args
}

/// The texts over the scene: the camera's name, a running clock, and the number of the picture, as large as stays readable in
/// a small tile.
fn labels(spec: &ClipSpec, font: Option<&Path>) -> String {
    let font = font.map(|path| format!("fontfile={}:", path.display())).unwrap_or_default();
    let h = spec.height;
    let (small, large) = ((h / 18).max(10), (h / 7).max(14));
    let margin = (h / 36).max(4);
    let pad = (h / 90).max(2);
    let boxed = format!("fontcolor=white:box=1:boxcolor=black@0.55:boxborderw={pad}");
    let name = &spec.name;
    format!(
        "drawtext={font}text='{name}':fontsize={small}:x={margin}:y={margin}:{boxed},\
         drawtext={font}text='%{{pts\\:hms}}':fontsize={small}:x=w-tw-{margin}:y={margin}:{boxed},\
         drawtext={font}text='%{{eif\\:n\\:d\\:5}}':fontsize={large}:x=w-tw-{margin}:y=h-th-{margin}:{boxed},\
         format=yuv420p"
    )
}

/// Codecs and files.
fn targets(spec: &ClipSpec, movie: &Path, sound: &Path) -> Vec<std::ffi::OsString> {
    let kbps = |n: u32| format!("{n}k");
    let mut args: Vec<String> = ["-map", "0:v", "-frames:v"].map(String::from).to_vec();
    args.push(spec.frames().to_string());
    let (gop, b_frames) = (spec.gop.to_string(), spec.b_frames.to_string());
    match spec.codec {
        VideoCodec::H264 => {
            args.extend(["-c:v", "libx264", "-preset", "ultrafast", "-flags", "+cgop"].map(String::from));
            args.extend(["-bf".into(), b_frames, "-sc_threshold".into(), "0".into()]);
        }
        VideoCodec::H265 => {
            let params = format!(
                "log-level=error:info=0:open-gop=0:scenecut=0:repeat-headers=0:keyint={gop}:min-keyint={gop}:bframes={b_frames}"
            );
            args.extend(
                ["-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1", "-x265-params"].map(String::from),
            );
            args.push(params);
        }
    }
    args.extend(["-g".into(), gop.clone(), "-keyint_min".into(), gop]);
    args.extend(["-b:v".into(), kbps(spec.bitrate_kbps), "-maxrate".into(), kbps(spec.bitrate_kbps)]);
    args.extend(["-bufsize".into(), kbps(spec.bitrate_kbps), "-video_track_timescale".into(), "90000".into()]);
    let seconds = spec.seconds.to_string();
    let mut args: Vec<std::ffi::OsString> = args.into_iter().map(Into::into).collect();
    let mut push = |list: &[&str]| args.extend(list.iter().map(std::ffi::OsString::from));
    match spec.audio.map(|audio| audio.codec) {
        None => push(&["-f", "mp4"]),
        Some(AudioCodec::Aac) => {
            push(&[
                "-map", "1:a", "-c:a", "aac", "-ar", "16000", "-ac", "1", "-b:a", "32k", "-t", &seconds, "-f", "mp4",
            ]);
        }
        Some(codec @ (AudioCodec::Pcma | AudioCodec::Pcmu)) => {
            push(&["-f", "mp4"]);
            args.push(movie.into());
            let (encoder, format) =
                if codec == AudioCodec::Pcma { ("pcm_alaw", "alaw") } else { ("pcm_mulaw", "mulaw") };
            let mut push = |list: &[&str]| args.extend(list.iter().map(std::ffi::OsString::from));
            push(&["-map", "1:a", "-c:a", encoder, "-ar", "8000", "-ac", "1", "-t", &seconds, "-f", format]);
            args.push(sound.into());
            return args;
        }
    }
    args.push(movie.into());
    args
}
