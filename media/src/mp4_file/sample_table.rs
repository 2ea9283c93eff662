use super::boxes::{Fields, child, word};
use super::file::{SAMPLE_BYTES_MAX, SAMPLES_MAX};
use super::{Mp4Error, Mp4Sample};

/// Most samples of a track whose samples are merged: nine hours at 8 kHz, a second or two of work.
const MERGED_SAMPLES_MAX: usize = 1 << 28;

/// The samples of a track in decoding order, from its `stbl` (ISO/IEC 14496-12 clause 8.5.1), and the decode time after the
/// last one. `position` is the track's among those kept.
pub(super) fn parse(
    stbl: &[u8],
    position: u8,
    file_len: u64,
    bounds: &Bounds,
) -> Result<(Vec<Mp4Sample>, i64), Mp4Error> {
    let required = |kind: &[u8; 4], name| child(stbl, kind).ok_or(Mp4Error::Missing(name));
    let sizes = Sizes::parse(required(b"stsz", "stsz")?)?;
    let too_many = || Mp4Error::TooMany { what: "samples", limit: SAMPLES_MAX as u64 };
    if sizes.count() > if bounds.merge > 0 { MERGED_SAMPLES_MAX } else { bounds.room } {
        return Err(too_many());
    }
    let mut durations = Runs::parse(required(b"stts", "stts")?, "stts")?;
    let mut compositions = child(stbl, b"ctts").map(|ctts| Runs::parse(ctts, "ctts")).transpose()?;
    let mut offsets = Offsets::parse(stbl)?;
    let sync = child(stbl, b"stss").map(SyncSamples::parse).transpose()?;
    // Grows as it is filled: a count alone, which `stsz` may give without a table, allocates nothing.
    let mut samples: Vec<Mp4Sample> = Vec::new();
    let mut dts = 0i64;
    for index in 0..sizes.count() {
        let size = sizes.get(index);
        let offset = offsets.next(size)?;
        if size > SAMPLE_BYTES_MAX {
            return Err(Mp4Error::Invalid { structure: "stsz", field: "sample size" });
        }
        if offset.checked_add(u64::from(size)).is_none_or(|end| end > file_len) {
            return Err(Mp4Error::Invalid { structure: "stco", field: "chunk offset" });
        }
        // Version 0 is unsigned, yet writers put negative values there too; no real offset needs the 32nd bit.
        let composition = compositions.as_mut().map_or(Ok(0), Runs::next)?.cast_signed();
        let pts = dts + i64::from(composition);
        let sync = sync.as_ref().is_none_or(|sync| sync.contains(index));
        if let Some(last) = samples.last_mut().filter(|last| bounds.merges(last, offset, dts)) {
            last.size = last.size.saturating_add(size);
        } else if samples.len() < bounds.room {
            samples.push(Mp4Sample { track: position, offset, size, dts, pts, sync });
        } else {
            return Err(too_many());
        }
        // At most 2³¹ durations of 32 bits each: no overflow.
        dts += i64::from(durations.next()?);
    }
    Ok((samples, dts))
}

/// What the samples of a track are held to.
pub(super) struct Bounds {
    /// How many there may be.
    pub(super) room: usize,
    /// Samples that adjoin in the file are one, up to so many ticks; 0 keeps them apart.
    pub(super) merge: u32,
}

impl Bounds {
    fn merges(&self, last: &Mp4Sample, offset: u64, dts: i64) -> bool {
        let room = last.size < SAMPLE_BYTES_MAX / 2;
        room && dts.saturating_sub(last.dts) < i64::from(self.merge) && last.range().end == offset
    }
}

/// Sizes of samples (clause 8.7.3.2).
enum Sizes<'a> {
    Each(&'a [[u8; 4]]),
    Same { size: u32, count: usize },
}

impl Sizes<'_> {
    fn parse(stsz: &[u8]) -> Result<Sizes<'_>, Mp4Error> {
        let mut fields = Fields::new(stsz, "stsz");
        fields.version()?;
        Ok(match fields.u32()? {
            0 => Sizes::Each(fields.table::<4>()?),
            size => Sizes::Same { size, count: usize::try_from(fields.u32()?).unwrap_or(usize::MAX) },
        })
    }

    fn count(&self) -> usize {
        match self {
            Self::Each(sizes) => sizes.len(),
            Self::Same { count, .. } => *count,
        }
    }

    fn get(&self, index: usize) -> u32 {
        match self {
            Self::Each(sizes) => sizes.get(index).map_or(0, |entry| word(entry, 0)),
            Self::Same { size, .. } => *size,
        }
    }
}

