use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::media_playlist::MediaPlaylist;
use super::multivariant::{self, Variant};
use super::ordinal::{DISCONTINUITY_SHIFT, ORDINAL_SHIFT};
use super::part_builder::PartBuilder;
use super::part_target::PartTarget;
use super::segment::{Segment, SegmentState};
use super::window::{GAP_SEGMENTS_MAX, WINDOW_BYTES_CEILING, Window};
use super::{LiveAnswer, LiveBody, LiveRequest, Position, Reload, Rendition, bandwidth};
use crate::fmp4::{Fmp4Error, Purpose, init_segment, leading_track};
use crate::ticks::dts_us;
use crate::{LIVE_SEGMENT_MAX, RingUnit};

/// So much of a stream is looked at before its parts are cut, in microseconds: its frame interval decides the part target. Before
/// the first whole segment nothing can be given anyway, so the first one is looked at to its end.
const WARM_UP_US: i64 = 1_000_000;

/// ... or so many units.
const WARM_UP_UNITS_MAX: usize = 512;

/// A segment lasts at most so long in `EXTINF`: rounded, it must not exceed the target duration (RFC 8216 section 4.3.3.1).
const SEGMENT_US_MAX: u64 = LIVE_SEGMENT_MAX.as_micros() as u64 + 499_999;

/// Packages one live placement for HLS: keeps a bounded window of segments and answers requests from it. It has no clock and
/// never waits. Give it the units of one ring in their order, from the start of a live segment on.
#[derive(Debug)]
pub struct LivePackager {
    rendition: Rendition,
    /// What media sequence numbers count from.
    base: u64,
    /// What discontinuity sequence numbers count from.
    discontinuity_base: u64,
    window: Window,
    inits: BTreeMap<u64, Bytes>,
    builder: Option<PartBuilder>,
    /// The first units of a stream whose part target is not decided yet.
    warm_up: Vec<Arc<RingUnit>>,
    sequence_number: u32,
    peak_bits_per_second: u64,
    dropped_units: u64,
    /// Rises with every change of what is offered.
    changes: u64,
    /// The playlist as last rendered: whole, and as a delta update. Many players ask for the same one.
    rendered: [OnceLock<Bytes>; 2],
}

impl LivePackager {
    /// A packager of the placement `rendition`, which is the `ordinal`-th live placement of its camera.
    pub fn new(rendition: Rendition, ordinal: u64) -> Self {
        Self {
            rendition,
            base: ordinal << ORDINAL_SHIFT,
            discontinuity_base: ordinal << DISCONTINUITY_SHIFT,
            window: Window::default(),
            inits: BTreeMap::new(),
            builder: None,
            warm_up: Vec::new(),
            sequence_number: 0,
            peak_bits_per_second: 0,
            dropped_units: 0,
            changes: 0,
            rendered: [OnceLock::new(), OnceLock::new()],
        }
    }

    /// Takes the next unit. True when there is something new to ask for: whoever waits should ask again.
    ///
    /// # Errors
    /// When a part cannot be written as boxes, or the stream has no track HLS knows. What was packaged before stays.
    pub fn push(&mut self, unit: Arc<RingUnit>) -> Result<bool, Fmp4Error> {
        if !Purpose::Hls.carries_position(&unit.unit.stream, unit.unit.track) {
            return Ok(false);
        }
        let before = self.changes;
        let sequence = unit.unit.stream.sequence;
        if self.builder.as_ref().is_some_and(|builder| builder.stream.sequence == sequence) {
            self.admit(unit)?;
            return Ok(self.moved(before));
        }
        if self.builder.is_some() {
            self.close_segment(None)?;
            self.builder = None;
        }
        if self.warm_up.first().is_some_and(|first| first.unit.stream.sequence != sequence) {
            self.warm_up.clear();
        }
        let starts = unit.starts_live_segment && (unit.unit.keyframe || unit.unit.stream.video().is_none());
        if self.warm_up.is_empty() && !starts {
            return Ok(self.moved(before));
        }
        self.warm_up.push(unit);
        if let Some(target) = self.warmed_up() {
            self.begin_stream(target)?;
        }
        Ok(self.moved(before))
    }

