use std::io::SeekFrom;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use eyrie_media::mp4_file::{MOOV_BYTES_MAX, Mp4File, Mp4Sample, TOP_LEVEL_HEADER_BYTES, top_level_box};
use eyrie_types::FileSource;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::time::Instant;

use super::Fault;
use super::fault::first_line;
use super::framer::{Frame, Framer};
use super::session::Session;

/// Most boxes at the top of a file that are looked at in search of `moov`.
const TOP_LEVEL_BOXES_MAX: usize = 1_024;

/// Plays a file in real time, over and over, as though it were a camera. Timestamps run on from one round to the next.
pub(super) async fn play(session: &mut Session<'_>, source: &FileSource) -> Fault {
    session.connecting("opening the file");
    let opened = match open(session.camera.node.config.file_sources.as_deref(), &source.path).await {
        Ok(opened) => opened,
        Err(fault) => return fault,
    };
    session.set_up();
    let fault = play_for_ever(session, opened).await;
    session.over(&fault);
    fault
}

struct Opened {
    file: File,
    mp4: Mp4File,
}

async fn open(root: Option<&Path>, path: &str) -> Result<Opened, Fault> {
    let root = root.ok_or_else(|| Fault::File("no directory of file sources is configured".to_owned()))?;
    let path = inside(root, path).await?;
    let mut file = File::open(path).await.map_err(unreadable)?;
    let length = file.metadata().await.map_err(unreadable)?.len();
    let moov = read_moov(&mut file, length).await?;
    let mp4 = Mp4File::parse(&moov, length).map_err(|error| Fault::File(first_line(&error.to_string())))?;
    if mp4.duration_us <= 0 || mp4.samples.is_empty() {
        return Err(Fault::File("it has no samples".to_owned()));
    }
    Ok(Opened { file, mp4 })
}

/// The file below `root` that `path` names, links followed; one that leads out of it is refused.
async fn inside(root: &Path, path: &str) -> Result<PathBuf, Fault> {
    let root = tokio::fs::canonicalize(root).await.map_err(unreadable)?;
    let file = tokio::fs::canonicalize(root.join(path)).await.map_err(unreadable)?;
    if file.starts_with(&root) { Ok(file) } else { Err(Fault::File("it lies outside the directory".to_owned())) }
}

fn unreadable(error: std::io::Error) -> Fault {
    Fault::File(first_line(&error.kind().to_string()))
}

async fn read_moov(file: &mut File, length: u64) -> Result<Vec<u8>, Fault> {
    let mut at = 0_u64;
    for _ in 0..TOP_LEVEL_BOXES_MAX {
        if at >= length {
            break;
        }
        file.seek(SeekFrom::Start(at)).await.map_err(unreadable)?;
        let mut head = Vec::with_capacity(TOP_LEVEL_HEADER_BYTES);
        (&mut *file).take(TOP_LEVEL_HEADER_BYTES as u64).read_to_end(&mut head).await.map_err(unreadable)?;
        let found = top_level_box(&head, at, length).map_err(|error| Fault::File(first_line(&error.to_string())))?;
        if found.kind == *b"moov" {
            let bytes = found.body.end.saturating_sub(found.body.start);
            if bytes > MOOV_BYTES_MAX {
                return Err(Fault::File(format!("its moov box has {bytes} bytes")));
            }
            file.seek(SeekFrom::Start(found.body.start)).await.map_err(unreadable)?;
            let mut moov = Vec::new();
            (&mut *file).take(bytes).read_to_end(&mut moov).await.map_err(unreadable)?;
            return Ok(moov);
        }
        // The parser refuses a box that does not move on.
        at = found.body.end;
    }
    Err(Fault::File("it is no MP4 file: it has no moov box".to_owned()))
}

async fn play_for_ever(session: &mut Session<'_>, Opened { mut file, mp4 }: Opened) -> Fault {
    let kinds = mp4.tracks.iter().map(|track| (track.clock_rate, Some(track.kind.clone()))).collect();
    let mut framer = Framer::new(session.next_stream_sequence(), kinds);
    let start = Instant::now();
    for round in 0_i64.. {
        for sample in &mp4.samples {
            let rate = mp4.tracks.get(usize::from(sample.track)).map_or(1, |track| track.clock_rate.max(1));
            // From the whole duration each time, so that rounding never adds up.
            let played_us = mp4.duration_us.saturating_mul(round);
            let due_us = played_us.saturating_add(ticks_to_us(sample.dts, rate));
            tokio::time::sleep_until(start + Duration::from_micros(u64::try_from(due_us).unwrap_or(0))).await;
            let data = match read(&mut file, sample).await {
                Ok(data) => data,
                Err(fault) => return fault,
            };
            let clock = &session.camera.node.clock;
            let unit = framer.push(Frame {
                track: sample.track,
                ticks: us_to_ticks(played_us, rate).saturating_add(sample.pts),
                keyframe: sample.sync,
                data,
                arrival: clock.monotonic(),
                now: clock.now(),
            });
            if let Some(unit) = unit {
                session.push(unit);
            }
        }
    }
    Fault::Closed
}

async fn read(file: &mut File, sample: &Mp4Sample) -> Result<Bytes, Fault> {
    file.seek(SeekFrom::Start(sample.offset)).await.map_err(unreadable)?;
    // The parser checked that the sample lies within the file, so its size is bounded by what is on the disk.
    let mut data = vec![0; sample.size as usize];
    file.read_exact(&mut data).await.map_err(unreadable)?;
    Ok(Bytes::from(data))
}

fn ticks_to_us(ticks: i64, rate: u32) -> i64 {
    (i128::from(ticks) * 1_000_000 / i128::from(rate)).clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

fn us_to_ticks(us: i64, rate: u32) -> i64 {
    (i128::from(us) * i128::from(rate) / 1_000_000).clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_link_leads_out_of_the_directory() {
        let outside = tempfile::tempdir().unwrap();
        let root = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret.mp4"), b"secret").unwrap();
        std::fs::write(root.path().join("lobby.mp4"), b"").unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret.mp4"), root.path().join("link.mp4")).unwrap();
        std::os::unix::fs::symlink(outside.path(), root.path().join("directory")).unwrap();
        assert!(inside(root.path(), "lobby.mp4").await.is_ok());
        for path in ["link.mp4", "directory/secret.mp4", "../secret.mp4", "/etc/passwd", "missing.mp4"] {
            assert!(matches!(inside(root.path(), path).await, Err(Fault::File(_))), "{path}");
        }
    }

    #[tokio::test]
    async fn what_is_no_mp4_is_refused_with_a_reason() {
        let root = tempfile::tempdir().unwrap();
        for (name, content) in [("empty.mp4", &b""[..]), ("text.mp4", b"not a movie at all, just some text here")] {
            std::fs::write(root.path().join(name), content).unwrap();
            let refused = open(Some(root.path()), name).await;
            assert!(matches!(refused, Err(Fault::File(_))), "{name}");
        }
        assert!(matches!(open(None, "a.mp4").await, Err(Fault::File(_))));
    }
}
