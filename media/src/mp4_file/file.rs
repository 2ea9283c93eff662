use std::ops::Range;

use super::boxes::{Fields, child, children};
use super::sample_table::Bounds;
use super::{Mp4Error, sample_entry, sample_table};
use crate::ticks::to_us;
use crate::{Stream, Track, TrackKind};

/// The largest body of `moov` that is parsed: [`SAMPLES_MAX`] samples need less than half of it.
pub const MOOV_BYTES_MAX: u64 = 64 << 20;

/// Most samples of a file: nine hours of 30 pictures a second, or four with sound; 48 MiB when parsed.
pub const SAMPLES_MAX: usize = 1 << 20;

/// The largest sample: as much as the ring of a camera holds. Whoever reads one has it in memory.
pub const SAMPLE_BYTES_MAX: u32 = 16 << 20;

/// Files hold G.711 sample by sample; so many units of them make a second.
const G711_UNITS_PER_SECOND: u32 = 25;

/// One access unit of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mp4Sample {
    /// Its track, by position.
    pub track: u8,
    /// Where its bytes lie in the file.
    pub offset: u64,
    /// How many there are.
    pub size: u32,
    /// When it is decoded, in ticks of its track.
    pub dts: i64,
    /// When it is shown, in ticks of its track.
    pub pts: i64,
    /// Decoding can start here.
    pub sync: bool,
}

impl Mp4Sample {
    /// The bytes of the file it takes.
    pub fn range(&self) -> Range<u64> {
        // `parse` saw that it ends within the file.
        self.offset..self.offset.saturating_add(u64::from(self.size))
    }
}

/// A plain MP4 file: at most one video track and one of sound, and their samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mp4File {
    /// Its tracks, video first.
    pub tracks: Vec<Track>,
    /// The samples of all tracks in the order of their decode times. Nothing is shown before zero.
    pub samples: Vec<Mp4Sample>,
    /// From zero to the end of the longest track, in microseconds: where a loop begins anew.
    pub duration_us: i64,
}

/// A track while it is parsed.
struct ParsedTrack {
    track: Track,
    samples: Vec<Mp4Sample>,
    /// The end of what is shown last, in ticks.
    end: i64,
}

impl ParsedTrack {
    fn delay(&mut self, ticks: i64) {
        for sample in &mut self.samples {
            sample.dts = sample.dts.saturating_add(ticks);
            sample.pts = sample.pts.saturating_add(ticks);
        }
        self.end = self.end.saturating_add(ticks);
    }
}

impl Mp4File {
    /// Reads the body of a `moov` box (ISO/IEC 14496-12 clause 8.2.1) of a file of `file_len` bytes. The first video and the
    /// first audio track of codecs that are carried are kept; others are passed over. The first edit of a track shifts its
    /// times (clause 8.6.6); further edits are not followed.
    ///
    /// # Errors
    /// When the file is damaged, larger than a limit, fragmented, or has no track that is carried.
    pub fn parse(moov: &[u8], file_len: u64) -> Result<Self, Mp4Error> {
        if moov.len() as u64 > MOOV_BYTES_MAX {
            return Err(Mp4Error::TooMany { what: "bytes of moov", limit: MOOV_BYTES_MAX });
        }
        let movie_timescale = child(moov, b"mvhd").map(timescale_of).transpose()?.unwrap_or(1);
        let traks = || children(moov).filter(|(kind, _)| kind == b"trak").map(|(_, trak)| trak);
        let mut kept: Vec<ParsedTrack> = Vec::new();
        let mut refused = Mp4Error::Unsupported("a file without video or sound");
        for handler in [b"vide", b"soun"] {
            for trak in traks().filter(|trak| handler_of(trak) == Some(*handler)) {
                let position = u8::from(!kept.is_empty());
                let room = SAMPLES_MAX - kept.iter().map(|track| track.samples.len()).sum::<usize>();
                match parse_track(trak, position, movie_timescale, file_len, room) {
                    Ok(track) => {
                        kept.push(track);
                        break;
                    }
                    Err(error @ (Mp4Error::Unsupported(_) | Mp4Error::Codec(_))) => refused = error,
                    Err(error) => return Err(error),
                }
            }
        }
        if kept.is_empty() {
            return Err(refused);
        }
        if kept.iter().all(|track| track.samples.is_empty()) {
            return Err(Mp4Error::Unsupported("a file without samples in its moov"));
        }
        start_at_zero(&mut kept);
        let end_us = kept.iter().map(|track| to_us(track.end, track.track.clock_rate)).max().unwrap_or(0);
        let mut samples: Vec<Mp4Sample> = kept.iter().flat_map(|track| track.samples.iter().copied()).collect();
        let tracks: Vec<Track> = kept.into_iter().map(|track| track.track).collect();
        let rate = |sample: &Mp4Sample| tracks.get(usize::from(sample.track)).map_or(1, |track| track.clock_rate);
        samples.sort_by_key(|sample| to_us(sample.dts, rate(sample)));
        Ok(Self { tracks, samples, duration_us: end_us.max(0) })
    }

