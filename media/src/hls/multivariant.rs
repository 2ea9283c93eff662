use std::fmt::Write;

use super::{LiveRequest, Reload};
use crate::fmp4::Purpose;
use crate::{Stream, TrackKind};

/// What a multivariant playlist says of its one variant.
pub(super) struct Variant<'a> {
    pub(super) stream: &'a Stream,
    pub(super) bandwidth: u64,
    pub(super) average_bandwidth: u64,
    /// Microseconds from picture to picture.
    pub(super) interval_us: u64,
}

/// The multivariant playlist (rfc8216bis section 4.4.6.2). URIs are relative, so that what authorizes the path is inherited.
pub(super) fn render(variant: &Variant<'_>) -> String {
    let codecs: Vec<&str> = variant
        .stream
        .tracks
        .iter()
        .filter(|track| Purpose::Hls.carries(track))
        .map(|track| match &track.kind {
            TrackKind::Video(video) => video.rfc6381.as_str(),
            TrackKind::Audio(audio) => audio.rfc6381.as_str(),
        })
        .collect();
    let mut text = String::from("#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-STREAM-INF:");
    let _ = write!(
        text,
        "BANDWIDTH={},AVERAGE-BANDWIDTH={},CODECS=\"{}\"",
        variant.bandwidth.max(1),
        variant.average_bandwidth.max(1),
        codecs.join(",")
    );
    if let Some((_, _, video)) = variant.stream.video() {
        let frame_rate = 1e6 / variant.interval_us.max(1) as f64;
        let _ = write!(text, ",RESOLUTION={}x{},FRAME-RATE={frame_rate:.3}", video.width, video.height);
    }
    let _ = writeln!(text, "\n{}", LiveRequest::Media(Reload::default()));
    text
}
