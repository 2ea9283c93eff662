use std::ops::Range;

use super::{ExportError, ExportInit};
use crate::FRAGMENT_UNITS_MAX;
use crate::mp4_file::Mp4Error;
use crate::mp4_file::boxes::{Fields, child, children};

/// Sample flags: is not a sync sample (ISO/IEC 14496-12 clause 8.8.3.1).
const NON_SYNC: u32 = 0x0001_0000;
/// Most bytes of a sample: a fragment has no more.
const SAMPLE_BYTES_MAX: u64 = 1 << 28;

/// One sample of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RunSample {
    pub(super) size: u32,
    pub(super) duration: u32,
    /// From its decoding to its showing, in ticks.
    pub(super) composition: i32,
    pub(super) sync: bool,
}

/// Samples of one track that follow each other in the fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// Its track, by position in the init segment.
    pub(super) track: usize,
    /// When its first sample is decoded, in ticks.
    pub(super) decode_time: u64,
    /// Where its first sample lies, from the start of the fragment.
    pub(super) offset: u32,
    pub(super) samples: Vec<RunSample>,
}

impl Run {
    /// Ticks from the first sample's decoding to the end of the last.
    pub(super) fn duration(&self) -> u64 {
        self.samples.iter().map(|sample| u64::from(sample.duration)).sum()
    }

    fn bytes(&self) -> u64 {
        self.samples.iter().map(|sample| u64::from(sample.size)).sum()
    }
}

/// What the `moof` of a fragment tells: where its samples lie, and their times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FragmentTables {
    /// Where the body of its `mdat` lies, from the start of the fragment.
    pub(super) body: Range<u32>,
    pub(super) runs: Vec<Run>,
}

impl FragmentTables {
    /// Reads the `moof` that `start`, the first bytes of a fragment of `length` bytes, begins with, and the header of the
    /// `mdat` after it (ISO/IEC 14496-12 clause 8.8.4). Offsets must count from the `moof`, as in whatever the recorder wrote.
    /// Every sample named lies within the `mdat`.
    ///
    /// # Errors
    /// When `start` does not hold both, or they say what cannot be.
    pub fn parse(init: &ExportInit, start: &[u8], length: u32) -> Result<Self, ExportError> {
        let (kind, moof) = children(start).next().ok_or(Mp4Error::Truncated("moof"))?;
        if &kind != b"moof" {
            return Err(Mp4Error::Missing("moof").into());
        }
        let moof_bytes = moof.len() + 8;
        let mut mdat = Fields::new(start.get(moof_bytes..).unwrap_or_default(), "mdat");
        let size = mdat.u32()?;
        if mdat.array::<4>()? != *b"mdat" {
            return Err(Mp4Error::Missing("mdat").into());
        }
        // `start` holds the header, so that the sum is far from overflow.
        let body_at = moof_bytes as u64 + 8;
        if moof_bytes as u64 + u64::from(size) != u64::from(length) || body_at > u64::from(length) {
            return Err(Mp4Error::Invalid { structure: "mdat", field: "size" }.into());
        }
        let body = body_at as u32..length;
        let mut runs = Vec::new();
        let mut room = FRAGMENT_UNITS_MAX;
        for (_, traf) in children(moof).filter(|(kind, _)| kind == b"traf") {
            parse_traf(init, traf, &body, &mut room, &mut runs)?;
        }
        Ok(Self { body, runs })
    }
}

/// Reads a track fragment: `tfhd`, `tfdt` and its `trun`s (clauses 8.8.7, 8.8.12 and 8.8.8).
fn parse_traf(
    init: &ExportInit,
    traf: &[u8],
    body: &Range<u32>,
    room: &mut usize,
    runs: &mut Vec<Run>,
) -> Result<(), ExportError> {
    let mut tfhd = Fields::new(child(traf, b"tfhd").ok_or(Mp4Error::Missing("tfhd"))?, "tfhd");
    let flags = tfhd.u32()? & 0x00ff_ffff;
    let id = tfhd.u32()?;
    let position = init.tracks.iter().position(|track| track.id == id);
    let unknown = Mp4Error::Invalid { structure: "tfhd", field: "track id" };
    let (position, track) = position.zip(position.and_then(|at| init.tracks.get(at))).ok_or(unknown)?;
    if flags & 0x1 != 0 {
        return Err(Mp4Error::Invalid { structure: "tfhd", field: "base data offset" }.into());
    }
    if flags & 0x2 != 0 {
        tfhd.u32()?; // sample description: there is one
    }
    let mut default = |flag: u32| if flags & flag != 0 { tfhd.u32().map(Some) } else { Ok(None) };
    let (duration, size, sample_flags) = (default(0x8)?, default(0x10)?, default(0x20)?);
    let sample_flags = sample_flags.unwrap_or(track.default_flags);
    let mut tfdt = Fields::new(child(traf, b"tfdt").ok_or(Mp4Error::Missing("tfdt"))?, "tfdt");
    let mut decode_time = if tfdt.version()? == 1 { tfdt.u64()? } else { u64::from(tfdt.u32()?) };
    if decode_time > i64::MAX as u64 / 2 {
        return Err(Mp4Error::Invalid { structure: "tfdt", field: "decode time" }.into());
    }
    for (_, trun) in children(traf).filter(|(kind, _)| kind == b"trun") {
        let mut fields = Fields::new(trun, "trun");
        let flags = fields.u32()? & 0x00ff_ffff;
        let count = usize::try_from(fields.u32()?).unwrap_or(usize::MAX);
        // Samples may take no byte of the table, so the count is believed no further than the recorder goes.
        *room = room.checked_sub(count).ok_or(Mp4Error::Invalid { structure: "trun", field: "sample count" })?;
        if flags & 0x1 == 0 {
            return Err(Mp4Error::Invalid { structure: "trun", field: "data offset" }.into());
        }
        let offset = fields.u32()?; // signed; what is negative lies outside
        let first_flags = if flags & 0x4 != 0 { Some(fields.u32()?) } else { None };
        let mut samples = Vec::with_capacity(count);
        for index in 0..count {
            let mut field = |flag: u32| if flags & flag != 0 { fields.u32().map(Some) } else { Ok(None) };
            let (own_duration, own_size, own_flags) = (field(0x100)?, field(0x200)?, field(0x400)?);
            let composition = field(0x800)?.unwrap_or(0).cast_signed();
            let flags = own_flags.or(first_flags.filter(|_| index == 0)).unwrap_or(sample_flags);
            samples.push(RunSample {
                size: own_size.or(size).unwrap_or(0),
                duration: own_duration.or(duration).unwrap_or(0),
                composition,
                sync: flags & NON_SYNC == 0,
            });
        }
        let run = Run { track: position, decode_time, offset, samples };
        let end = u64::from(offset) + run.bytes();
        if offset < body.start || end > u64::from(body.end) || run.bytes() > SAMPLE_BYTES_MAX {
            return Err(Mp4Error::Invalid { structure: "trun", field: "data offset" }.into());
        }
        decode_time += run.duration();
        if !run.samples.is_empty() {
            runs.push(run);
        }
    }
    Ok(())
}
