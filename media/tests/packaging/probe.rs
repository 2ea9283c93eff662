//! What ffprobe and ffmpeg say of a file.

use std::path::Path;
use std::process::Command;

/// One packet as ffprobe shows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Packet {
    pub(crate) stream: usize,
    pub(crate) pts: f64,
    pub(crate) dts: f64,
    pub(crate) duration: f64,
    pub(crate) keyframe: bool,
    pub(crate) hash: String,
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("ffmpeg is installed");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// All packets, with the hash of their bytes.
pub(crate) fn packets(path: &Path) -> Vec<Packet> {
    let text = run(Command::new("ffprobe")
        .args(["-v", "error", "-show_packets", "-show_data_hash", "sha256"])
        .args(["-show_entries", "packet=stream_index,pts_time,dts_time,duration_time,flags,data_hash"])
        .args(["-of", "default=noprint_wrappers=0"])
        .arg(path));
    text.split("[/PACKET]")
        .filter(|block| block.contains("stream_index="))
        .map(|block| {
            let field = |name: &str| {
                let line = block.lines().find(|line| line.starts_with(&format!("{name}=")));
                line.and_then(|line| line.split_once('=')).map_or("", |(_, value)| value)
            };
            let seconds = |name: &str| field(name).parse().unwrap_or(f64::NAN);
            Packet {
                stream: field("stream_index").parse().unwrap(),
                pts: seconds("pts_time"),
                dts: seconds("dts_time"),
                duration: seconds("duration_time"),
                keyframe: field("flags").starts_with('K'),
                hash: field("data_hash").to_owned(),
            }
        })
        .collect()
}

/// The hash of each decoded picture or run of samples of one kind of stream (`v` or `a`), without times.
pub(crate) fn decoded(path: &Path, kind: &str) -> Vec<String> {
    let map = format!("0:{kind}");
    // Neither edit lists nor timestamps make ffmpeg duplicate or drop pictures.
    let text = run(Command::new("ffmpeg").args(["-v", "error", "-nostdin", "-i"]).arg(path).args([
        "-map",
        &map,
        "-vsync",
        "passthrough",
        "-f",
        "framemd5",
        "-",
    ]));
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.rsplit(',').next()).map(|hash| hash.trim().to_owned()).collect()
}

/// One hash of all sound as decoded, however it is cut into packets.
pub(crate) fn decoded_sound(path: &Path) -> String {
    run(Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i"])
        .arg(path)
        .args(["-map", "0:a", "-f", "md5", "-"]))
}
