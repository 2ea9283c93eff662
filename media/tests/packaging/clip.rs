//! Clips encoded by ffmpeg, read back through the parser under test.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use eyrie_media::AccessUnit;
use eyrie_media::mp4_file::{Mp4File, TOP_LEVEL_HEADER_BYTES, top_level_box};
use eyrie_types::Monotonic;

use crate::units::START;

/// Seconds of each clip.
pub(crate) const SECONDS: u32 = 4;

/// Encodes test pictures, and a tone where `codecs` ask for sound, into `path`.
pub(crate) fn encode(path: &Path, codecs: &[&str]) {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-nostdin", "-y"]);
    ffmpeg.args(["-f", "lavfi", "-i", &format!("testsrc2=size=320x180:rate=15:duration={SECONDS}")]);
    if codecs.contains(&"-c:a") {
        ffmpeg.args(["-f", "lavfi", "-i", &format!("sine=frequency=440:sample_rate=48000:duration={SECONDS}")]);
    }
    let output = ffmpeg.args(codecs).args(["-pix_fmt", "yuv420p"]).arg(path).output().expect("ffmpeg is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Reads a file as the shell of a file source would: top level, `moov`, samples.
pub(crate) fn read(path: &Path) -> (Mp4File, Vec<AccessUnit>) {
    let bytes = Bytes::from(std::fs::read(path).unwrap());
    let file_len = bytes.len() as u64;
    let mut offset = 0;
    let moov = loop {
        let at = usize::try_from(offset).unwrap();
        let header = &bytes[at..bytes.len().min(at + TOP_LEVEL_HEADER_BYTES)];
        let found = top_level_box(header, offset, file_len).unwrap();
        let body = usize::try_from(found.body.start).unwrap()..usize::try_from(found.body.end).unwrap();
        if &found.kind == b"moov" {
            break bytes.slice(body);
        }
        offset = found.body.end;
    };
    let file = Mp4File::parse(&moov, file_len).unwrap();
    let stream = Arc::new(file.stream(1));
    let units = file
        .samples
        .iter()
        .map(|sample| {
            let range = usize::try_from(sample.range().start).unwrap()..usize::try_from(sample.range().end).unwrap();
            let rate = i64::from(stream.tracks[usize::from(sample.track)].clock_rate);
            let us = |ticks: i64| ticks * 1_000_000 / rate;
            AccessUnit {
                stream: stream.clone(),
                track: sample.track,
                pts: sample.pts,
                dts: sample.dts,
                keyframe: sample.sync,
                data: bytes.slice(range),
                wall: START.offset_us(us(sample.pts)),
                arrival: Monotonic::from_start(Duration::from_micros(us(sample.dts).max(0).unsigned_abs())),
            }
        })
        .collect();
    (file, units)
}
