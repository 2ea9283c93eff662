//! Reads the MP4 files ffmpeg writes for us (ISO/IEC 14496-12): sample tables only, no fragments, edit lists ignored.

use std::ops::Range;

use mp4_atom::{Codec, DecodeMaybe, Header, Moov, Stbl, StszSamples, Trak};

/// One sample of a track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sample {
    /// Where its bytes lie in the file.
    pub(super) bytes: Range<usize>,
    /// Composition offset (`ctts`), in ticks of the track.
    pub(super) offset: i64,
    /// Decoding can start here.
    pub(super) sync: bool,
}

/// The codec parameters of the pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ParameterSets {
    /// VPS (H.265 only), SPS and PPS, in the order in which they are to be sent.
    pub(super) nals: Vec<Vec<u8>>,
}

/// A movie file's tracks.
#[derive(Debug)]
pub(super) struct Movie {
    pub(super) parameter_sets: ParameterSets,
    pub(super) video: Vec<Sample>,
    /// The AudioSpecificConfig (ISO/IEC 14496-3 clause 1.6.2.1) and the frames.
    pub(super) aac: Option<(Vec<u8>, Vec<Sample>)>,
}

impl Movie {
    /// Reads the tables of `file`; every sample's range lies within it.
    pub(super) fn parse(file: &[u8]) -> Result<Self, String> {
        let moov = find_moov(file)?;
        let (mut parameter_sets, mut video, mut aac) = (None, Vec::new(), None);
        for trak in &moov.trak {
            let stbl = &trak.mdia.minf.stbl;
            match stbl.stsd.codecs.first() {
                Some(Codec::Avc1(avc1)) => {
                    let avcc = &avc1.avcc;
                    let nals =
                        avcc.sequence_parameter_sets.iter().chain(&avcc.picture_parameter_sets).cloned().collect();
                    parameter_sets = Some(ParameterSets { nals });
                    video = samples(trak, file.len())?;
                }
                Some(Codec::Hvc1(hvc1)) => {
                    let arrays = hvc1.hvcc.arrays.iter().filter(|array| (32..=34).contains(&array.nal_unit_type));
                    let nals = arrays.flat_map(|array| array.nalus.iter().cloned()).collect();
                    parameter_sets = Some(ParameterSets { nals });
                    video = samples(trak, file.len())?;
                }
                Some(Codec::Mp4a(mp4a)) => {
                    let config = mp4a.esds.es_desc.dec_config.dec_specific.as_ref().map(|info| info.raw.clone());
                    aac = Some((config.ok_or("AAC without a configuration")?, samples(trak, file.len())?));
                }
                _ => return Err("a track of an unknown codec".to_owned()),
            }
        }
        let parameter_sets = parameter_sets.ok_or("no pictures")?;
        if parameter_sets.nals.is_empty() || parameter_sets.nals.iter().any(|nal| nal.len() < 4) {
            return Err("no usable parameter sets".to_owned());
        }
        Ok(Self { parameter_sets, video, aac })
    }
}

fn find_moov(file: &[u8]) -> Result<Moov, String> {
    let mut rest = file;
    while let Some(header) = Header::decode_maybe(&mut rest).map_err(|e| e.to_string())? {
        let size = header.size.unwrap_or(rest.len());
        let body = rest.get(..size).ok_or("a box reaches beyond the file's end")?;
        if header.kind == <Moov as mp4_atom::Atom>::KIND {
            return <Moov as mp4_atom::Atom>::decode_body(&mut &*body).map_err(|e| e.to_string());
        }
        rest = &rest[size..];
    }
    Err("no moov box".to_owned())
}

/// Resolves chunk, size, composition and sync tables into a list of samples.
fn samples(trak: &Trak, file_bytes: usize) -> Result<Vec<Sample>, String> {
    let stbl = &trak.mdia.minf.stbl;
    let sizes: Vec<usize> = match &stbl.stsz.samples {
        StszSamples::Different { sizes } => sizes.iter().map(|size| *size as usize).collect(),
        StszSamples::Identical { count, size } if (*count as usize) <= file_bytes => {
            vec![*size as usize; *count as usize]
        }
        StszSamples::Identical { .. } => return Err("more samples than bytes".to_owned()),
    };
    let mut offsets = stbl
        .ctts
        .iter()
        .flat_map(|ctts| &ctts.entries)
        .flat_map(|run| std::iter::repeat_n(run.sample_offset, run.sample_count as usize));
    let chunks = chunk_offsets(stbl);
    let mut samples = Vec::with_capacity(sizes.len());
    let mut sizes = sizes.into_iter();
    for (index, chunk) in chunks.iter().enumerate() {
        let runs = stbl.stsc.entries.iter().take_while(|run| run.first_chunk as usize <= index + 1);
        let count = runs.last().ok_or("a chunk of unknown length")?.samples_per_chunk as usize;
        let mut at = usize::try_from(*chunk).map_err(|_| "an offset beyond memory")?;
        for size in sizes.by_ref().take(count) {
            let end = at.checked_add(size).filter(|end| *end <= file_bytes).ok_or("a sample beyond the file's end")?;
            let number = u32::try_from(samples.len() + 1).map_err(|_| "too many samples")?;
            let sync = stbl.stss.as_ref().is_none_or(|stss| stss.entries.binary_search(&number).is_ok());
            samples.push(Sample { bytes: at..end, offset: offsets.next().unwrap_or(0), sync });
            at = end;
        }
    }
    if sizes.next().is_some() || samples.is_empty() { Err("samples without a chunk".to_owned()) } else { Ok(samples) }
}

fn chunk_offsets(stbl: &Stbl) -> Vec<u64> {
    match (&stbl.stco, &stbl.co64) {
        (Some(stco), _) => stco.entries.iter().map(|offset| u64::from(*offset)).collect(),
        (None, Some(co64)) => co64.entries.clone(),
        (None, None) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_no_movies_are_refused() {
        for bytes in
            [&b""[..], b"not a movie at all", b"\0\0\0\x08moov", b"\xff\xff\xff\xffmdat", b"\0\0\0\x10ftypisom\0\0\0\0"]
        {
            assert!(Movie::parse(bytes).is_err(), "{bytes:?}");
        }
    }
}
