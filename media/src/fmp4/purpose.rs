use crate::{AudioCodec, Stream, Track, TrackKind};

/// What an MP4 is written for: it decides which tracks go in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A recording: all that the camera sent.
    Record,
    /// HTTP Live Streaming, which knows no G.711 (RFC 8216bis section 3.1, HLS authoring specification).
    Hls,
}

impl Purpose {
    /// Whether `track` goes in.
    pub fn carries(self, track: &Track) -> bool {
        match (&track.kind, self) {
            (TrackKind::Video(_), _) | (TrackKind::Audio(_), Self::Record) => true,
            (TrackKind::Audio(audio), Self::Hls) => matches!(audio.codec, AudioCodec::Aac),
        }
    }

    /// Whether the track at `position` of `stream` exists and goes in.
    pub fn carries_position(self, stream: &Stream, position: u8) -> bool {
        stream.tracks.get(usize::from(position)).is_some_and(|track| self.carries(track))
    }
}