/// Runs of equal values: durations (clause 8.6.1.2) and composition offsets (clause 8.6.1.3).
struct Runs<'a> {
    entries: std::slice::Iter<'a, [u8; 8]>,
    left: u32,
    value: u32,
    of: &'static str,
}

impl<'a> Runs<'a> {
    fn parse(data: &'a [u8], of: &'static str) -> Result<Self, Mp4Error> {
        let mut fields = Fields::new(data, of);
        fields.version()?;
        Ok(Self { entries: fields.table::<8>()?.iter(), left: 0, value: 0, of })
    }

    fn next(&mut self) -> Result<u32, Mp4Error> {
        while self.left == 0 {
            let entry = self.entries.next().ok_or(Mp4Error::Truncated(self.of))?;
            (self.left, self.value) = (word(entry, 0), word(entry, 1));
        }
        self.left -= 1;
        Ok(self.value)
    }
}

/// Where samples lie: chunks, and how many samples each has (clauses 8.7.4 and 8.7.5).
struct Offsets<'a> {
    chunks: Chunks<'a>,
    runs: &'a [[u8; 12]],
    /// The number of the next chunk, from 1.
    chunk: u32,
    left: u32,
    at: u64,
}

enum Chunks<'a> {
    Short(std::slice::Iter<'a, [u8; 4]>),
    Long(std::slice::Iter<'a, [u8; 8]>),
}

impl<'a> Offsets<'a> {
    fn parse(stbl: &'a [u8]) -> Result<Self, Mp4Error> {
        let mut fields = Fields::new(child(stbl, b"stsc").ok_or(Mp4Error::Missing("stsc"))?, "stsc");
        fields.version()?;
        let runs = fields.table::<12>()?;
        let chunks = match (child(stbl, b"stco"), child(stbl, b"co64")) {
            (Some(stco), _) => {
                let mut fields = Fields::new(stco, "stco");
                fields.version()?;
                Chunks::Short(fields.table::<4>()?.iter())
            }
            (None, Some(co64)) => {
                let mut fields = Fields::new(co64, "co64");
                fields.version()?;
                Chunks::Long(fields.table::<8>()?.iter())
            }
            (None, None) => return Err(Mp4Error::Missing("stco")),
        };
        Ok(Self { chunks, runs, chunk: 1, left: 0, at: 0 })
    }

    /// The offset of the next sample, which has `size` bytes.
    fn next(&mut self, size: u32) -> Result<u64, Mp4Error> {
        while self.left == 0 {
            let offset = match &mut self.chunks {
                Chunks::Short(offsets) => offsets.next().map(|entry| u64::from(word(entry, 0))),
                Chunks::Long(offsets) => offsets.next().map(|entry| u64::from_be_bytes(*entry)),
            };
            self.at = offset.ok_or(Mp4Error::Truncated("stco"))?;
            while let [_, next, ..] = self.runs
                && word(next, 0) <= self.chunk
            {
                self.runs = self.runs.get(1..).unwrap_or_default();
            }
            self.left = self.runs.first().map_or(0, |run| word(run, 1));
            self.chunk = self.chunk.saturating_add(1);
        }
        self.left -= 1;
        let offset = self.at;
        self.at = self.at.saturating_add(u64::from(size));
        Ok(offset)
    }
}

/// The sync samples (clause 8.6.2), numbered from 1 in rising order.
struct SyncSamples<'a>(&'a [[u8; 4]]);

impl<'a> SyncSamples<'a> {
    fn parse(stss: &'a [u8]) -> Result<Self, Mp4Error> {
        let mut fields = Fields::new(stss, "stss");
        fields.version()?;
        fields.table::<4>().map(Self)
    }

    fn contains(&self, index: usize) -> bool {
        u32::try_from(index + 1).is_ok_and(|number| self.0.binary_search_by_key(&number, |e| word(e, 0)).is_ok())
    }
}
