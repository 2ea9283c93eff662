use bytes::Bytes;

/// The codec of a video track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VideoCodec {
    /// ITU-T H.264.
    H264,
    /// ITU-T H.265.
    H265,
}

/// The codec of an audio track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AudioCodec {
    /// MPEG-4 AAC (ISO/IEC 14496-3).
    Aac,
    /// ITU-T G.711 A-law.
    G711A,
    /// ITU-T G.711 µ-law.
    G711U,
}

/// What decodes a video track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoTrack {
    /// The codec.
    pub codec: VideoCodec,
    /// Width of a picture after cropping, in pixels.
    pub width: u16,
    /// Height of a picture after cropping, in pixels.
    pub height: u16,
    /// The RFC 6381 `codecs` value, such as `avc1.64001F`.
    pub rfc6381: String,
    /// The body of the `avcC` (ISO/IEC 14496-15 clause 5.3.3) or `hvcC` (clause 8.3.3) box.
    pub decoder_config: Bytes,
    /// How many pictures may precede a picture in decoding order and follow it in output order; 0 without B-frames.
    pub reorder_depth: u8,
    /// Pixel aspect ratio, where the stream tells one.
    pub pixel_aspect: Option<(u16, u16)>,
}

/// What decodes an audio track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioTrack {
    /// The codec.
    pub codec: AudioCodec,
    /// Samples per second.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u16,
    /// The RFC 6381 `codecs` value, such as `mp4a.40.2`; empty for G.711, which HLS does not carry.
    pub rfc6381: String,
    /// The AudioSpecificConfig (ISO/IEC 14496-3 clause 1.6.2.1); empty for G.711.
    pub decoder_config: Bytes,
}

/// What a track carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrackKind {
    /// Pictures.
    Video(VideoTrack),
    /// Sound.
    Audio(AudioTrack),
}

/// One track of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// Ticks per second of its timestamps.
    pub clock_rate: u32,
    /// What it carries.
    pub kind: TrackKind,
}

/// A stretch of a source without a discontinuity: one set of tracks and one continuous media clock. Access units point at the
/// stream they belong to; a different `sequence` means a discontinuity, and whoever joins across it does wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// Rises by one at each discontinuity of the placement.
    pub sequence: u64,
    /// Its tracks; access units name them by position. At most one is video, and then it is the first.
    pub tracks: Vec<Track>,
}

impl Stream {
    /// The video track with its position.
    pub fn video(&self) -> Option<(usize, &Track, &VideoTrack)> {
        self.tracks.iter().enumerate().find_map(|(i, track)| match &track.kind {
            TrackKind::Video(video) => Some((i, track, video)),
            TrackKind::Audio(_) => None,
        })
    }
}
