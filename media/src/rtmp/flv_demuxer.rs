use bytes::Bytes;

use super::RtmpError;
use super::audio_tag::AudioTag;
use super::sample_clock::SampleClock;
use super::video_tag::VideoTag;
use crate::codec::{CodecError, changed_parameters, parameter_sets};
use crate::{AudioCodec, AudioTrack, RtpUnwrapper, Track, TrackKind, VideoCodec, VideoTrack};

/// Ticks a second of video tracks.
const VIDEO_RATE: u32 = 90_000;
/// FLV's times are in milliseconds.
const VIDEO_TICKS_A_MS: i64 = VIDEO_RATE as i64 / 1_000;
/// Samples of a frame of AAC, in the core codec's clock.
const AAC_SAMPLES: i64 = 1_024;
/// G.711 in FLV is sampled so often.
const G711_RATE: u32 = 8_000;
/// Where a record tells the lengths of its NAL units' lengths: ISO/IEC 14496-15 clauses 5.3.3.1 and 8.3.3.1.
const AVC_LENGTH_SIZE_AT: usize = 4;
const HEVC_LENGTH_SIZE_AT: usize = 21;
/// Lengths of NAL units in access units as stored.
const LONG_LENGTH: usize = 4;
/// How long sound comes without pictures before it is taken for all there is, in milliseconds.
const SOUND_ALONE_AFTER_MS: i64 = 1_500;
/// The longest decoder configuration that is taken: parameter sets have some hundred bytes.
const CONFIG_BYTES_MAX: usize = 4 * 1024;

/// What a publisher's tags hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlvEvent {
    /// From the next frame on these are the tracks, pictures first. All have one clock: equal times are one moment.
    Tracks(Vec<Track>),
    /// A coded picture or frame of sound.
    Frame {
        /// Which track, by position.
        track: u8,
        /// When it is shown, in ticks of its track's clock.
        ticks: i64,
        /// Decoding can start here.
        keyframe: bool,
        /// As [`crate::AccessUnit::data`].
        data: Bytes,
    },
}

/// Makes tracks and frames of a publisher's tags. Each call answers up to two events in their order: tracks that changed, and the
/// frame they begin with.
#[derive(Debug, Default)]
pub struct FlvDemuxer {
    clock: RtpUnwrapper,
    video: Option<Video>,
    audio: Option<Audio>,
    /// Rises with each change of a track.
    changes: u64,
    told: Told,
    /// When sound began to come without pictures.
    alone_since_ms: Option<i64>,
    /// The codec of sound that is left out.
    left_out: Option<String>,
}

/// The tracks as last told, by the change that made them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Told {
    video: Option<u64>,
    audio: Option<u64>,
}

#[derive(Debug)]
struct Video {
    track: VideoTrack,
    length_bytes: usize,
    change: u64,
}

#[derive(Debug)]
struct Audio {
    track: AudioTrack,
    clock: SampleClock,
    change: u64,
}

/// Up to two events.
type Events = [Option<FlvEvent>; 2];
const NOTHING: Events = [None, None];

impl FlvDemuxer {
    /// One that knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The codec of sound that was left out, once some was.
    pub fn left_out(&self) -> Option<&str> {
        self.left_out.as_deref()
    }

    /// Takes the body of a video tag that is decoded at `timestamp`.
    ///
    /// # Errors
    /// For codecs that are not carried, and bytes that make no sense.
    pub fn video(&mut self, timestamp: u32, tag: &Bytes) -> Result<Events, RtmpError> {
        let ms = self.clock.unwrap(timestamp);
        match VideoTag::parse(tag)? {
            VideoTag::Config { codec, record } => {
                self.configure(codec, &record)?;
                Ok(NOTHING)
            }
            VideoTag::Frame { codec, keyframe, composition_ms, data } => {
                self.picture(codec, keyframe, ms.saturating_add(i64::from(composition_ms)), data)
            }
            VideoTag::Other => Ok(NOTHING),
        }
    }

    /// Takes the body of an audio tag of `timestamp`. Sound in a codec that is not carried is left out.
    ///
    /// # Errors
    /// For bytes that make no sense.
    pub fn audio(&mut self, timestamp: u32, tag: &Bytes) -> Result<Events, RtmpError> {
        let ms = self.clock.unwrap(timestamp);
        match AudioTag::parse(tag)? {
            AudioTag::AacConfig(config) => {
                within_limit(&config)?;
                self.set_audio(AudioTrack::from_audio_specific_config(&config)?);
                Ok(NOTHING)
            }
            // Before its configuration it cannot be decoded.
            AudioTag::Aac(data) => match &self.audio {
                Some(audio) if audio.track.codec == AudioCodec::Aac => Ok(self.sound(ms, AAC_SAMPLES, data)),
                _ => Ok(NOTHING),
            },
            AudioTag::G711 { a_law, channels, data } => {
                let codec = if a_law { AudioCodec::G711A } else { AudioCodec::G711U };
                self.set_audio(AudioTrack::g711(codec, G711_RATE, channels));
                let samples = i64::try_from(data.len()).unwrap_or_default() / i64::from(channels);
                Ok(self.sound(ms, samples, data))
            }
            AudioTag::Unsupported(codec) => {
                self.left_out.get_or_insert(codec);
                Ok(NOTHING)
            }
            AudioTag::Other => Ok(NOTHING),
        }
    }