    /// Says that units of the ring were skipped: what comes next does not follow what came before.
    ///
    /// # Errors
    /// When the part under construction cannot be written as boxes.
    pub fn gap(&mut self) -> Result<bool, Fmp4Error> {
        let before = self.changes;
        self.warm_up.clear();
        if let (Some(builder), Some(open)) = (&mut self.builder, self.window.open_mut())
            && let Some(part) = builder.take(None, &mut self.sequence_number)?
        {
            open.duration_us += part.duration_us;
            open.parts.push(part);
            self.changes += 1;
        }
        Ok(self.moved(before))
    }

    /// The newest part there is.
    pub fn position(&self) -> Option<Position> {
        let newest = self.window.listed().iter().rev().find(|segment| !segment.parts.is_empty())?;
        Some(Position { msn: newest.msn, part: u32::try_from(newest.parts.len() - 1).unwrap_or(u32::MAX) })
    }

    /// Bytes of media held, for a metric.
    pub fn window_bytes(&self) -> u64 {
        self.window.bytes()
    }

    /// Units dropped because a limit was reached, for a metric.
    pub fn dropped_units(&self) -> u64 {
        self.dropped_units
    }

    /// Answers a request from what is there.
    pub fn answer(&self, request: &LiveRequest) -> LiveAnswer {
        match *request {
            LiveRequest::Multivariant => match self.multivariant() {
                Some(text) => LiveAnswer::Ready(LiveBody::playlist(text.into())),
                None => LiveAnswer::NotYet,
            },
            LiveRequest::Media(reload) => self.media_playlist(reload),
            LiveRequest::Init { stream_sequence } => match self.inits.get(&stream_sequence) {
                Some(init) => LiveAnswer::Ready(LiveBody::media(vec![init.clone()])),
                None => LiveAnswer::NotFound,
            },
            LiveRequest::Segment { msn } => self.segment(msn),
            LiveRequest::Part { msn, part } => self.part(msn, part),
        }
    }

    fn moved(&mut self, before: u64) -> bool {
        let moved = self.changes != before;
        if moved {
            self.rendered = [OnceLock::new(), OnceLock::new()];
        }
        moved
    }

    fn warmed_up(&self) -> Option<PartTarget> {
        let (first, last) = (self.warm_up.first()?, self.warm_up.last()?);
        let long = dts_us(&last.unit).saturating_sub(dts_us(&first.unit)) >= WARM_UP_US;
        let enough = long && self.has_whole_segment()
            || last.live_segment != first.live_segment
            || self.warm_up.len() >= WARM_UP_UNITS_MAX;
        enough.then(|| {
            let leads = leading_track(&first.unit.stream, Purpose::Hls);
            PartTarget::measured(&self.warm_up, leads, PartBuilder::usual_us(&first.unit))
        })
    }

    fn begin_stream(&mut self, target: PartTarget) -> Result<(), Fmp4Error> {
        let units = std::mem::take(&mut self.warm_up);
        let Some(stream) = units.first().map(|first| first.unit.stream.clone()) else { return Ok(()) };
        self.inits.insert(stream.sequence, init_segment(&stream, Purpose::Hls)?);
        self.builder = Some(PartBuilder::new(stream, target));
        units.into_iter().try_for_each(|unit| self.admit(unit))
    }

    /// Puts a unit of the builder's stream into its segment.
    fn admit(&mut self, unit: Arc<RingUnit>) -> Result<(), Fmp4Error> {
        let msn = self.base + unit.live_segment;
        if self.window.open().is_none_or(|open| open.msn != msn) {
            self.close_segment(Some(&unit))?;
            self.open_segment(msn, &unit);
        }
        let (Some(builder), Some(open)) = (&mut self.builder, self.window.open_mut()) else { return Ok(()) };
        if open.bytes() > WINDOW_BYTES_CEILING {
            self.dropped_units += 1;
            return Ok(());
        }
        let listed = open.parts.len();
        if !builder.push(unit, &mut self.sequence_number, &mut open.parts)? {
            self.dropped_units += 1;
        }
        self.changes += (open.parts.len() - listed) as u64;
        open.duration_us += open.parts.iter().skip(listed).map(|part| part.duration_us).sum::<u64>();
        Ok(())
    }

