use std::sync::Arc;

use super::part_target::PartTarget;
use super::segment::Part;
use crate::fmp4::{Durations, Fmp4Error, Purpose, Sample, covered_us, hole_us, leading_track, write_fragment};
use crate::ticks::{clock_rate, dts_us, to_us};
use crate::{AccessUnit, RingUnit, Stream};

/// A part holds no more units than this: sound that comes while pictures are missing is dropped beyond it, and counted.
pub(super) const PART_UNITS_MAX: usize = 512;

/// Collects the units of one stream and cuts them into parts of whole frames, none longer than the part target. A part ends
/// when the next frame is there, since only that tells how long the last one lasts.
#[derive(Debug)]
pub(super) struct PartBuilder {
    pub(super) stream: Arc<Stream>,
    pub(super) target: PartTarget,
    units: Vec<Arc<RingUnit>>,
    leads: u8,
    durations: Durations,
}

impl PartBuilder {
    pub(super) fn new(stream: Arc<Stream>, target: PartTarget) -> Self {
        let leads = leading_track(&stream, Purpose::Hls);
        Self { stream, target, units: Vec::new(), leads, durations: Durations::default() }
    }

    /// Takes the next unit of the segment; parts that it ends go to `parts`. False when it had to be dropped.
    pub(super) fn push(
        &mut self,
        unit: Arc<RingUnit>,
        sequence_number: &mut u32,
        parts: &mut Vec<Part>,
    ) -> Result<bool, Fmp4Error> {
        if unit.unit.track == self.leads {
            self.cut_before(&unit.unit, sequence_number, parts)?;
        } else if self.units.len() >= PART_UNITS_MAX {
            return Ok(false);
        }
        self.units.push(unit);
        Ok(true)
    }

    /// Cuts what is due now that `next`, of the track that leads, is there.
    fn cut_before(
        &mut self,
        next: &AccessUnit,
        sequence_number: &mut u32,
        parts: &mut Vec<Part>,
    ) -> Result<(), Fmp4Error> {
        if self.span_us(next) > self.target_us()
            && let Some(last) = self.units.iter().rposition(|unit| unit.unit.track == self.leads)
            && last > 0
            && self.frames() > 1
        {
            // The last frame turned out too long for this part.
            let rest = self.units.split_off(last);
            let late = rest.first().map(|unit| unit.unit.clone());
            parts.extend(self.take(late.as_ref(), sequence_number)?);
            self.units = rest;
        }
        let usual_us = i64::try_from(self.target.interval_us).unwrap_or(i64::MAX);
        let full = self.frames() >= self.target.frames || self.units.len() >= PART_UNITS_MAX;
        if full || self.span_us(next).saturating_add(usual_us) > self.target_us() {
            parts.extend(self.take(Some(next), sequence_number)?);
        }
        Ok(())
    }

    /// Everything collected as one part, if there is anything. `next` tells how long its last unit lasts.
    pub(super) fn take(
        &mut self,
        next: Option<&AccessUnit>,
        sequence_number: &mut u32,
    ) -> Result<Option<Part>, Fmp4Error> {
        let units = std::mem::take(&mut self.units);
        if units.is_empty() {
            return Ok(None);
        }
        let next = next.filter(|next| next.stream.sequence == self.stream.sequence);
        let mut samples = self.durations.measure(&self.stream, &units, next, hole_us);
        let rate = clock_rate(&self.stream, self.leads);
        let target_ticks = u64::from(rate) * self.target.target_us / 1_000_000;
        let target_ticks = u32::try_from(target_ticks).unwrap_or(u32::MAX);
        let leads = self.leads;
        let mut has_frame = false;
        for sample in samples.iter_mut().filter(|sample| sample.unit.unit.track == leads) {
            // Only a frame alone in its part can be longer; pictures missing after it stay a hole in the timeline.
            sample.duration = sample.duration.min(target_ticks);
            has_frame |= sample.unit.unit.keyframe || !sample.unit.unit.is_video();
        }
        *sequence_number = sequence_number.wrapping_add(1);
        let chunks = write_fragment(&self.stream, *sequence_number, &samples)?;
        let leading = samples.iter().filter(|sample: &&Sample| sample.unit.unit.track == leads);
        let duration_us = u64::from(covered_us(leading)).min(self.target.target_us);
        let bytes = chunks.iter().map(|chunk| chunk.len() as u64).sum();
        Ok(Some(Part { chunks, bytes, duration_us, independent: has_frame }))
    }

    fn target_us(&self) -> i64 {
        i64::try_from(self.target.target_us).unwrap_or(i64::MAX)
    }

    fn frames(&self) -> usize {
        self.units.iter().filter(|unit| unit.unit.track == self.leads).count()
    }

    /// From the first frame collected to `next`; 0 without one.
    fn span_us(&self, next: &AccessUnit) -> i64 {
        let first = self.units.iter().find(|unit| unit.unit.track == self.leads);
        first.map_or(0, |first| dts_us(next).saturating_sub(dts_us(&first.unit)))
    }

    /// What a unit of the leading track usually lasts, in microseconds.
    pub(super) fn usual_us(unit: &AccessUnit) -> u64 {
        let usual = Durations::default().usual(unit);
        to_us(i64::from(usual), clock_rate(&unit.stream, unit.track)).unsigned_abs()
    }
}
