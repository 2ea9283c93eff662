use std::ffi::OsString;
use std::io;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use eyrie_media::VideoCodec;
use eyrie_types::SessionId;
use ffmpeg_sidecar::command::FfmpegCommand;
use ffmpeg_sidecar::paths::ffmpeg_path;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use super::PictureError;
use crate::fair_places::{FairPlace, FairPlaces, PlaceLimits};

/// Decoders at once: each keeps a core busy for some tens of milliseconds and takes 40 MB, and recording comes first. One session
/// may have both, as none holds one for long; between sessions they go by turns. As many pictures of a session may wait as a page
/// of 64 cameras has, and no longer than its reader does.
const DECODERS: PlaceLimits =
    PlaceLimits { of: "picture", all: 2, share: 2, waiting: 64, patience: Duration::from_secs(10) };
/// How long a decoder may take: far more than any picture needs on a loaded machine.
const DECODE_TIMEOUT: Duration = Duration::from_secs(15);
/// Processor seconds after which a decoder ends by itself, whoever still watches it.
const CPU_SECONDS_MAX: &str = "10";
/// The largest single piece of memory of a decoder, in bytes: a picture of 8K takes a fifth.
const ALLOCATION_BYTES_MAX: &str = "268435456";
/// The largest JPEG taken from a decoder.
const JPEG_BYTES_MAX: usize = 32 << 20;

/// Runs ffmpeg, a few at a time.
///
/// The command is ffmpeg-sidecar's; its child is not, as that one lives on when its handle is dropped, and a request that is given
/// up must end its child. A child gets bytes of one elementary stream on its standard input and may open nothing else. Nothing of
/// its command line comes from a request but numbers that were checked. It never outlives us for long, even after SIGKILL: its
/// input ends with us, and it bounds what it computes itself.
#[derive(Debug)]
pub(super) struct Ffmpeg {
    program: OsString,
    places: Arc<FairPlaces<SessionId>>,
}

/// A place for one child after the other.
#[derive(Debug)]
pub(super) struct Turn {
    program: OsString,
    _place: FairPlace<SessionId>,
}

impl Ffmpeg {
    pub(super) fn new() -> Self {
        Self::at(ffmpeg_path().into())
    }

    fn at(program: OsString) -> Self {
        Self { program, places: FairPlaces::new(DECODERS) }
    }

    /// Waits for a place. Whoever has one reads what is to be decoded then, not before.
    ///
    /// # Errors
    /// [`PictureError::Busy`] when none comes in time.
    pub(super) async fn turn(&self, session: SessionId) -> Result<Turn, PictureError> {
        let place = self.places.take(session).await.map_err(|_| PictureError::Busy)?;
        Ok(Turn { program: self.program.clone(), _place: place })
    }
}

impl Turn {
    /// The first picture of an elementary stream as a JPEG.
    pub(super) async fn jpeg(&self, codec: VideoCodec, stream: &[u8], size: (u32, u32)) -> Result<Bytes, PictureError> {
        let (width, height) = size;
        let filter = format!("scale={width}:{height}:flags=area:out_range=pc,setsar=1,format=yuvj420p");
        let mut command = self.decoder(codec);
        command.args(["-vf", &filter, "-frames:v", "1", "-q:v", "4", "-f", "mjpeg", "pipe:1"]);
        whole_jpeg(run(command, stream, JPEG_BYTES_MAX).await)
    }

    /// All pictures of an elementary stream, each of `size` pixels (with bars where it has another shape): planes of Y, U and V
    /// (4:2:0, full range), one picture after the other, at most `pictures_max`.
    pub(super) async fn planes(
        &self,
        codec: VideoCodec,
        stream: &[u8],
        size: (u32, u32),
        pictures_max: usize,
    ) -> Result<Bytes, PictureError> {
        let (width, height) = size;
        let fit = format!("scale={width}:{height}:force_original_aspect_ratio=decrease:flags=area:out_range=pc");
        let filter = format!("{fit},pad={width}:{height}:(ow-iw)/2:(oh-ih)/2,setsar=1,format=yuvj420p");
        let mut command = self.decoder(codec);
        command.args(["-fps_mode", "passthrough", "-vf", &filter, "-f", "rawvideo", "pipe:1"]);
        let bytes_max = width as usize * height as usize * 3 / 2 * pictures_max;
        // One more than there may be shows that there are too many.
        counted(run(command, stream, bytes_max + 1).await)
    }

    /// One picture of planes as a JPEG.
    pub(super) async fn encode(&self, planes: &[u8], size: (u32, u32)) -> Result<Bytes, PictureError> {
        let mut command = self.command();
        command.args(["-f", "rawvideo", "-pix_fmt", "yuvj420p", "-video_size", &format!("{}x{}", size.0, size.1)]);
        command.args(["-i", "pipe:0", "-frames:v", "1", "-threads", "1", "-q:v", "4", "-f", "mjpeg", "pipe:1"]);
        whole_jpeg(run(command, planes, JPEG_BYTES_MAX).await)
    }

    fn command(&self) -> FfmpegCommand {
        let mut command = FfmpegCommand::new_with_path(self.program.as_os_str());
        command.args(["-v", "error", "-nostdin", "-timelimit", CPU_SECONDS_MAX, "-max_alloc", ALLOCATION_BYTES_MAX]);
        command.args(["-filter_threads", "1", "-protocol_whitelist", "pipe"]);
        command
    }

