use std::time::Duration;

use eyrie_types::{Monotonic, WallTime};

/// The most that wall time moves against media time, in millionths.
pub const SLEW_PPM_MAX: i64 = 500;

/// How far wall time may be off the machine's clock before the stream is cut at its next keyframe: less is slewed away,
/// more would take over half an hour.
pub const ANCHOR_DRIFT_MAX: Duration = Duration::from_secs(1);

/// How far it may be off before the stream is cut at once, unless it was the machine's clock that was set: then the source's times
/// are as good as before, and the next keyframe can be waited for without losing what comes before it.
pub const ANCHOR_JUMP_MAX: Duration = Duration::from_secs(5);

/// The least delay is looked for in this much of the past, up to twice as much: longer than the stalls that networks recover
/// from, short enough to follow a source whose clock drifts.
const ENVELOPE_WINDOW_US: i64 = 10_000_000;

/// One unit of a source as it arrives.
#[derive(Debug, Clone, Copy)]
pub struct SourceUnit {
    /// Which track, by position.
    pub track: u8,
    /// The source's timestamp in ticks of the track's clock, unwrapped ([`crate::RtpUnwrapper`]; retina has done it already).
    pub ticks: i64,
    /// When its last byte arrived.
    pub arrival: Monotonic,
    /// The machine's wall clock at that moment.
    pub now: WallTime,
    /// A video keyframe, or any unit of a stream without video: the stream can be cut here without loss.
    pub can_cut: bool,
}

/// The times of one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaTime {
    /// When it is shown, in ticks of its track's clock since the stream began.
    pub pts: i64,
    /// The wall time of `pts`.
    pub wall: WallTime,
}

/// The unit does not continue the stream: begin a new [`crate::Stream`] with a new [`TimelineAnchor`], and place it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Discontinuity {
    /// The source's clock jumped by about so much against arrival.
    #[error("the source's clock jumped by {0} us")]
    Jump(i64),
    /// The wall time of the stream is so far off the machine's clock that slewing would not mend it.
    #[error("the source's clock and the machine's have drifted {0} us apart")]
    Drift(i64),
    /// The track is not one of the stream's.
    #[error("the stream has no track {0}")]
    UnknownTrack(u8),
}

#[derive(Debug, Clone)]
struct TrackClock {
    rate: i64,
    /// The source's ticks at the stream's start.
    origin: Option<i64>,
    /// The latest media time, and its arrival.
    last: Option<(i64, i64)>,
    /// A sender report: ticks, and the sender's wall time in microseconds.
    report: Option<(i64, i64)>,
}

impl TrackClock {
    fn to_us(&self, ticks: i64) -> i64 {
        clamp(i128::from(ticks) * 1_000_000 / i128::from(self.rate))
    }

    fn to_ticks(&self, us: i64) -> i64 {
        clamp(i128::from(us) * i128::from(self.rate) / 1_000_000)
    }
}

fn clamp(value: i128) -> i64 {
    value.clamp(i128::from(i64::MIN / 4), i128::from(i64::MAX / 4)) as i64
}

/// The least of (arrival − media time) in the last window or two: what the delay is when nothing holds a unit up. Jitter and
/// bursts only ever make units late, so they leave it alone.
#[derive(Debug, Clone, Copy)]
struct Envelope {
    since_us: i64,
    now_us: i64,
    before_us: i64,
}

impl Envelope {
    fn observe(&mut self, arrival_us: i64, delay_us: i64) -> i64 {
        if arrival_us - self.since_us >= ENVELOPE_WINDOW_US {
            *self = Self { since_us: arrival_us, now_us: delay_us, before_us: self.now_us };
        }
        self.now_us = self.now_us.min(delay_us);
        self.now_us.min(self.before_us)
    }
}

#[derive(Debug, Clone, Copy)]
struct Anchor {
    envelope: Envelope,
    /// The wall time of media time 0, in microseconds since 1970.
    wall_us: i64,
    /// The highest media time so far: slew is measured along it.
    high_us: i64,
    /// The wall time of the monotonic clock's 0, before the machine's clock was set, if it was.
    machine_us: i64,
}

/// Places the units of one stream in time. All tracks share one anchor.
#[derive(Debug, Clone)]
pub struct TimelineAnchor {
    tracks: Vec<TrackClock>,
    anchor: Option<Anchor>,
}

impl TimelineAnchor {
    /// An anchor for tracks with these clock rates, in ticks per second. A rate of 0 counts as 1.
    pub fn new(clock_rates: impl IntoIterator<Item = u32>) -> Self {
        let track = |rate: u32| TrackClock { rate: i64::from(rate.max(1)), origin: None, last: None, report: None };
        Self { tracks: clock_rates.into_iter().map(track).collect(), anchor: None }
    }

