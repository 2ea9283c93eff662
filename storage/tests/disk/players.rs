//! ffprobe and ffmpeg on a plain segment.

use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use eyrie_storage::segment::NewFragment;

use crate::support::{fragment, open, segment};

/// Top-level boxes of an MP4 file.
fn boxes(file: &Bytes) -> Vec<([u8; 4], Bytes)> {
    let mut boxes = Vec::new();
    let mut at = 0;
    while at < file.len() {
        let size = u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        boxes.push((file[at + 4..at + 8].try_into().unwrap(), file.slice(at..at + size)));
        at += size;
    }
    boxes
}

fn make_clip(path: &Path) -> Bytes {
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=10", "-t", "6", "-c:v", "libx264"])
        .args(["-g", "10", "-pix_fmt", "yuv420p", "-movflags", "frag_keyframe+empty_moov+default_base_moof"])
        .arg(path)
        .status()
        .expect("ffmpeg is installed by `make test`");
    assert!(made.success());
    std::fs::read(path).unwrap().into()
}

fn frames(path: &Path) -> String {
    let probe = Command::new("ffprobe")
        .args(["-v", "error", "-count_frames", "-select_streams", "v:0"])
        .args(["-show_entries", "stream=codec_name,nb_read_frames", "-of", "csv=p=0"])
        .arg(path)
        .output()
        .unwrap();
    assert!(probe.stderr.is_empty(), "{}", String::from_utf8_lossy(&probe.stderr));
    String::from_utf8_lossy(&probe.stdout).trim().to_owned()
}

#[tokio::test]
async fn any_player_opens_a_plain_segment_closed_or_not() {
    let directory = tempfile::tempdir().unwrap();
    let clip = make_clip(&directory.path().join("clip.mp4"));
    let boxes = boxes(&clip);
    let find =
        |kind: &'static [u8; 4]| boxes.iter().filter(move |(found, _)| found == kind).map(|(_, bytes)| bytes.clone());
    let init = [find(b"ftyp").next().unwrap(), find(b"moov").next().unwrap()].concat();
    let disk = open(&directory.path().join("recordings"));
    let mut new = segment(None);
    new.init = init.into();
    let mut writer = disk.create(new).await.unwrap();
    let path = writer.path().to_owned();
    let mut count = 0;
    for (n, (moof, mdat)) in find(b"moof").zip(find(b"mdat")).enumerate() {
        writer.append(NewFragment { chunks: vec![moof, mdat], ..fragment(n as u32, 4) }).await.unwrap();
        count += 1;
    }
    assert_eq!(count, 6);
    assert_eq!(frames(&path), "h264,60", "while it is open");
    writer.close().await.unwrap();
    assert_eq!(frames(&path), "h264,60", "with its footer");
    let decoded =
        Command::new("ffmpeg").args(["-v", "error", "-i"]).arg(&path).args(["-f", "null", "-"]).output().unwrap();
    assert!(decoded.status.success() && decoded.stderr.is_empty(), "{}", String::from_utf8_lossy(&decoded.stderr));
}