    /// What is not whole is no picture: a decoder that would guess at what is missing fails instead.
    fn decoder(&self, codec: VideoCodec) -> FfmpegCommand {
        let format = match codec {
            VideoCodec::H264 => "h264",
            VideoCodec::H265 => "hevc",
        };
        let mut command = self.command();
        command.args(["-threads", "1", "-err_detect", "explode", "-flags", "-output_corrupt"]);
        command.args(["-f", format, "-i", "pipe:0", "-map", "0:v:0", "-an", "-threads", "1"]);
        command
    }
}

fn whole_jpeg(output: Result<Vec<u8>, PictureError>) -> Result<Bytes, PictureError> {
    // Start and end of image (ITU-T T.81 table B.1).
    let whole = |jpeg: &Vec<u8>| jpeg.starts_with(&[0xff, 0xd8]) && jpeg.ends_with(&[0xff, 0xd9]);
    counted(output.and_then(|jpeg| if whole(&jpeg) { Ok(jpeg) } else { Err(PictureError::Undecodable) }))
}

fn counted(output: Result<Vec<u8>, PictureError>) -> Result<Bytes, PictureError> {
    let outcome = if output.is_ok() { "decoded" } else { "failed" };
    metrics::counter!("eyrie_pictures_decoded_total", "outcome" => outcome).increment(1);
    output.map(Bytes::from)
}

/// Runs a child to its end, or ends it.
async fn run(command: FfmpegCommand, input: &[u8], output_bytes_max: usize) -> Result<Vec<u8>, PictureError> {
    let mut command = Command::from(std::process::Command::from(command));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let run = async {
        let mut child = command.spawn()?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let feed = async move {
            if let Some(mut stdin) = stdin {
                // It hangs up once it has enough.
                let _ = stdin.write_all(input).await;
            }
        };
        let read = async move {
            let mut output = Vec::new();
            if let Some(stdout) = stdout {
                stdout.take(output_bytes_max as u64).read_to_end(&mut output).await?;
            }
            Ok::<_, io::Error>(output)
        };
        let ((), output) = tokio::join!(feed, read);
        Ok::<_, io::Error>((output?, child.wait().await?))
    };
    match tokio::time::timeout(DECODE_TIMEOUT, run).await {
        Ok(Ok((output, status))) if status.success() => Ok(output),
        Ok(Ok(_)) | Err(_) => Err(PictureError::Undecodable),
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => Err(PictureError::NotInstalled),
        Ok(Err(error)) => Err(PictureError::Unavailable(format!("ffmpeg could not be run: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_ffmpeg_it_is_said_what_to_install() {
        let ffmpeg = Ffmpeg::at("/nonexistent/ffmpeg".into());
        let failed =
            ffmpeg.turn(SessionId::generate()).await.unwrap().jpeg(VideoCodec::H264, &[], (16, 16)).await.unwrap_err();
        assert_eq!(failed, PictureError::NotInstalled);
        let problem = crate::Problem::from(failed);
        assert!(problem.status == 503 && problem.detail.contains("install the package ffmpeg"), "{}", problem.detail);
    }

    #[tokio::test]
    async fn bytes_that_are_no_picture_make_none() {
        let ffmpeg = Ffmpeg::new();
        let turn = ffmpeg.turn(SessionId::generate()).await.unwrap();
        for junk in [vec![], vec![0; 4096], b"\0\0\0\x01\x67\x42\0\0\0\x01\x65\xff\xff".repeat(200)] {
            for codec in [VideoCodec::H264, VideoCodec::H265] {
                assert_eq!(turn.jpeg(codec, &junk, (32, 32)).await.unwrap_err(), PictureError::Undecodable);
            }
        }
    }

    #[tokio::test]
    async fn planes_become_a_jpeg_of_their_size() {
        let ffmpeg = Ffmpeg::new();
        let jpeg = ffmpeg
            .turn(SessionId::generate())
            .await
            .unwrap()
            .encode(&vec![128; 64 * 32 * 3 / 2], (64, 32))
            .await
            .unwrap();
        let size = jpeg.windows(9).find(|bytes| bytes.starts_with(&[0xff, 0xc0])).unwrap();
        assert_eq!(size[5..9], [0, 32, 0, 64]);
    }

    #[tokio::test]
    async fn beyond_the_limit_of_those_who_wait_the_next_is_told_to_come_back_and_another_session_is_not() {
        let ffmpeg = Ffmpeg::new();
        let (flood, other) = (SessionId::generate(), SessionId::generate());
        let mut held = vec![ffmpeg.turn(flood).await.unwrap(), ffmpeg.turn(flood).await.unwrap()];
        let mut waiting: Vec<_> = (0..DECODERS.waiting).map(|_| Box::pin(ffmpeg.turn(flood))).collect();
        for one in &mut waiting {
            assert!(futures::poll!(one).is_pending());
        }
        let refused = crate::Problem::from(ffmpeg.turn(flood).await.unwrap_err());
        assert_eq!((refused.status, refused.retry_after_s), (429, Some(2)));
        let mut next = Box::pin(ffmpeg.turn(other));
        assert!(futures::poll!(&mut next).is_pending());
        held.pop();
        assert!(next.await.is_ok(), "its turn comes before those of who had one");
    }
}
