use crate::fmp4::Purpose;
use crate::mp4_file::boxes::{Fields, child, children};
use crate::mp4_file::{Mp4Error, sample_entry};
use crate::{Track, TrackKind, VideoTrack};

/// More tracks than any recorded file has.
const TRACKS_MAX: usize = 16;

/// What the init segment of a recorded file says of its tracks.
#[derive(Debug, Clone, PartialEq)]
pub struct InitFacts {
    /// The tracks with their ids, in the order of the file.
    tracks: Vec<(u32, Track)>,
}

impl InitFacts {
    /// Reads an init segment: `ftyp` and `moov` (ISO/IEC 14496-12 clauses 4.3 and 8.2).
    ///
    /// # Errors
    /// When it is damaged, or holds a codec that is not ours.
    pub fn parse(init: &[u8]) -> Result<Self, Mp4Error> {
        let moov = child(init, b"moov").ok_or(Mp4Error::Missing("moov"))?;
        let traks = children(moov).filter(|(kind, _)| kind == b"trak").map(|(_, trak)| trak);
        let tracks = traks.take(TRACKS_MAX + 1).map(track).collect::<Result<Vec<_>, _>>()?;
        if tracks.len() > TRACKS_MAX {
            return Err(Mp4Error::TooMany { what: "tracks", limit: TRACKS_MAX as u64 });
        }
        Ok(Self { tracks })
    }

    /// The RFC 6381 `codecs` values of the tracks that HLS carries.
    pub fn codecs(&self) -> impl Iterator<Item = &str> {
        self.tracks.iter().filter(|(_, track)| Purpose::Hls.carries(track)).map(|(_, track)| match &track.kind {
            TrackKind::Video(video) => video.rfc6381.as_str(),
            TrackKind::Audio(audio) => audio.rfc6381.as_str(),
        })
    }

    /// The video track and its id.
    pub fn video(&self) -> Option<(u32, &VideoTrack)> {
        self.tracks.iter().find_map(|(id, track)| match &track.kind {
            TrackKind::Video(video) => Some((*id, video)),
            TrackKind::Audio(_) => None,
        })
    }

    /// Ticks per second of the track with this id.
    pub fn clock_rate(&self, id: u32) -> Option<u32> {
        self.tracks.iter().find(|(known, _)| *known == id).map(|(_, track)| track.clock_rate)
    }

    /// The ids of the tracks that HLS does not carry (G.711): see [`super::hide_tracks`].
    pub fn hidden(&self) -> Vec<u32> {
        let hidden = self.tracks.iter().filter(|(_, track)| !Purpose::Hls.carries(track));
        hidden.map(|(id, _)| *id).collect()
    }
}

fn track(trak: &[u8]) -> Result<(u32, Track), Mp4Error> {
    let id = track_id(child(trak, b"tkhd").ok_or(Mp4Error::Missing("tkhd"))?)?;
    let mdia = child(trak, b"mdia").ok_or(Mp4Error::Missing("mdia"))?;
    let mut mdhd = Fields::new(child(mdia, b"mdhd").ok_or(Mp4Error::Missing("mdhd"))?, "mdhd");
    let times = if mdhd.version()? == 1 { 16 } else { 8 };
    mdhd.skip(times)?;
    let clock_rate = mdhd.u32()?;
    let stbl = child(mdia, b"minf").and_then(|minf| child(minf, b"stbl")).ok_or(Mp4Error::Missing("stbl"))?;
    let kind = sample_entry::parse(child(stbl, b"stsd").ok_or(Mp4Error::Missing("stsd"))?)?;
    Ok((id, Track { clock_rate, kind }))
}

/// The track id of a `tkhd` (clause 8.3.2).
pub(super) fn track_id(tkhd: &[u8]) -> Result<u32, Mp4Error> {
    let mut fields = Fields::new(tkhd, "tkhd");
    let times = if fields.version()? == 1 { 16 } else { 8 };
    fields.skip(times)?;
    fields.u32()
}
