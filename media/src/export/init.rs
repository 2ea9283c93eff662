use bytes::Bytes;

use crate::mp4_file::Mp4Error;
use crate::mp4_file::boxes::{Fields, child, children};

/// Most tracks read of an init segment: a camera has one of pictures and one or two of sound.
const INIT_TRACKS_MAX: usize = 8;
/// Where width and height end in a `tkhd` of version 0 and 1 (ISO/IEC 14496-12 clause 8.3.2): they are its last eight bytes.
const TKHD_SIZE_BYTES: usize = 8;

/// One track as an init segment describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InitTrack {
    /// What fragments call it.
    pub(super) id: u32,
    /// `vide` or `soun`.
    pub(super) handler: [u8; 4],
    /// Ticks per second of its times; never zero.
    pub(super) timescale: u32,
    /// Width and height as 16.16 fixed-point numbers.
    pub(super) size: [u32; 2],
    /// The type of its sample entry, such as `avc1`.
    pub(super) codec: [u8; 4],
    /// Its sample entry, header and all, as the recorder wrote it.
    pub(super) entry: Bytes,
    /// Sample flags that a `traf` may leave out (`trex`).
    pub(super) default_flags: u32,
}

/// The tracks of an init segment: what turns the numbers of its fragments into times and codecs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportInit {
    pub(super) tracks: Vec<InitTrack>,
}

impl ExportInit {
    /// Reads `ftyp` and `moov` as the recorder wrote them. Bytes are hostile all the same.
    ///
    /// # Errors
    /// When boxes are missing or impossible.
    pub fn parse(init: &[u8]) -> Result<Self, Mp4Error> {
        let moov = child(init, b"moov").ok_or(Mp4Error::Missing("moov"))?;
        let traks = children(moov).filter(|(kind, _)| kind == b"trak").map(|(_, trak)| trak);
        let mut tracks = traks.take(INIT_TRACKS_MAX).map(parse_trak).collect::<Result<Vec<_>, _>>()?;
        if tracks.is_empty() {
            return Err(Mp4Error::Missing("trak"));
        }
        let trexes = child(moov, b"mvex").into_iter().flat_map(children).filter(|(kind, _)| kind == b"trex");
        for (_, trex) in trexes {
            let mut fields = Fields::new(trex, "trex");
            fields.version()?;
            let id = fields.u32()?;
            fields.skip(12)?; // default sample description, duration and size: fragments say them
            let flags = fields.u32()?;
            tracks.iter_mut().filter(|track| track.id == id).for_each(|track| track.default_flags = flags);
        }
        Ok(Self { tracks })
    }
}

fn parse_trak(trak: &[u8]) -> Result<InitTrack, Mp4Error> {
    let tkhd = child(trak, b"tkhd").ok_or(Mp4Error::Missing("tkhd"))?;
    let mut fields = Fields::new(tkhd, "tkhd");
    let times = if fields.version()? == 1 { 16 } else { 8 };
    fields.skip(times)?;
    let id = fields.u32()?;
    let mut size_fields = Fields::new(tkhd, "tkhd");
    size_fields.skip(tkhd.len().saturating_sub(TKHD_SIZE_BYTES))?;
    let size = [size_fields.u32()?, size_fields.u32()?];
    let mdia = child(trak, b"mdia").ok_or(Mp4Error::Missing("mdia"))?;
    let mut mdhd = Fields::new(child(mdia, b"mdhd").ok_or(Mp4Error::Missing("mdhd"))?, "mdhd");
    let times = if mdhd.version()? == 1 { 16 } else { 8 };
    mdhd.skip(times)?;
    let timescale = match mdhd.u32()? {
        0 => return Err(Mp4Error::Invalid { structure: "mdhd", field: "timescale" }),
        timescale => timescale,
    };
    let hdlr = child(mdia, b"hdlr").ok_or(Mp4Error::Missing("hdlr"))?;
    let handler: [u8; 4] = hdlr.get(8..12).and_then(|kind| kind.try_into().ok()).ok_or(Mp4Error::Truncated("hdlr"))?;
    if handler != *b"vide" && handler != *b"soun" {
        return Err(Mp4Error::Invalid { structure: "hdlr", field: "handler" });
    }
    let stbl = child(mdia, b"minf").and_then(|minf| child(minf, b"stbl")).ok_or(Mp4Error::Missing("stbl"))?;
    let mut stsd = Fields::new(child(stbl, b"stsd").ok_or(Mp4Error::Missing("stsd"))?, "stsd");
    stsd.version()?;
    stsd.u32()?; // entry_count: one, as fragments name none
    let (codec, body) = children(stsd.rest()).next().ok_or(Mp4Error::Truncated("stsd"))?;
    let entry = Bytes::copy_from_slice(stsd.rest().get(..body.len() + 8).unwrap_or_default());
    Ok(InitTrack { id, handler, timescale, size, codec, entry, default_flags: 0 })
}
