use eyrie_media::{AudioCodec, AudioTrack, TrackKind, VideoCodec, VideoTrack};
use retina::client::Stream;
use retina::codec::{ParametersRef, VideoParametersCodec};

use super::Fault;
use super::fault::first_line;

/// A track of the camera's that is taken: where it stands in the SDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chosen {
    /// Its position among the camera's tracks.
    pub(super) stream: usize,
    /// It carries pictures.
    pub(super) is_video: bool,
}

/// The first video track and the first audio track that can be taken, video first. All else (metadata, back-channels, codecs
/// of sound nobody here knows) is left alone.
///
/// # Errors
/// When there is video, but none in a codec that can be taken; or nothing at all.
pub(super) fn choose(streams: &[Stream]) -> Result<Vec<Chosen>, Fault> {
    let find = |media: &str, codecs: &[&str]| {
        streams.iter().position(|stream| stream.media() == media && codecs.contains(&stream.encoding_name()))
    };
    let video = find("video", &["h264", "h265"]);
    let audio = find("audio", &["mpeg4-generic", "pcma", "pcmu"]);
    if video.is_none()
        && let Some(other) = streams.iter().find(|stream| stream.media() == "video")
    {
        return Err(Fault::UnsupportedCodec(first_line(&other.encoding_name().to_uppercase())));
    }
    let chosen: Vec<_> = [(video, true), (audio, false)]
        .into_iter()
        .filter_map(|(stream, is_video)| stream.map(|stream| Chosen { stream, is_video }))
        .collect();
    if chosen.is_empty() { Err(Fault::NoMedia) } else { Ok(chosen) }
}

/// What a track carries, as far as the camera has told. `None` is usual for video before its first keyframe.
///
/// # Errors
/// When what it told cannot be understood.
pub(super) fn kind(stream: &Stream) -> Result<Option<TrackKind>, Fault> {
    match stream.parameters() {
        Some(ParametersRef::Video(parameters)) => video(parameters.codec_params()).map(TrackKind::Video).map(Some),
        Some(ParametersRef::Audio(parameters)) => {
            let channels = parameters.channels().get();
            let track = match stream.encoding_name() {
                "pcma" => AudioTrack::g711(AudioCodec::G711A, stream.clock_rate_hz(), channels),
                "pcmu" => AudioTrack::g711(AudioCodec::G711U, stream.clock_rate_hz(), channels),
                _ => AudioTrack::from_audio_specific_config(parameters.extra_data()).map_err(invalid)?,
            };
            Ok(Some(TrackKind::Audio(track)))
        }
        _ => Ok(None),
    }
}

fn video(codec: &VideoParametersCodec) -> Result<VideoTrack, Fault> {
    let track = match codec {
        VideoParametersCodec::H264 { sps, pps } => VideoTrack::from_parameter_sets(VideoCodec::H264, [&**sps, &**pps]),
        VideoParametersCodec::H265 { vps, sps, pps } => {
            VideoTrack::from_parameter_sets(VideoCodec::H265, [&**vps, &**sps, &**pps])
        }
        _ => return Err(Fault::UnsupportedCodec("unknown".to_owned())),
    };
    track.map_err(invalid)
}

fn invalid(error: eyrie_media::codec::CodecError) -> Fault {
    Fault::Invalid(first_line(&error.to_string()))
}
