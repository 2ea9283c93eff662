use std::sync::Arc;

use bytes::Bytes;

use super::budget::Charge;
use crate::AccessUnit;

/// An access unit as the ring hands it out. Its bytes are charged to the camera and the node until the last clone of
/// `unit.data` is dropped, wherever that is.
#[derive(Debug)]
pub struct RingUnit {
    /// The unit itself.
    pub unit: AccessUnit,
    /// Its number in the ring: rises by one from unit to unit, on through discontinuities and restarts of the ingest.
    pub seq: u64,
    /// The live segment it belongs to, counted from 0 over the life of the ring.
    pub live_segment: u64,
    /// It is the first unit of that live segment.
    pub starts_live_segment: bool,
}

/// What a unit costs beyond its bytes: itself with its counts, its place in the ring and the owner of its bytes.
const UNIT_OVERHEAD_BYTES: u64 =
    (size_of::<RingUnit>() + 2 * size_of::<usize>() + size_of::<Arc<RingUnit>>() + size_of::<ChargedBytes>() + 32)
        as u64;

/// When `unit` is decoded, in microseconds since its stream began; 0 for a track its stream does not have.
pub(super) fn decode_time_us(unit: &AccessUnit) -> i64 {
    let rate = unit.stream.tracks.get(usize::from(unit.track)).map_or(0, |track| track.clock_rate);
    if rate == 0 {
        return 0;
    }
    let us = i128::from(unit.dts) * 1_000_000 / i128::from(rate);
    us.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

/// What `unit` is charged, in bytes.
pub(super) fn cost_bytes(unit: &AccessUnit) -> u64 {
    unit.data.len() as u64 + UNIT_OVERHEAD_BYTES
}

/// The bytes of a unit together with their charge. [`Bytes::from_owner`] drops it with the last clone. Its one allocation
/// stands in for the one that [`Bytes`] made of a `Vec` would need at its first clone.
struct ChargedBytes {
    data: Bytes,
    _charge: Charge,
}

impl AsRef<[u8]> for ChargedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

/// `data` without a copy, carrying `charge`.
pub(super) fn charged(data: Bytes, charge: Charge) -> Bytes {
    Bytes::from_owner(ChargedBytes { data, _charge: charge })
}
