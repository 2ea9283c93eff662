use eyrie_types::WallTime;

use super::InitFacts;
use super::placed::{id_after_flags, placed};
use crate::mp4_file::boxes::child;

const US_PER_S: i128 = 1_000_000;
/// Bytes of version and flags, which every full box begins with.
const FULL_BOX_BYTES: usize = 4;

/// Moves a fragment (`moof` and `mdat`) on the timeline to where wall time has it: what its first track decodes first is decoded
/// at `start`, the fragment's wall time, counted from 1970; its other tracks move along with it.
///
/// Recorded, the times of each file count from the beginning of its stream, so that those of a camera begin anew whenever it
/// connects. Players may be told so (`EXT-X-DISCONTINUITY`), but not all of them listen: ffmpeg 5.1 throws away what it takes
/// for the past. Moved, they never go back as long as wall time does not, and none depends on which playlist names the fragment,
/// so that an address always answers the same bytes. Two fragments that adjoin do so to the tick of a track, but for what wall
/// time was slewed by in between (at most [`crate::timeline::SLEW_PPM_MAX`]).
///
/// No byte moves. Bytes that are no boxes, and tracks that `init` does not know, are left alone.
pub fn move_to_wall_time(fragment: &mut [u8], init: &InitFacts, start: WallTime) {
    let times = decode_times(fragment, init);
    let Some(first) = times.first().copied() else { return };
    for time in &times {
        let to = time.moved(&first, start).to_be_bytes();
        if let Some(place) = fragment.get_mut(time.at..time.at + to.len()) {
            place.copy_from_slice(&to);
        }
    }
}

/// When a track of a fragment is decoded first (`tfdt`, ISO/IEC 14496-12 clause 8.8.12).
#[derive(Debug, Clone, Copy)]
struct DecodeTime {
    /// Where its 64 bits stand.
    at: usize,
    ticks: u64,
    /// Ticks per second; not zero.
    rate: i128,
}

impl DecodeTime {
    /// Its ticks once `first` is at `start`. Nothing is decoded before 1970.
    fn moved(&self, first: &Self, start: WallTime) -> u64 {
        // start − first, in ticks of this track, as a fraction: rounded once, so that tracks do not drift apart.
        let denominator = US_PER_S * first.rate;
        let start_us = i128::from(start.as_unix_us());
        let numerator = (start_us * first.rate - i128::from(first.ticks) * US_PER_S).saturating_mul(self.rate);
        let shift = (numerator + denominator / 2).div_euclid(denominator);
        u64::try_from((i128::from(self.ticks) + shift).max(0)).unwrap_or(u64::MAX)
    }
}

/// The decode times of a fragment's tracks, in their order. Ours have 64 bits (version 1); others cannot say a wall time.
fn decode_times(fragment: &[u8], init: &InitFacts) -> Vec<DecodeTime> {
    let Some((_, _, moof)) = placed(fragment, 0..fragment.len()).find(|(kind, _, _)| kind == b"moof") else {
        return Vec::new();
    };
    let trafs = placed(fragment, moof).filter(|(kind, _, _)| kind == b"traf");
    trafs
        .filter_map(|(_, _, traf)| {
            let boxes = fragment.get(traf.clone())?;
            let rate = init.clock_rate(id_after_flags(child(boxes, b"tfhd")?)?).filter(|rate| *rate > 0)?;
            let (_, _, tfdt) = placed(fragment, traf).find(|(kind, _, _)| kind == b"tfdt")?;
            let body = fragment.get(tfdt.clone())?;
            let ticks = body.get(FULL_BOX_BYTES..)?.first_chunk::<8>().filter(|_| body.first() == Some(&1))?;
            let at = tfdt.start + FULL_BOX_BYTES;
            Some(DecodeTime { at, ticks: u64::from_be_bytes(*ticks), rate: i128::from(rate) })
        })
        .collect()
}