    /// Notes an RTCP sender report (RFC 3550 section 6.4.1): `ticks` of `track` (unwrapped) and `ntp`, its 64-bit NTP
    /// timestamp, name one moment of the sender's. Tracks whose first units come later are aligned by it, instead of by arrival.
    pub fn sender_report(&mut self, track: u8, ticks: i64, ntp: u64) {
        let us = (i128::from(ntp) * 1_000_000) >> 32;
        if let Some(clock) = self.tracks.get_mut(usize::from(track)) {
            clock.report = Some((ticks, clamp(us)));
        }
    }

    /// Places a unit.
    ///
    /// # Errors
    /// When it does not continue the stream. The anchor is then as it was before.
    pub fn place(&mut self, unit: SourceUnit) -> Result<MediaTime, Discontinuity> {
        let arrival_us = clamp(i128::from(unit.arrival.as_us()));
        let index = usize::from(unit.track);
        let clock = self.tracks.get(index).ok_or(Discontinuity::UnknownTrack(unit.track))?;
        let origin = match clock.origin {
            Some(origin) => origin,
            None => self.origin_of(clock, unit.ticks, arrival_us),
        };
        let pts = unit.ticks.saturating_sub(origin);
        let media_us = clock.to_us(pts);
        let delay_us = arrival_us.saturating_sub(media_us);
        let machine_us = unit.now.as_unix_us().saturating_sub(arrival_us);
        let mut anchor = self.anchor.unwrap_or_else(|| Anchor {
            envelope: Envelope { since_us: arrival_us, now_us: delay_us, before_us: delay_us },
            wall_us: unit.now.as_unix_us().saturating_sub(media_us),
            high_us: media_us,
            machine_us,
        });

        // What the wall time of media time 0 would be by the machine's clock as it goes now.
        let target_us = anchor.envelope.observe(arrival_us, delay_us).saturating_add(machine_us);
        let error_us = target_us.saturating_sub(anchor.wall_us);
        if let Some((last_us, last_arrival_us)) = clock.last {
            let step_us = media_us.saturating_sub(last_us);
            let ahead_us = step_us.saturating_sub(arrival_us.saturating_sub(last_arrival_us));
            let drift_us = ANCHOR_DRIFT_MAX.as_micros() as i64;
            // Ahead of arrival, a unit was not merely held up; far behind the one before it, it was not merely reordered.
            if step_us < -drift_us || (ahead_us > drift_us && error_us < -drift_us) {
                return Err(Discontinuity::Jump(ahead_us));
            }
        }
        let was_set = machine_us.abs_diff(anchor.machine_us) > ANCHOR_DRIFT_MAX.as_micros() as u64;
        let limit = match (unit.can_cut, was_set) {
            (true, _) => ANCHOR_DRIFT_MAX,
            (false, false) => ANCHOR_JUMP_MAX,
            (false, true) => Duration::MAX,
        };
        if !was_set {
            anchor.machine_us = machine_us;
        }
        if u128::from(error_us.unsigned_abs()) > limit.as_micros() {
            return Err(Discontinuity::Drift(error_us));
        }

        if media_us > anchor.high_us {
            let most_us = (media_us - anchor.high_us).saturating_mul(SLEW_PPM_MAX) / 1_000_000;
            anchor.wall_us += error_us.clamp(-most_us, most_us);
            anchor.high_us = media_us;
        }
        self.anchor = Some(anchor);
        if let Some(clock) = self.tracks.get_mut(index) {
            clock.origin = Some(origin);
            clock.last = Some((media_us, arrival_us));
        }
        Ok(MediaTime { pts, wall: WallTime::from_unix_us(anchor.wall_us.saturating_add(media_us)) })
    }

    /// Where a track's clock stood when the stream began, at its first unit. By sender reports where both sides have one, else
    /// as though the unit had arrived with the least delay known.
    fn origin_of(&self, clock: &TrackClock, ticks: i64, arrival_us: i64) -> i64 {
        let Some(anchor) = &self.anchor else { return ticks };
        let by_reports = clock.report.and_then(|(report_ticks, wall_us)| {
            let other = self.tracks.iter().find(|other| other.origin.is_some() && other.report.is_some())?;
            let (other_ticks, other_wall_us) = other.report?;
            // The other track's media time at the moment of this track's report.
            let media_us = other.to_us(other_ticks.checked_sub(other.origin?)?).checked_add(wall_us - other_wall_us)?;
            report_ticks.checked_sub(clock.to_ticks(media_us))
        });
        let least_delay_us = anchor.envelope.now_us.min(anchor.envelope.before_us);
        let by_arrival = ticks.saturating_sub(clock.to_ticks(arrival_us.saturating_sub(least_delay_us)));
        // A report that puts the tracks far apart is wrong: many cameras send nonsense until their clock is set.
        by_reports
            .filter(|by| {
                clock.to_us(by.saturating_sub(by_arrival)).unsigned_abs() <= ANCHOR_DRIFT_MAX.as_micros() as u64
            })
            .unwrap_or(by_arrival)
    }
}