    fn open_segment(&mut self, msn: u64, first: &RingUnit) {
        let Some(builder) = &self.builder else { return };
        if let Some(last) = self.window.listed().back() {
            let missing = msn.saturating_sub(last.msn).checked_sub(1);
            let discontinuities = builder.stream.sequence.saturating_sub(last.stream.sequence);
            match missing {
                Some(missing) if missing.max(discontinuities) <= GAP_SEGMENTS_MAX => {
                    let after = last.start.offset_us(i64::try_from(last.duration_us).unwrap_or(0));
                    let each_us =
                        first.unit.wall.signed_us_since(after).max(0) / i64::try_from(missing.max(1)).unwrap_or(1);
                    let each_us = each_us.clamp(1, LIVE_SEGMENT_MAX.as_micros() as i64);
                    for number in 0..missing {
                        self.window.push(Segment {
                            msn: msn - missing + number,
                            stream: builder.stream.clone(),
                            start: after.offset_us(each_us * i64::try_from(number).unwrap_or(0)),
                            start_us: 0,
                            state: SegmentState::Missing,
                            parts: Vec::new(),
                            duration_us: each_us.unsigned_abs(),
                            part_target_us: builder.target.target_us,
                        });
                    }
                }
                _ => self.window.clear(),
            }
        }
        self.window.push(Segment {
            msn,
            stream: builder.stream.clone(),
            start: first.unit.wall,
            start_us: dts_us(&first.unit),
            state: SegmentState::Open,
            parts: Vec::new(),
            duration_us: 0,
            part_target_us: builder.target.target_us,
        });
    }

    /// Completes the open segment; `next` is the unit after it.
    fn close_segment(&mut self, next: Option<&Arc<RingUnit>>) -> Result<(), Fmp4Error> {
        let (Some(builder), Some(open)) = (&mut self.builder, self.window.open_mut()) else { return Ok(()) };
        self.changes += 1;
        let next = next.map(|next| &next.unit).filter(|next| next.stream.sequence == open.stream.sequence);
        let part = builder.take(next, &mut self.sequence_number);
        open.state = SegmentState::Complete;
        if let Some(part) = part? {
            open.duration_us += part.duration_us;
            open.parts.push(part);
        }
        if let Some(next) = next {
            // With the holes in it, so that the durations of a playlist add up to its length.
            let span_us = dts_us(next).saturating_sub(open.start_us);
            open.duration_us = open.duration_us.max(u64::try_from(span_us).unwrap_or(0));
        }
        open.duration_us = open.duration_us.clamp(1, SEGMENT_US_MAX);
        self.window.trim();
        let window = &self.window;
        self.inits.retain(|sequence, _| window.needs_stream(*sequence));
        let measured = bandwidth::peak(&self.measured_segments(), LIVE_SEGMENT_MAX.as_micros() as u64);
        self.peak_bits_per_second = self.peak_bits_per_second.max(measured);
        Ok(())
    }

    /// (bytes, microseconds) of each whole segment.
    fn measured_segments(&self) -> Vec<(u64, u64)> {
        let complete = self.window.listed().iter().filter(|segment| segment.state == SegmentState::Complete);
        complete.map(|segment| (segment.bytes(), segment.duration_us)).collect()
    }

    fn has_whole_segment(&self) -> bool {
        self.window.listed().iter().any(|segment| segment.state == SegmentState::Complete)
    }

    fn multivariant(&self) -> Option<String> {
        let newest = self.window.listed().back()?;
        if !self.has_whole_segment() {
            return None;
        }
        let average_bandwidth = bandwidth::average(&self.measured_segments());
        Some(multivariant::render(&Variant {
            stream: &newest.stream,
            bandwidth: self.peak_bits_per_second.max(average_bandwidth),
            average_bandwidth,
            interval_us: self.builder.as_ref().map_or(0, |builder| builder.target.interval_us),
        }))
    }

