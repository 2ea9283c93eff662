//! Between ticks of a track and microseconds, without overflow and without drift: always from the stream's beginning.

use crate::{AccessUnit, Stream};

/// Ticks per second of `track`; 1 for a track that does not exist, so that nothing divides by zero.
pub(crate) fn clock_rate(stream: &Stream, track: u8) -> u32 {
    stream.tracks.get(usize::from(track)).map_or(1, |track| track.clock_rate.max(1))
}

/// `ticks` at `rate` per second, in microseconds, rounded down.
pub(crate) fn to_us(ticks: i64, rate: u32) -> i64 {
    let us = (i128::from(ticks) * 1_000_000).div_euclid(i128::from(rate.max(1)));
    us.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

/// When `unit` is decoded, in microseconds since its stream began.
pub(crate) fn dts_us(unit: &AccessUnit) -> i64 {
    to_us(unit.dts, clock_rate(&unit.stream, unit.track))
}
