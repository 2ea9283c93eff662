use std::sync::Arc;
use std::time::Duration;

use super::durations::{Durations, Sample};
use super::{Fmp4Error, Fragment, Purpose, write_fragment};
use crate::codec::vcl_hash;
use crate::ticks::{clock_rate, dts_us, to_us};
use crate::{AccessUnit, RingUnit, Stream};

/// A fragment ends at the next keyframe, and no later than this: what a crash may cost.
pub const FRAGMENT_DURATION_MAX: Duration = Duration::from_secs(1);

/// A fragment ends before it outgrows this, whatever its duration: 1 s at 128 Mbit/s, and far below what 32-bit sizes hold.
pub const FRAGMENT_BYTES_MAX: u64 = 16 << 20;

/// A fragment has no more units than this, so that timestamps standing still cannot grow it: over 1 s at 240 pictures and
/// several audio tracks.
pub const FRAGMENT_UNITS_MAX: usize = 2048;

/// Absence of access units for longer than this and than two frame intervals is a gap.
const HOLE: Duration = Duration::from_millis(500);

/// Sound may run this far ahead of the pictures it arrives with (encoders of cameras delay pictures) before the pictures
/// count as missing.
const SOUND_LEAD_MAX: Duration = Duration::from_secs(2);

/// Turns the units of a ring into recording fragments. A fragment ends at the next video keyframe, after 1 s of media, at a
/// change of stream, where units are missing and at [`FRAGMENT_BYTES_MAX`]; so it covers no hole. Every unit given to it is
/// in exactly one fragment, and fragments hold units in the order of the ring.
#[derive(Debug, Default)]
pub struct Fragmenter {
    units: Vec<Arc<RingUnit>>,
    bytes: u64,
    durations: Durations,
    sequence_number: u32,
    /// The stream of the last fragment that was ended.
    previous_stream: Option<u64>,
    /// Units lost right before the fragment under construction.
    holes: u64,
    /// Ticks from decoding to showing at the stream's first keyframe seen: what reordering delays every picture by.
    delay: Option<(u64, i64)>,
}

impl Fragmenter {
    /// One that has seen nothing: its first fragment is no discontinuity.
    pub fn new() -> Self {
        Self::default()
    }

    /// One that goes on after a fragment of the stream with this sequence: what comes of another is a discontinuity.
    pub fn resuming(stream_sequence: u64) -> Self {
        Self { previous_stream: Some(stream_sequence), ..Self::default() }
    }

    /// Takes the next unit of the ring. Where that ends a fragment, it is returned; the unit begins the next one.
    ///
    /// # Errors
    /// When the ended fragment cannot be written as boxes. It is lost then; the given unit is not.
    pub fn push(&mut self, unit: Arc<RingUnit>) -> Result<Option<Fragment>, Fmp4Error> {
        if !Purpose::Record.carries_position(&unit.unit.stream, unit.unit.track) {
            return Ok(None);
        }
        let ended = match self.end_before(&unit.unit) {
            true => self.end(Some(&unit.unit)),
            false => Ok(None),
        };
        self.bytes += unit.unit.data.len() as u64;
        self.units.push(unit);
        ended
    }

    /// Says that `units` access units were lost to the recorder (`Read::Skipped`). Ends the fragment under construction.
    ///
    /// # Errors
    /// When the ended fragment cannot be written as boxes.
    pub fn gap(&mut self, units: u64) -> Result<Option<Fragment>, Fmp4Error> {
        let ended = self.end(None);
        self.holes = self.holes.saturating_add(units);
        ended
    }

    /// Ends the fragment under construction, if there is one: at the end of a segment file or of the recording.
    ///
    /// # Errors
    /// When it cannot be written as boxes.
    pub fn flush(&mut self) -> Result<Option<Fragment>, Fmp4Error> {
        self.end(None)
    }

    /// Whether the fragment under construction ends before `unit`.
    fn end_before(&self, unit: &AccessUnit) -> bool {
        let Some(first) = self.units.first().map(|first| &first.unit) else { return false };
        if first.stream.sequence != unit.stream.sequence {
            return true;
        }
        let leads = leading_track(&first.stream, Purpose::Record);
        let newest = self.units.iter().rev().map(|unit| &unit.unit).find(|known| known.track == leads);
        let oldest = self.units.iter().map(|unit| &unit.unit).find(|known| known.track == leads);
        let full = self.bytes + unit.data.len() as u64 > FRAGMENT_BYTES_MAX || self.units.len() >= FRAGMENT_UNITS_MAX;
        let ends = match (oldest, newest) {
            (Some(oldest), Some(newest)) if unit.track == leads => {
                let silence_us = dts_us(unit).saturating_sub(dts_us(newest));
                silence_us > hole_us(newest, self.durations.usual(newest))
                    || (unit.is_video() && unit.keyframe)
                    || longer(oldest, unit, FRAGMENT_DURATION_MAX)
            }
            (Some(_), Some(newest)) => longer(newest, unit, SOUND_LEAD_MAX),
            // Sound alone in a stream that has video.
            _ => unit.track != leads && longer(first, unit, FRAGMENT_DURATION_MAX),
        };
        ends || full
    }

