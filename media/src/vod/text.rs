use std::fmt::Write;

use eyrie_types::WallTime;

use super::{VodFile, VodPiece};

/// `EXT-X-PROGRAM-DATE-TIME` stands at least this often: what players reckon from `EXTINF` differs from wall time by no more
/// than a slewed clock does in it.
const DATE_EVERY_US: i64 = 60_000_000;

/// One entry of a media playlist.
pub(super) struct Entry {
    pub(super) piece: usize,
    pub(super) start: WallTime,
    pub(super) duration_us: u64,
    pub(super) discontinuity: bool,
    pub(super) file: VodFile,
}

/// The text of a playlist of `entries` (RFC 8216 section 4.3); `tags` go after those that every one has.
pub(super) fn playlist(pieces: &[VodPiece], entries: &[Entry], tags: &str) -> String {
    // Rounded, no entry may exceed the target duration (RFC 8216 section 4.3.3.1).
    let target = entries.iter().map(|entry| (entry.duration_us + 500_000) / 1_000_000).max().unwrap_or(0).max(1);
    let mut text = String::with_capacity(256 + 128 * entries.len());
    let _ = writeln!(
        text,
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{target}\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD"
    );
    text.push_str(tags);
    let (mut mapped, mut dated) = (None, None);
    for entry in entries {
        let Some(piece) = pieces.get(entry.piece) else { continue };
        if entry.discontinuity {
            text.push_str("#EXT-X-DISCONTINUITY\n");
        }
        if entry.discontinuity || mapped != Some(entry.piece) {
            let _ = writeln!(text, "#EXT-X-MAP:URI=\"{}/{}\"", piece.name, VodFile::Init);
            mapped = Some(entry.piece);
        }
        let known = dated.is_some_and(|dated| entry.start.signed_us_since(dated) < DATE_EVERY_US);
        if entry.discontinuity || !known {
            let _ = writeln!(text, "#EXT-X-PROGRAM-DATE-TIME:{}", entry.start);
            dated = Some(entry.start);
        }
        let (whole, micros) = (entry.duration_us / 1_000_000, entry.duration_us % 1_000_000);
        let _ = writeln!(text, "#EXTINF:{whole}.{micros:06},\n{}/{}", piece.name, entry.file);
    }
    text.push_str("#EXT-X-ENDLIST\n");
    text
}
