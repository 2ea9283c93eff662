use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;

use eyrie_types::{FragmentEntry, WallTime};

use super::text::{self, Entry};
use super::{SEGMENT_DURATION, VodFile, VodPiece, VodSegment, cut};
use crate::hls::bandwidth;

/// The longest playlist, in bytes: 24 h in segments of 6 s take less than 2 MB; what needs eight times that is torn into
/// pieces that nobody can watch.
pub const PLAYLIST_BYTES_MAX: usize = 16 << 20;
/// I-frames are listed no closer than this: winding shows a few pictures a second of wall time at most.
pub const I_FRAME_SPACING_MIN: Duration = Duration::from_secs(1);
/// Most I-frames of a playlist: of a longer range fewer are listed, 24 h get one in 9 s.
pub const I_FRAMES_MAX: u32 = 10_000;

/// The range is torn into more pieces than one playlist may list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a playlist of {0} bytes is longer than any may be")]
pub struct PlaylistTooLarge(usize);

/// What was recorded of a range, cut into segments, and its playlists. Addresses in them are relative to the playlists' own.
#[derive(Debug, Clone)]
pub struct VodPlaylist {
    pieces: Vec<VodPiece>,
    segments: Vec<VodSegment>,
    from: WallTime,
}

impl VodPlaylist {
    /// Cuts `pieces`, which are in the order of time, into segments. A player is to begin at `from`.
    pub fn new(pieces: Vec<VodPiece>, from: WallTime) -> Self {
        let segments = cut::cut(&pieces);
        Self { pieces, segments, from }
    }

    /// The segments in the order of time; none where nothing can be played.
    pub fn segments(&self) -> &[VodSegment] {
        &self.segments
    }

    /// The media playlist.
    ///
    /// # Errors
    /// [`PlaylistTooLarge`].
    pub fn media(&self) -> Result<String, PlaylistTooLarge> {
        let entries: Vec<Entry> = self
            .segments
            .iter()
            .map(|segment| Entry {
                piece: segment.piece,
                start: segment.start,
                duration_us: segment.duration_us(),
                discontinuity: segment.discontinuity,
                file: VodFile::Fragments { first: segment.first, last: segment.last },
            })
            .collect();
        let mut tags = String::new();
        if self.segments.iter().all(|segment| segment.independent) {
            tags.push_str("#EXT-X-INDEPENDENT-SEGMENTS\n");
        }
        let before_us = self.segments.first().map_or(0, |first| self.from.signed_us_since(first.start));
        if before_us > 0 {
            // The first segment begins with the keyframe before.
            let _ = writeln!(tags, "#EXT-X-START:TIME-OFFSET={:.6},PRECISE=YES", before_us as f64 / 1e6);
        }
        checked(text::playlist(&self.pieces, &entries, &tags))
    }

    /// The I-frame playlist (RFC 8216 section 4.3.3.6); `None` where no pictures were recorded.
    ///
    /// # Errors
    /// [`PlaylistTooLarge`].
    pub fn i_frames(&self) -> Result<Option<String>, PlaylistTooLarge> {
        let entries = self.i_frame_entries();
        if entries.is_empty() {
            return Ok(None);
        }
        checked(text::playlist(&self.pieces, &entries, "#EXT-X-I-FRAMES-ONLY\n")).map(Some)
    }

    /// The multivariant playlist: one variant and its I-frames. `query` stands behind the addresses of both.
    pub fn multivariant(&self, query: &str) -> String {
        let played: BTreeSet<usize> = self.segments.iter().map(|segment| segment.piece).collect();
        let inits = || self.pieces.iter().enumerate().filter(|(i, _)| played.contains(i)).map(|(_, piece)| &piece.init);
        let codecs: BTreeSet<&str> = inits().flat_map(|init| init.codecs()).collect();
        let videos: Vec<_> = inits().filter_map(|init| init.video().map(|(_, video)| video)).collect();
        let measured: Vec<(u64, u64)> =
            self.segments.iter().map(|segment| (segment.bytes, segment.duration_us())).collect();
        let peak = bandwidth::peak(&measured, SEGMENT_DURATION.as_micros() as u64).max(1);
        let mut text = String::from("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-STREAM-INF:");
        let average = bandwidth::average(&measured).clamp(1, peak);
        let codecs: Vec<&str> = codecs.into_iter().collect();
        let _ = write!(text, "BANDWIDTH={peak},AVERAGE-BANDWIDTH={average},CODECS=\"{}\"", codecs.join(","));
        let largest = videos.iter().max_by_key(|video| u32::from(video.width) * u32::from(video.height));
        let resolution = largest.map(|video| format!(",RESOLUTION={}x{}", video.width, video.height));
        let _ = writeln!(text, "{}\nmedia.m3u8?{query}", resolution.as_deref().unwrap_or_default());
        if let Some(resolution) = resolution {
            let codecs: BTreeSet<&str> = videos.iter().map(|video| video.rfc6381.as_str()).collect();
            let codecs: Vec<&str> = codecs.into_iter().collect();
            // A keyframe alone has fewer bytes than the fragments it is taken from.
            let _ = writeln!(
                text,
                "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH={peak},CODECS=\"{}\"{resolution},URI=\"iframes.m3u8?{query}\"",
                codecs.join(",")
            );
        }
        text
    }

    fn i_frame_entries(&self) -> Vec<Entry> {
        let ends = self.segments.first().zip(self.segments.last());
        let range_us = ends.map_or(0, |(first, last)| last.end.signed_us_since(first.start));
        let spacing_us = (range_us / i64::from(I_FRAMES_MAX)).max(I_FRAME_SPACING_MIN.as_micros() as i64);
        let mut entries: Vec<Entry> = Vec::new();
        // Cameras' clocks are not exact: keyframes a second apart come a little early.
        let close = |last: &Entry, entry: &FragmentEntry| entry.start.signed_us_since(last.start) < spacing_us * 9 / 10;
        for segment in &self.segments {
            let mut discontinuity = segment.discontinuity;
            let has_video = self.pieces.get(segment.piece).is_some_and(|piece| piece.init.video().is_some());
            for entry in segment.entries(&self.pieces).iter().filter(|entry| entry.starts_gop && has_video) {
                match entries.last_mut() {
                    Some(last) if !discontinuity && close(last, entry) => continue,
                    Some(last) if !discontinuity => last.duration_us = span_us(last.start, entry.start),
                    _ => {}
                }
                entries.push(Entry {
                    piece: segment.piece,
                    start: entry.start,
                    duration_us: 0,
                    discontinuity: discontinuity && !entries.is_empty(),
                    file: VodFile::Keyframe { number: entry.number },
                });
                discontinuity = false;
            }
            // Until another one ends it, it stands for the rest of its segment.
            if let Some(last) = entries.last_mut().filter(|_| !discontinuity) {
                last.duration_us = span_us(last.start, segment.end);
            }
        }
        entries
    }
}

fn span_us(from: WallTime, to: WallTime) -> u64 {
    u64::try_from(to.signed_us_since(from)).unwrap_or(0)
}

fn checked(text: String) -> Result<String, PlaylistTooLarge> {
    if text.len() > PLAYLIST_BYTES_MAX { Err(PlaylistTooLarge(text.len())) } else { Ok(text) }
}
