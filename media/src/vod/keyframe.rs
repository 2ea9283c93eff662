use bytes::Bytes;
use mp4_atom::{Atom as _, BufMut as _, Decode as _, Encode as _, Moof, Traf, Trun, TrunEntry, TrunSamples};

use crate::mp4_file::Mp4Error;

/// Set in the flags of samples that need others (ISO/IEC 14496-12 clause 8.8.3.1).
const IS_NON_SYNC: u32 = 0x0001_0000;
/// Most samples walked through in search of a keyframe: more than any fragment of ours has.
const SAMPLES_MAX: usize = 4096;
/// Bytes of the header of an `mdat` box.
const MDAT_HEADER_BYTES: u32 = 8;

/// Makes, of a fragment (`moof` and `mdat`), one with the first keyframe of the video track `track_id` alone. It has the same
/// time on the timeline.
///
/// # Errors
/// When the bytes are no fragment, or it has no keyframe of that track.
pub fn keyframe(fragment: &[u8], track_id: u32) -> Result<Bytes, Mp4Error> {
    let invalid = |field| Mp4Error::Invalid { structure: "moof", field };
    let Located { moof, traf, found, data } = Located::of(fragment, track_id)?;
    let traf = moof.traf.get(traf).ok_or(Mp4Error::Missing("traf"))?;
    let alone = |data_offset| {
        let entry = TrunEntry {
            duration: Some(found.duration),
            size: Some(found.size),
            flags: Some(found.flags),
            cts: found.cts,
        };
        let mut tfdt = traf.tfdt.clone();
        if let Some(tfdt) = &mut tfdt {
            tfdt.base_media_decode_time = tfdt.base_media_decode_time.saturating_add(found.ticks_before);
        }
        let trun = Trun { data_offset: Some(data_offset), samples: TrunSamples::Explicit(vec![entry]) };
        let traf = Traf { tfhd: traf.tfhd.clone(), tfdt, trun: vec![trun], ..Default::default() };
        Moof { mfhd: moof.mfhd.clone(), traf: vec![traf] }
    };
    // The length of a moof does not depend on the offset within: encode, measure, set, encode.
    let mut out = Vec::with_capacity(data.len() + 256);
    let unencodable = |_| invalid("length");
    alone(0).encode(&mut out).map_err(unencodable)?;
    let offset = out.len() as u32 + MDAT_HEADER_BYTES;
    out.clear();
    alone(i32::try_from(offset).map_err(|_| invalid("length"))?).encode(&mut out).map_err(unencodable)?;
    let mdat = found.size.checked_add(MDAT_HEADER_BYTES).ok_or(invalid("sample size"))?;
    mdat.encode(&mut out).map_err(unencodable)?;
    out.append_slice(b"mdat");
    out.extend_from_slice(data);
    debug_assert_eq!(out.get(4..8), Some(&Moof::KIND.as_ref()[..]));
    Ok(out.into())
}

/// The first keyframe of the video track `track_id` in a fragment (`moof` and `mdat`): its access unit, as the file holds it.
///
/// # Errors
/// When the bytes are no fragment, or it has no keyframe of that track.
pub fn keyframe_data(fragment: &[u8], track_id: u32) -> Result<&[u8], Mp4Error> {
    Located::of(fragment, track_id).map(|located| located.data)
}

/// A keyframe with the bytes it has.
struct Located<'a> {
    moof: Moof,
    /// The position of its track's `traf`.
    traf: usize,
    found: Found,
    data: &'a [u8],
}

impl<'a> Located<'a> {
    fn of(fragment: &'a [u8], track_id: u32) -> Result<Self, Mp4Error> {
        let invalid = |field| Mp4Error::Invalid { structure: "moof", field };
        let mut rest = fragment;
        let moof = Moof::decode(&mut rest).map_err(|_| invalid("box"))?;
        let mut trafs = moof.traf.iter().enumerate();
        let (traf, run) = trafs.find(|(_, traf)| traf.tfhd.track_id == track_id).ok_or(Mp4Error::Missing("traf"))?;
        let found = find(run).ok_or(Mp4Error::Missing("keyframe"))?;
        let end = found.offset.checked_add(u64::from(found.size)).ok_or(invalid("sample size"))?;
        let place = |at: u64| usize::try_from(at).ok();
        let range = place(found.offset).zip(place(end)).ok_or(invalid("data offset"))?;
        // Offsets count from the start of the moof (default-base-is-moof), so a sample cannot lie within it.
        let moof_bytes = fragment.len() - rest.len();
        let data = fragment.get(range.0..range.1).filter(|_| range.0 >= moof_bytes).ok_or(invalid("data offset"))?;
        Ok(Self { moof, traf, found, data })
    }
}

/// A keyframe within a fragment.
struct Found {
    /// From the first byte of the `moof`.
    offset: u64,
    size: u32,
    duration: u32,
    flags: u32,
    cts: Option<i64>,
    /// From the fragment's decode time on.
    ticks_before: u64,
}

/// The first sample that needs no other.
fn find(traf: &Traf) -> Option<Found> {
    let defaults = &traf.tfhd;
    if defaults.base_data_offset.is_some() {
        return None;
    }
    let (mut walked, mut ticks_before) = (0, 0u64);
    for run in &traf.trun {
        let mut offset = u64::try_from(run.data_offset?).ok()?;
        for entry in &run.samples {
            walked += 1;
            if walked > SAMPLES_MAX {
                return None;
            }
            let size = entry.size.or(defaults.default_sample_size)?;
            let duration = entry.duration.or(defaults.default_sample_duration).unwrap_or(0);
            let flags = entry.flags.or(defaults.default_sample_flags).unwrap_or(0);
            if flags & IS_NON_SYNC == 0 {
                return Some(Found { offset, size, duration, flags, cts: entry.cts, ticks_before });
            }
            offset = offset.checked_add(u64::from(size))?;
            ticks_before = ticks_before.checked_add(u64::from(duration))?;
        }
    }
    None
}
