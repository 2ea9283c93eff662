use std::sync::Arc;

use crate::ticks::{clock_rate, to_us};
use crate::{AccessUnit, AudioCodec, RingUnit, Stream, TrackKind};

/// Video without a second unit to measure by is taken to have 25 pictures a second, until the next unit tells.
const VIDEO_FRAMES_PER_SECOND_ASSUMED: u32 = 25;

/// Samples in a frame of AAC (ISO/IEC 14496-3 clause 4.5.2.1); the rare frames of 960 are measured all the same.
const AAC_FRAME_SAMPLES: u32 = 1024;

/// One unit with the time it lasts, in ticks of its track.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) unit: Arc<RingUnit>,
    pub(crate) duration: u32,
}

/// Gives units their durations: the time to the next unit of the track where that is known, else the last one measured.
#[derive(Debug, Default)]
pub(crate) struct Durations {
    /// The last duration measured, by track; for one stream at a time.
    last: Vec<Option<u32>>,
    /// By track, an interval that looked like a hole. Met twice in a row, it is how slow the track is.
    doubted: Vec<Option<u32>>,
    stream_sequence: Option<u64>,
}

impl Durations {
    /// The durations of `units` in their order. `next` is the unit after them, if it continues their stream; only its own
    /// track learns from it. `hole_us` says, from the usual duration in ticks, what is too long to be one: a hole in time
    /// stays a hole.
    pub(crate) fn measure(
        &mut self,
        stream: &Stream,
        units: &[Arc<RingUnit>],
        next: Option<&AccessUnit>,
        hole_us: impl Fn(&AccessUnit, u32) -> i64,
    ) -> Vec<Sample> {
        if self.stream_sequence != Some(stream.sequence) {
            self.stream_sequence = Some(stream.sequence);
            self.last = vec![None; stream.tracks.len()];
            self.doubted = vec![None; stream.tracks.len()];
        }
        let mut samples: Vec<Sample> = Vec::with_capacity(units.len());
        // By track, the sample whose end is not known yet.
        let mut open: Vec<Option<usize>> = vec![None; stream.tracks.len()];
        for unit in units.iter().map(|unit| &unit.unit).chain(next) {
            let track = usize::from(unit.track);
            if let Some(sample) = open.get(track).copied().flatten().and_then(|i| samples.get_mut(i)) {
                self.close(sample, unit.dts, &hole_us);
            }
            if let Some(ring_unit) = units.get(samples.len()) {
                if let Some(open) = open.get_mut(track) {
                    *open = Some(samples.len());
                }
                samples.push(Sample { unit: ring_unit.clone(), duration: self.usual(unit) });
            }
        }
        // What no unit ended lasts as long as the latest of its track did.
        let ended_by_next = next.map(|next| usize::from(next.track));
        for (track, open) in open.into_iter().enumerate() {
            if Some(track) != ended_by_next
                && let Some(sample) = open.and_then(|i| samples.get_mut(i))
            {
                sample.duration = self.usual(&sample.unit.unit);
            }
        }
        samples
    }

    fn close(&mut self, sample: &mut Sample, next_dts: i64, hole_us: &impl Fn(&AccessUnit, u32) -> i64) {
        let unit = &sample.unit.unit;
        let usual = self.usual(unit);
        let measured = next_dts.saturating_sub(unit.dts);
        let too_long = to_us(measured, clock_rate(&unit.stream, unit.track)) > hole_us(unit, usual);
        let measured = u32::try_from(measured.max(0)).unwrap_or(u32::MAX);
        let track = usize::from(unit.track);
        let doubted = self.doubted.get_mut(track).and_then(Option::take);
        if too_long && !doubted.is_some_and(|before| alike(before, measured)) {
            sample.duration = usual;
            if let Some(slot) = self.doubted.get_mut(track) {
                *slot = Some(measured);
            }
            return;
        }
        sample.duration = measured;
        if let Some(last) = self.last.get_mut(track)
            && measured > 0
        {
            *last = Some(measured);
        }
    }

    /// How long units of the track of `unit` usually are, in its ticks; never zero.
    pub(crate) fn usual(&self, unit: &AccessUnit) -> u32 {
        let same_stream = self.stream_sequence == Some(unit.stream.sequence);
        let last = self.last.get(usize::from(unit.track)).copied().flatten().filter(|_| same_stream);
        last.unwrap_or_else(|| nominal(unit)).max(1)
    }
}

/// Whether two intervals are the same but for jitter.
fn alike(a: u32, b: u32) -> bool {
    a.abs_diff(b) <= a.min(b) / 2
}

/// What a unit lasts by its codec alone.
fn nominal(unit: &AccessUnit) -> u32 {
    let Some(track) = unit.stream.tracks.get(usize::from(unit.track)) else { return 1 };
    match &track.kind {
        TrackKind::Video(_) => track.clock_rate / VIDEO_FRAMES_PER_SECOND_ASSUMED,
        TrackKind::Audio(audio) => {
            let samples = match audio.codec {
                AudioCodec::Aac => u64::from(AAC_FRAME_SAMPLES),
                // One byte a sample and channel (ITU-T G.711).
                AudioCodec::G711A | AudioCodec::G711U => unit.data.len() as u64 / u64::from(audio.channels.max(1)),
            };
            let ticks = samples * u64::from(track.clock_rate) / u64::from(audio.sample_rate.max(1));
            u32::try_from(ticks).unwrap_or(u32::MAX)
        }
    }
}
