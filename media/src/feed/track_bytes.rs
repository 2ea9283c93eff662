//! The body of a stream record.

use bytes::{Buf, BufMut};

use super::{FEED_CONFIG_BYTES_MAX, FEED_TRACKS_MAX, FeedError};
use crate::{AudioCodec, AudioTrack, Stream, Track, TrackKind, VideoCodec, VideoTrack};

const H264: u8 = 1;
const H265: u8 = 2;
const AAC: u8 = 16;
const G711A: u8 = 17;
const G711U: u8 = 18;

/// Appends the body of `stream`.
pub(super) fn write(stream: &Stream, out: &mut Vec<u8>) {
    out.put_u64(stream.sequence);
    // A stream of ours has two tracks, and a configuration some hundred bytes.
    let tracks = stream.tracks.get(..FEED_TRACKS_MAX).unwrap_or(&stream.tracks);
    out.put_u8(tracks.len() as u8);
    for track in tracks {
        out.put_u32(track.clock_rate);
        match &track.kind {
            TrackKind::Video(video) => {
                out.put_u8(match video.codec {
                    VideoCodec::H264 => H264,
                    VideoCodec::H265 => H265,
                });
                put_config(&video.decoder_config, out);
            }
            TrackKind::Audio(audio) => match audio.codec {
                AudioCodec::Aac => {
                    out.put_u8(AAC);
                    put_config(&audio.decoder_config, out);
                }
                AudioCodec::G711A | AudioCodec::G711U => {
                    out.put_u8(if audio.codec == AudioCodec::G711A { G711A } else { G711U });
                    out.put_u32(audio.sample_rate);
                    out.put_u16(audio.channels);
                }
            },
        }
    }
}

fn put_config(config: &[u8], out: &mut Vec<u8>) {
    out.put_u16(u16::try_from(config.len()).unwrap_or(u16::MAX));
    out.put_slice(config.get(..usize::from(u16::MAX)).unwrap_or(config));
}

/// Reads the body of a stream record.
///
/// # Errors
/// When it ends too early, or describes what a [`Stream`] cannot be.
pub(super) fn read(mut body: &[u8]) -> Result<Stream, FeedError> {
    let sequence = body.try_get_u64().map_err(short)?;
    let count = usize::from(body.try_get_u8().map_err(short)?);
    if !(1..=FEED_TRACKS_MAX).contains(&count) {
        return Err(FeedError::Invalid("a stream of no track, or of too many"));
    }
    let mut tracks = Vec::with_capacity(count);
    for position in 0..count {
        let track = read_track(&mut body)?;
        if position > 0 && matches!(track.kind, TrackKind::Video(_)) {
            return Err(FeedError::Invalid("pictures that are not the first track of their stream"));
        }
        tracks.push(track);
    }
    Ok(Stream { sequence, tracks })
}

fn read_track(body: &mut &[u8]) -> Result<Track, FeedError> {
    let clock_rate = body.try_get_u32().map_err(short)?;
    if clock_rate == 0 {
        return Err(FeedError::Invalid("a track whose clock stands still"));
    }
    let video = |codec, body: &mut &[u8]| -> Result<TrackKind, FeedError> {
        Ok(TrackKind::Video(VideoTrack::from_decoder_config(codec, config(body)?)?))
    };
    let kind = match body.try_get_u8().map_err(short)? {
        H264 => video(VideoCodec::H264, body)?,
        H265 => video(VideoCodec::H265, body)?,
        AAC => TrackKind::Audio(AudioTrack::from_audio_specific_config(config(body)?)?),
        G711A => TrackKind::Audio(g711(AudioCodec::G711A, body)?),
        G711U => TrackKind::Audio(g711(AudioCodec::G711U, body)?),
        _ => return Err(FeedError::Invalid("a track in a codec that this release does not know")),
    };
    Ok(Track { clock_rate, kind })
}

fn g711(codec: AudioCodec, body: &mut &[u8]) -> Result<AudioTrack, FeedError> {
    let (sample_rate, channels) = (body.try_get_u32().map_err(short)?, body.try_get_u16().map_err(short)?);
    if sample_rate == 0 || channels == 0 {
        return Err(FeedError::Invalid("sound without samples or channels"));
    }
    Ok(AudioTrack::g711(codec, sample_rate, channels))
}

fn config<'a>(body: &mut &'a [u8]) -> Result<&'a [u8], FeedError> {
    let length = usize::from(body.try_get_u16().map_err(short)?);
    if length > FEED_CONFIG_BYTES_MAX {
        return Err(FeedError::Invalid("a track whose configuration is too long"));
    }
    let (config, rest) = body.split_at_checked(length).ok_or(FeedError::Invalid("a stream that ends too early"))?;
    *body = rest;
    Ok(config)
}

fn short(_: bytes::TryGetError) -> FeedError {
    FeedError::Invalid("a stream that ends too early")
}
