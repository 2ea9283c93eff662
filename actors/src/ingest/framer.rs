use std::sync::Arc;

use bytes::Bytes;
use eyrie_media::{AccessUnit, DtsEstimator, SourceUnit, Stream, TimelineAnchor, Track, TrackKind, VideoTrack};
use eyrie_types::{Monotonic, WallTime};

/// The frame rate a decoding-time estimate starts from, until the frames themselves tell.
const USUAL_FRAME_RATE: u32 = 25;

/// A frame as a source gives it.
#[derive(Debug)]
pub(super) struct Frame {
    /// Which track, by position.
    pub(super) track: u8,
    /// The source's timestamp in ticks of the track's clock, unwrapped.
    pub(super) ticks: i64,
    /// Decoding can start here.
    pub(super) keyframe: bool,
    /// As [`AccessUnit::data`].
    pub(super) data: Bytes,
    /// When its last byte arrived.
    pub(super) arrival: Monotonic,
    /// The wall clock at that moment.
    pub(super) now: WallTime,
}

#[derive(Debug)]
struct FramerTrack {
    clock_rate: u32,
    /// What it carries; a camera may tell only with its first keyframe.
    kind: Option<TrackKind>,
    dts: DtsEstimator,
}

/// Turns frames into access units: places them in time, and begins a new stream at each discontinuity: a jump of the source's
/// clock, a drift too large to slew, or parameter sets that changed. Pure.
#[derive(Debug)]
pub(super) struct Framer {
    tracks: Vec<FramerTrack>,
    anchor: TimelineAnchor,
    stream: Option<Arc<Stream>>,
    next_sequence: u64,
    /// Equal times of all tracks are one moment.
    one_clock: bool,
}

impl Framer {
    /// As [`Self::new`], for a source whose tracks have one clock: equal times are one moment, however late either arrives.
    pub(super) fn with_one_clock(first_sequence: u64, tracks: Vec<(u32, Option<TrackKind>)>) -> Self {
        Self { one_clock: true, ..Self::new(first_sequence, tracks) }
    }

    /// The number of the next stream that begins.
    pub(super) const fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// A framer of tracks with these clock rates, in ticks per second, and what they carry as far as it is known. Its first
    /// stream is numbered `first_sequence`.
    pub(super) fn new(first_sequence: u64, tracks: Vec<(u32, Option<TrackKind>)>) -> Self {
        let rates: Vec<_> = tracks.iter().map(|(rate, _)| *rate).collect();
        let tracks = tracks.into_iter().map(|(clock_rate, kind)| FramerTrack {
            clock_rate,
            dts: estimator(clock_rate, kind.as_ref()),
            kind,
        });
        Self {
            tracks: tracks.collect(),
            anchor: TimelineAnchor::new(rates),
            stream: None,
            next_sequence: first_sequence,
            one_clock: false,
        }
    }

    /// What the video track is from the next frame on. Another one than before ends the stream.
    pub(super) fn set_video(&mut self, track: u8, video: VideoTrack) {
        let Some(slot) = self.tracks.get_mut(usize::from(track)) else { return };
        let kind = Some(TrackKind::Video(video));
        if slot.kind != kind {
            slot.kind = kind;
            self.stream = None;
        }
    }

    /// Whether the video track still has to tell what it is.
    pub(super) fn lacks_video_parameters(&self, track: u8) -> bool {
        self.tracks.get(usize::from(track)).is_some_and(|track| track.kind.is_none())
    }

    /// An RTCP sender report of a track, see [`TimelineAnchor::sender_report`].
    pub(super) fn sender_report(&mut self, track: u8, ticks: i64, ntp: u64) {
        self.anchor.sender_report(track, ticks, ntp);
    }

    /// The frame as an access unit; `None` while its stream cannot begin, for want of parameters or of a keyframe.
    pub(super) fn push(&mut self, frame: Frame) -> Option<AccessUnit> {
        let is_video = self.is_video(frame.track);
        let opens = if self.has_video() { is_video && frame.keyframe } else { true };
        let stream = match &self.stream {
            Some(stream) => Arc::clone(stream),
            None if opens => self.begin()?,
            None => return None,
        };
        let unit = SourceUnit {
            track: frame.track,
            ticks: frame.ticks,
            arrival: frame.arrival,
            now: frame.now,
            can_cut: opens,
        };
        let (stream, time) = match self.anchor.place(unit) {
            Ok(time) => (stream, time),
            Err(discontinuity) => {
                tracing::debug!(%discontinuity, "a new stream begins");
                metrics::counter!("eyrie_camera_discontinuities_total").increment(1);
                // Frames before the new stream's first keyframe are of no use to anybody.
                self.stream = None;
                if !opens {
                    return None;
                }
                let stream = self.begin()?;
                (stream, self.anchor.place(unit).ok()?)
            }
        };
        let slot = self.tracks.get_mut(usize::from(frame.track))?;
        let dts = slot.dts.push(time.pts);
        Some(AccessUnit {
            stream,
            track: frame.track,
            pts: time.pts,
            dts,
            keyframe: frame.keyframe || !is_video,
            data: frame.data,
            wall: time.wall,
            arrival: frame.arrival,
        })
    }