    fn media_playlist(&self, reload: Reload) -> LiveAnswer {
        if !self.has_whole_segment() {
            return LiveAnswer::NotYet;
        }
        if let Some(msn) = reload.msn {
            match self.readiness(msn, reload.part) {
                Readiness::Ready => {}
                Readiness::NotYet => return LiveAnswer::NotYet,
                Readiness::TooFarAhead => return LiveAnswer::TooFarAhead,
            }
        }
        let [whole, delta] = &self.rendered;
        // Who asks on from another placement's numbers has nothing of what a delta update leaves out.
        let skip = reload.skip && reload.msn.is_none_or(|msn| msn >= self.base);
        let rendered = if skip { delta } else { whole };
        let text = rendered.get_or_init(|| {
            let part_target_us = self.window.listed().back().map_or(0, |segment| segment.part_target_us);
            let playlist = MediaPlaylist {
                rendition: self.rendition,
                segments: self.window.listed(),
                base: self.base,
                discontinuity_base: self.discontinuity_base,
                part_target_us,
                skip,
            };
            playlist.render().into()
        });
        LiveAnswer::Ready(LiveBody::playlist(text.clone()))
    }

    /// Whether a playlist may be given to one who asks for `msn`, and a part of it (rfc8216bis section 6.2.5.2).
    fn readiness(&self, msn: u64, part: Option<u32>) -> Readiness {
        let Some(last) = self.window.listed().back() else { return Readiness::NotYet };
        if msn > last.msn + 2 {
            return Readiness::TooFarAhead;
        }
        let wanted = usize::try_from(part.unwrap_or(0)).unwrap_or(usize::MAX);
        match self.window.listed().iter().find(|segment| segment.msn == msn) {
            // Older than the window: the playlist has long got past it.
            None if msn < last.msn => Readiness::Ready,
            None => Readiness::not_yet_unless_past(wanted, self.advance_parts(last)),
            Some(segment) if segment.state != SegmentState::Open => match part {
                // A part past the end of its segment stands for the first one of the next.
                Some(_) if wanted >= segment.parts.len() && segment.state == SegmentState::Complete => {
                    match self.window.listed().iter().find(|next| next.msn == msn + 1) {
                        Some(next) if !next.parts.is_empty() || next.state != SegmentState::Open => Readiness::Ready,
                        _ => Readiness::NotYet,
                    }
                }
                _ => Readiness::Ready,
            },
            Some(open) => match part {
                None => Readiness::NotYet,
                Some(_) if wanted < open.parts.len() => Readiness::Ready,
                Some(_) => Readiness::not_yet_unless_past(wanted, open.parts.len() + self.advance_parts(open)),
            },
        }
    }

    /// The advance part limit: three seconds of parts, at least three (rfc8216bis section 6.2.5.2).
    fn advance_parts(&self, segment: &Segment) -> usize {
        let parts = 3_000_000u64.div_ceil(segment.part_target_us.max(1)).max(3);
        usize::try_from(parts).unwrap_or(usize::MAX)
    }

    fn segment(&self, msn: u64) -> LiveAnswer {
        match self.window.find(msn) {
            Some(segment) if segment.state == SegmentState::Complete => {
                LiveAnswer::Ready(LiveBody::media(segment.chunks()))
            }
            Some(segment) if segment.state == SegmentState::Open => LiveAnswer::NotYet,
            _ => LiveAnswer::NotFound,
        }
    }

    fn part(&self, msn: u64, part: u32) -> LiveAnswer {
        let index = usize::try_from(part).unwrap_or(usize::MAX);
        let Some(segment) = self.window.find(msn) else { return LiveAnswer::NotFound };
        match segment.parts.get(index) {
            Some(part) => LiveAnswer::Ready(LiveBody::media(part.chunks.clone())),
            // The part that `EXT-X-PRELOAD-HINT` names.
            None if segment.state == SegmentState::Open && index == segment.parts.len() => LiveAnswer::NotYet,
            None => LiveAnswer::NotFound,
        }
    }
}

/// What a blocking reload meets.
enum Readiness {
    Ready,
    NotYet,
    TooFarAhead,
}

impl Readiness {
    fn not_yet_unless_past(part: usize, limit: usize) -> Self {
        if part > limit { Self::TooFarAhead } else { Self::NotYet }
    }
}