    /// The stream its access units belong to, with the sequence that the source's ring asks for.
    pub fn stream(&self, sequence: u64) -> Stream {
        Stream { sequence, tracks: self.tracks.clone() }
    }
}

fn handler_of(trak: &[u8]) -> Option<[u8; 4]> {
    let hdlr = child(child(trak, b"mdia")?, b"hdlr")?;
    hdlr.get(8..12)?.try_into().ok()
}

/// The timescale of an `mvhd` or `mdhd` (clauses 8.2.2 and 8.4.2).
fn timescale_of(header: &[u8]) -> Result<u32, Mp4Error> {
    let mut fields = Fields::new(header, "mvhd or mdhd");
    let times = if fields.version()? == 1 { 16 } else { 8 };
    fields.skip(times)?;
    match fields.u32()? {
        0 => Err(Mp4Error::Invalid { structure: "mvhd or mdhd", field: "timescale" }),
        timescale => Ok(timescale),
    }
}

fn parse_track(
    trak: &[u8],
    position: u8,
    movie_timescale: u32,
    file_len: u64,
    room: usize,
) -> Result<ParsedTrack, Mp4Error> {
    let mdia = child(trak, b"mdia").ok_or(Mp4Error::Missing("mdia"))?;
    let clock_rate = timescale_of(child(mdia, b"mdhd").ok_or(Mp4Error::Missing("mdhd"))?)?;
    let stbl = child(mdia, b"minf").and_then(|minf| child(minf, b"stbl")).ok_or(Mp4Error::Missing("stbl"))?;
    let mut kind = sample_entry::parse(child(stbl, b"stsd").ok_or(Mp4Error::Missing("stsd"))?)?;
    let merge = match &kind {
        TrackKind::Audio(audio) if audio.decoder_config.is_empty() => clock_rate / G711_UNITS_PER_SECOND,
        _ => 0,
    };
    let (samples, decode_end) = sample_table::parse(stbl, position, file_len, &Bounds { room, merge })?;
    let reordered = samples.iter().any(|sample| sample.pts != sample.dts);
    if let TrackKind::Video(video) = &mut kind
        && reordered
    {
        // Some encoders leave the depth out of their parameter sets; the sample table knows better.
        video.reorder_depth = video.reorder_depth.max(1);
    }
    // What is shown last lasts as long as what is decoded last.
    let last_shown = samples.iter().map(|sample| sample.pts).max().unwrap_or(0);
    let last_duration = samples.last().map_or(0, |last| decode_end.saturating_sub(last.dts));
    let end = last_shown.saturating_add(last_duration);
    let mut parsed = ParsedTrack { track: Track { clock_rate, kind }, samples, end };
    parsed.delay(edit_delay(trak, movie_timescale, clock_rate)?);
    Ok(parsed)
}

/// By how many ticks the edit list delays a track: an empty edit delays it, the media time of the first real one advances it.
fn edit_delay(trak: &[u8], movie_timescale: u32, clock_rate: u32) -> Result<i64, Mp4Error> {
    let Some(elst) = child(trak, b"edts").and_then(|edts| child(edts, b"elst")) else { return Ok(0) };
    let mut fields = Fields::new(elst, "elst");
    let long = fields.version()? == 1;
    let count = fields.u32()?;
    let mut delay = 0i128;
    for _ in 0..count {
        let (duration, media_time) = if long {
            (fields.u64()?, fields.u64()?.cast_signed())
        } else {
            (u64::from(fields.u32()?), i64::from(fields.u32()?.cast_signed()))
        };
        fields.u32()?; // media rate
        if media_time >= 0 {
            delay -= i128::from(media_time);
            break;
        }
        delay += i128::from(duration) * i128::from(clock_rate) / i128::from(movie_timescale);
    }
    i64::try_from(delay).map_err(|_| Mp4Error::Invalid { structure: "elst", field: "segment duration" })
}

/// Moves all tracks by the same time, so that nothing is shown before zero: sound has lead-in frames (encoder priming) that
/// an edit list would hide.
fn start_at_zero(tracks: &mut [ParsedTrack]) {
    let times =
        tracks.iter().flat_map(|track| track.samples.iter().map(|sample| to_us(sample.pts, track.track.clock_rate)));
    let early_us = times.min().filter(|first| *first < 0).map_or(0, i64::unsigned_abs);
    for track in tracks {
        let ticks = u128::from(early_us) * u128::from(track.track.clock_rate);
        track.delay(i64::try_from(ticks.div_ceil(1_000_000)).unwrap_or(0));
    }
}