    /// Begins a stream of all tracks, if each is known.
    fn begin(&mut self) -> Option<Arc<Stream>> {
        let tracks = self.tracks.iter().map(|track| {
            let kind = track.kind.clone()?;
            Some(Track { clock_rate: track.clock_rate, kind })
        });
        let tracks: Vec<_> = tracks.collect::<Option<_>>()?;
        let stream = Arc::new(Stream { sequence: self.next_sequence, tracks });
        self.next_sequence += 1;
        self.anchor = TimelineAnchor::new(self.tracks.iter().map(|track| track.clock_rate));
        if self.one_clock {
            // What sender reports say of others: here time 0 is one moment on all.
            (0..self.tracks.len())
                .filter_map(|at| u8::try_from(at).ok())
                .for_each(|at| self.anchor.sender_report(at, 0, 0));
        }
        for track in &mut self.tracks {
            track.dts = estimator(track.clock_rate, track.kind.as_ref());
        }
        self.stream = Some(Arc::clone(&stream));
        Some(stream)
    }

    fn has_video(&self) -> bool {
        self.tracks.iter().any(|track| !matches!(track.kind, Some(TrackKind::Audio(_))))
    }

    fn is_video(&self, track: u8) -> bool {
        self.tracks.get(usize::from(track)).is_some_and(|track| !matches!(track.kind, Some(TrackKind::Audio(_))))
    }
}

fn estimator(clock_rate: u32, kind: Option<&TrackKind>) -> DtsEstimator {
    let depth = match kind {
        Some(TrackKind::Video(video)) => video.reorder_depth,
        _ => 0,
    };
    DtsEstimator::new(depth, i64::from(clock_rate / USUAL_FRAME_RATE))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use eyrie_media::{AudioCodec, AudioTrack, VideoCodec};

    use super::*;

    fn video(width: u16) -> VideoTrack {
        VideoTrack {
            codec: VideoCodec::H264,
            width,
            height: 720,
            rfc6381: "avc1.64001F".to_owned(),
            decoder_config: Bytes::new(),
            reorder_depth: 0,
            pixel_aspect: None,
        }
    }

    fn frame(track: u8, ticks: i64, ms: u64, keyframe: bool) -> Frame {
        let arrival = Monotonic::from_start(Duration::from_millis(ms));
        let now = WallTime::from_unix_us(1_000_000_000_000).offset_us(ms as i64 * 1_000);
        Frame { track, ticks, keyframe, data: Bytes::new(), arrival, now }
    }

    fn framer() -> Framer {
        let sound = TrackKind::Audio(AudioTrack::g711(AudioCodec::G711A, 8_000, 1));
        Framer::new(5, vec![(90_000, None), (8_000, Some(sound))])
    }

    #[test]
    fn nothing_comes_before_parameters_and_a_keyframe() {
        let mut framer = framer();
        assert!(framer.lacks_video_parameters(0));
        assert!(framer.push(frame(0, 0, 0, true)).is_none());
        framer.set_video(0, video(1280));
        assert!(framer.push(frame(1, 0, 10, false)).is_none(), "sound waits for the first picture");
        assert!(framer.push(frame(0, 3_600, 40, false)).is_none());
        let first = framer.push(frame(0, 7_200, 80, true)).unwrap();
        assert_eq!((first.stream.sequence, first.pts, first.keyframe), (5, 0, true));
        assert!(framer.push(frame(1, 8_000, 90, false)).is_some_and(|unit| !unit.is_video()));
    }

    #[test]
    fn tracks_of_one_clock_stay_together_however_late_one_of_them_arrives() {
        let sound = TrackKind::Audio(AudioTrack::g711(AudioCodec::G711A, 8_000, 1));
        let kinds = vec![(90_000, Some(TrackKind::Video(video(1280)))), (8_000, Some(sound))];
        let mut framer = Framer::with_one_clock(5, kinds);
        let picture = framer.push(frame(0, 900_000, 0, true)).unwrap();
        let late = framer.push(frame(1, 80_000, 400, false)).unwrap();
        assert_eq!((picture.pts, late.pts, late.wall), (0, 0, picture.wall));
    }

    #[test]
    fn changed_parameters_and_a_jump_each_begin_a_stream_with_its_own_times() {
        let mut framer = framer();
        framer.set_video(0, video(1280));
        framer.push(frame(0, 0, 0, true)).unwrap();
        framer.set_video(0, video(1280));
        assert_eq!(
            framer.push(frame(0, 3_600, 40, false)).unwrap().stream.sequence,
            5,
            "the same again changes nothing"
        );
        framer.set_video(0, video(640));
        let changed = framer.push(frame(0, 7_200, 80, true)).unwrap();
        assert_eq!((changed.stream.sequence, changed.pts), (6, 0));
        assert!(framer.push(frame(0, 7_200 + 90_000 * 3_600, 120, false)).is_none(), "a jump waits for a keyframe");
        let jumped = framer.push(frame(0, 7_200 + 90_000 * 3_600 + 3_600, 160, true)).unwrap();
        assert_eq!((jumped.stream.sequence, jumped.pts), (7, 0));
    }
}
