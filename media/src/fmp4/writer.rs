use bytes::Bytes;
use mp4_atom::{BufMut, Encode, Mfhd, Moof, Tfdt, Tfhd, Traf, Trun, TrunEntry, TrunSamples};

use super::Fmp4Error;
use super::durations::Sample;
use crate::ticks::clock_rate;
use crate::{AccessUnit, Stream};

/// Sample flags (ISO/IEC 14496-12 clause 8.8.3.1): depends on no other sample.
const FLAGS_SYNC: u32 = 0x0200_0000;
/// Sample flags: depends on others, is not a sync sample.
const FLAGS_NON_SYNC: u32 = 0x0101_0000;
/// Bytes of the header of an `mdat` box.
const MDAT_HEADER_BYTES: u64 = 8;

/// With pictures that are shown out of order, the first decode times of a stream lie before its zero, which `tfdt` cannot
/// say. The times of all tracks of such a stream are therefore written one second late.
const LEAD_IN_SECONDS: i64 = 1;

/// One `moof` and its `mdat` (ISO/IEC 14496-12 clause 8.8.4): first the boxes, then the units' own bytes, uncopied. Tracks
/// follow each other in the `mdat`, each in one run, its samples in the order of `samples`.
///
/// # Errors
/// When the bytes do not fit an `mdat` of 32-bit size.
pub(crate) fn write_fragment(
    stream: &Stream,
    sequence_number: u32,
    samples: &[Sample],
) -> Result<Vec<Bytes>, Fmp4Error> {
    let mut moof = Moof { mfhd: Mfhd { sequence_number }, traf: Vec::with_capacity(stream.tracks.len()) };
    let mut bodies = Vec::with_capacity(samples.len() + 1);
    bodies.push(Bytes::new()); // the place of the boxes
    let mut run_offsets = Vec::with_capacity(stream.tracks.len());
    let mut mdat_bytes = MDAT_HEADER_BYTES;
    for position in 0..u8::try_from(stream.tracks.len()).unwrap_or(u8::MAX) {
        let run: Vec<&Sample> = samples.iter().filter(|sample| sample.unit.unit.track == position).collect();
        let Some(first) = run.first() else { continue };
        run_offsets.push(mdat_bytes);
        moof.traf.push(traf(stream, position, &first.unit.unit, &run));
        for sample in run {
            mdat_bytes += sample.unit.unit.data.len() as u64;
            bodies.push(sample.unit.unit.data.clone());
        }
    }
    let too_large = || Fmp4Error::TooLarge { bytes: mdat_bytes };
    let mdat_size = u32::try_from(mdat_bytes).map_err(|_| too_large())?;
    // Offsets count from the start of the moof, whose length does not depend on their values: encode, measure, set, encode.
    let mut header = Vec::new();
    moof.encode(&mut header)?;
    let moof_bytes = header.len() as u64;
    for (traf, offset) in moof.traf.iter_mut().zip(run_offsets) {
        let offset = i32::try_from(moof_bytes + offset).map_err(|_| too_large())?;
        for run in &mut traf.trun {
            run.data_offset = Some(offset);
        }
    }
    header.clear();
    moof.encode(&mut header)?;
    mdat_size.encode(&mut header)?;
    header.append_slice(b"mdat");
    if let Some(place) = bodies.first_mut() {
        *place = header.into();
    }
    Ok(bodies)
}

fn traf(stream: &Stream, position: u8, first: &AccessUnit, run: &[&Sample]) -> Traf {
    let is_video = first.is_video();
    let reordered = run.iter().any(|sample| sample.unit.unit.pts != sample.unit.unit.dts);
    let entries: Vec<TrunEntry> = run
        .iter()
        .map(|sample| {
            let unit = &sample.unit.unit;
            TrunEntry {
                duration: Some(sample.duration),
                // Larger ones cannot be: the sum was or will be refused by `write_fragment`.
                size: Some(u32::try_from(unit.data.len()).unwrap_or(u32::MAX)),
                flags: is_video.then_some(if unit.keyframe { FLAGS_SYNC } else { FLAGS_NON_SYNC }),
                cts: reordered
                    .then(|| unit.pts.saturating_sub(unit.dts).clamp(i64::from(i32::MIN), i64::from(i32::MAX))),
            }
        })
        .collect();
    Traf {
        tfhd: Tfhd {
            track_id: u32::from(position) + 1,
            default_sample_flags: (!is_video).then_some(FLAGS_SYNC),
            default_base_is_moof: true,
            ..Default::default()
        },
        tfdt: Some(Tfdt { base_media_decode_time: decode_time(stream, first) }),
        trun: vec![Trun { data_offset: Some(0), samples: TrunSamples::Explicit(entries) }],
        ..Default::default()
    }
}

/// The decode time of `unit` as `tfdt` says it: never negative.
fn decode_time(stream: &Stream, unit: &AccessUnit) -> u64 {
    let reordered = stream.video().is_some_and(|(_, _, video)| video.reorder_depth > 0);
    let lead_in = if reordered { LEAD_IN_SECONDS * i64::from(clock_rate(stream, unit.track)) } else { 0 };
    u64::try_from(unit.dts.saturating_add(lead_in)).unwrap_or(0)
}