    fn end(&mut self, next: Option<&AccessUnit>) -> Result<Option<Fragment>, Fmp4Error> {
        let units = std::mem::take(&mut self.units);
        self.bytes = 0;
        let (Some(first), Some(last)) = (units.first(), units.last()) else { return Ok(None) };
        let (first_seq, last_seq) = (first.seq, last.seq);
        let stream = first.unit.stream.clone();
        let discontinuity = self.previous_stream.is_some_and(|previous| previous != stream.sequence);
        let next = next.filter(|next| next.stream.sequence == stream.sequence);
        let samples = self.durations.measure(&stream, &units, next, hole_us);
        let holes = std::mem::take(&mut self.holes);
        self.previous_stream = Some(stream.sequence);
        self.sequence_number = self.sequence_number.wrapping_add(1);
        let chunks = write_fragment(&stream, self.sequence_number, &samples)?;
        let leads = leading_track(&stream, Purpose::Record);
        let leading = || samples.iter().filter(|sample| sample.unit.unit.track == leads);
        let opening = leading().next().map_or(&first.unit, |sample| &sample.unit.unit);
        let keyframe = leading().map(|sample| &sample.unit.unit).find(|unit| unit.is_video() && unit.keyframe);
        Ok(Some(Fragment {
            chunks,
            start: opening.wall.offset_us(-self.reordering_us(opening)),
            duration_us: covered_us(leading()),
            starts_gop: opening.track == leads && (opening.keyframe || !opening.is_video()),
            discontinuity,
            keyframe_hash: keyframe
                .zip(stream.video())
                .map_or([0; 16], |(unit, (_, _, video))| vcl_hash(&unit.data, video.codec)),
            first_seq,
            last_seq,
            holes,
            stream,
        }))
    }

    /// By how much more (or less) than the stream's usual delay `unit` is shown after it is decoded.
    fn reordering_us(&mut self, unit: &AccessUnit) -> i64 {
        let delay = unit.pts.saturating_sub(unit.dts);
        let usual = match self.delay {
            Some((sequence, usual)) if sequence == unit.stream.sequence => usual,
            _ => {
                self.delay = Some((unit.stream.sequence, delay));
                delay
            }
        };
        to_us(delay.saturating_sub(usual), clock_rate(&unit.stream, unit.track))
    }
}

/// Absence of units for longer than this, in microseconds, is a hole, where units of the track usually last `usual` ticks.
pub(crate) fn hole_us(unit: &AccessUnit, usual: u32) -> i64 {
    let two_units = to_us(i64::from(usual) * 2, clock_rate(&unit.stream, unit.track));
    two_units.max(HOLE.as_micros() as i64)
}

/// The track whose clock decides: video where there is any, else the first that is written.
pub(crate) fn leading_track(stream: &Stream, purpose: Purpose) -> u8 {
    let position = stream.tracks.iter().position(|track| purpose.carries(track));
    stream.video().map(|(position, ..)| position).or(position).and_then(|p| u8::try_from(p).ok()).unwrap_or(0)
}

/// Whether `to` is decoded at least `limit` after `from`.
fn longer(from: &AccessUnit, to: &AccessUnit, limit: Duration) -> bool {
    dts_us(to).saturating_sub(dts_us(from)) >= limit.as_micros() as i64
}

/// From the first decode time to the end of the last sample.
pub(crate) fn covered_us<'a>(mut samples: impl DoubleEndedIterator<Item = &'a Sample>) -> u32 {
    let Some(first) = samples.next() else { return 0 };
    let last = samples.next_back().unwrap_or(first);
    let rate = clock_rate(&first.unit.unit.stream, first.unit.unit.track);
    let end = last.unit.unit.dts.saturating_add(i64::from(last.duration));
    let us = to_us(end, rate).saturating_sub(to_us(first.unit.unit.dts, rate));
    u32::try_from(us.max(0)).unwrap_or(u32::MAX)
}