    fn configure(&mut self, codec: VideoCodec, record: &[u8]) -> Result<(), RtmpError> {
        within_limit(record)?;
        let at = match codec {
            VideoCodec::H264 => AVC_LENGTH_SIZE_AT,
            VideoCodec::H265 => HEVC_LENGTH_SIZE_AT,
        };
        let length_bytes = usize::from(record.get(at).copied().unwrap_or(3) & 3) + 1;
        match VideoTrack::from_decoder_config(codec, record) {
            Ok(track) => self.set_video(track, length_bytes),
            // Some publishers begin with an empty one, and send the sets with the pictures.
            Err(CodecError::MissingParameterSet { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn set_video(&mut self, track: VideoTrack, length_bytes: usize) {
        if let Some(video) = self.video.as_mut().filter(|video| video.track == track) {
            video.length_bytes = length_bytes;
            return;
        }
        self.changes += 1;
        self.video = Some(Video { track, length_bytes, change: self.changes });
    }

    fn set_audio(&mut self, track: AudioTrack) {
        if self.audio.as_ref().is_none_or(|old| old.track != track) {
            self.changes += 1;
            let clock = SampleClock::new(track.sample_rate);
            self.audio = Some(Audio { track, clock, change: self.changes });
        }
    }

    fn picture(&mut self, codec: VideoCodec, keyframe: bool, ms: i64, data: Bytes) -> Result<Events, RtmpError> {
        let length_bytes = self.video.as_ref().map_or(LONG_LENGTH, |video| video.length_bytes);
        let data = with_long_lengths(data, length_bytes)?;
        if data.is_empty() {
            return Ok(NOTHING);
        }
        if keyframe {
            self.sets_in_band(codec, &data);
        }
        let Some(video) = self.video.as_ref().filter(|video| video.track.codec == codec) else { return Ok(NOTHING) };
        // Tracks change where decoding can start.
        let now = Told { video: Some(video.change), audio: self.audio.as_ref().map(|audio| audio.change) };
        let tracks = match (keyframe, self.told.video == now.video) {
            (true, _) => (self.told != now).then(|| self.tell(now)),
            (false, true) => None,
            (false, false) => return Ok(NOTHING),
        };
        let ticks = ms.saturating_mul(VIDEO_TICKS_A_MS);
        Ok([tracks, Some(FlvEvent::Frame { track: 0, ticks, keyframe, data })])
    }

    /// Takes over parameter sets that stand with the pictures; ones that cannot be read leave the known ones.
    fn sets_in_band(&mut self, codec: VideoCodec, data: &[u8]) {
        let length_bytes = self.video.as_ref().map_or(LONG_LENGTH, |video| video.length_bytes);
        let changed = match self.video.as_ref().filter(|video| video.track.codec == codec) {
            Some(video) => changed_parameters(&video.track, data).ok().flatten(),
            None => VideoTrack::from_parameter_sets(codec, parameter_sets(data, codec)).ok(),
        };
        if let Some(track) = changed {
            self.set_video(track, length_bytes);
        }
    }

    fn sound(&mut self, ms: i64, samples: i64, data: Bytes) -> Events {
        let Some(audio) = &mut self.audio else { return NOTHING };
        let ticks = audio.clock.place(ms, samples);
        let change = Some(audio.change);
        if data.is_empty() {
            return NOTHING;
        }
        let tracks = if self.told.audio == change {
            None
        } else if self.video.is_some() || self.told.video.is_some() {
            // The next keyframe tells of it.
            return NOTHING;
        } else {
            let since = *self.alone_since_ms.get_or_insert(ms);
            if ms.saturating_sub(since) < SOUND_ALONE_AFTER_MS {
                return NOTHING;
            }
            Some(self.tell(Told { video: None, audio: change }))
        };
        let track = u8::from(self.told.video.is_some());
        [tracks, Some(FlvEvent::Frame { track, ticks, keyframe: true, data })]
    }

    fn tell(&mut self, told: Told) -> FlvEvent {
        self.told = told;
        let video = self.video.as_ref().filter(|_| told.video.is_some());
        let video = video.map(|video| Track { clock_rate: VIDEO_RATE, kind: TrackKind::Video(video.track.clone()) });
        let audio = self
            .audio
            .as_ref()
            .map(|audio| Track { clock_rate: audio.track.sample_rate, kind: TrackKind::Audio(audio.track.clone()) });
        FlvEvent::Tracks(video.into_iter().chain(audio).collect())
    }
}

fn within_limit(config: &[u8]) -> Result<(), RtmpError> {
    if config.len() <= CONFIG_BYTES_MAX {
        return Ok(());
    }
    Err(RtmpError::TooMuch { what: "bytes in a decoder configuration", max: CONFIG_BYTES_MAX })
}

/// An access unit with lengths of four bytes; ones that do not fit are found here.
fn with_long_lengths(data: Bytes, length_bytes: usize) -> Result<Bytes, RtmpError> {
    // A NAL unit has a byte at least, so at most two and a half times as much comes out.
    let mut long = Vec::new();
    let mut rest = data.as_ref();
    let cut = || RtmpError::Truncated("a NAL unit");
    while !rest.is_empty() {
        let (length, after) = rest.split_at_checked(length_bytes).ok_or_else(cut)?;
        let length = length.iter().fold(0_u32, |length, byte| length << 8 | u32::from(*byte));
        let (nal, after) = after.split_at_checked(length as usize).ok_or_else(cut)?;
        if length_bytes < LONG_LENGTH && !nal.is_empty() {
            long.extend_from_slice(&length.to_be_bytes());
            long.extend_from_slice(nal);
        }
        rest = after;
    }
    Ok(if length_bytes < LONG_LENGTH { Bytes::from(long) } else { data })
}
