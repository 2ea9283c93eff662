use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use crate::au_number::AuStamp;
use crate::clip::{AudioTrack, Clip};
use crate::config::StreamConfig;
use crate::fault::Fault;
use crate::output::{Output, PENDING_BYTES_MAX, Written};
use crate::schedule::Schedule;
use crate::session::{Sending, Session, SessionId, TrackState, UdpPair, first_sound};
use crate::stats::{Counters, StreamStats, add};

/// Access units sent late in one go, at most, when the machine was busy; earlier ones are skipped and counted.
const CATCH_UP_S: u64 = 10;
/// Time between the bytes of [`Fault::Drip`].
pub(crate) const DRIP_INTERVAL: Duration = Duration::from_secs(1);

/// One camera: its clip, who watches it, and what it does wrong.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) config: StreamConfig,
    clip: Arc<Clip>,
    alternate: Option<Arc<Clip>>,
    schedule: Schedule,
    pub(crate) counters: Counters,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    fault: Option<Fault>,
    /// Connections that named the stream.
    connections: HashMap<u64, Weak<Output>>,
    granted: Vec<SessionId>,
    /// Until when sessions that ended badly keep their place, since the server's start.
    lingering: Vec<Duration>,
    playing: Vec<Session>,
    /// The next access unit; meaningful while `scheduled`.
    next: u64,
    /// The pacer knows of the stream.
    scheduled: bool,
    on_alternate: bool,
    shift_ms: i64,
}

/// What PLAY is told about one track: RTP-Info (RFC 2326 clause 12.33).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RtpInfo {
    pub(crate) track: usize,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
}

/// What the pacer gives a stream when it is due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tick<'a> {
    /// Since the server's start.
    pub(crate) now: Duration,
    pub(crate) unix_us: u64,
    pub(crate) udp: &'a UdpPair,
}

impl Stream {
    pub(crate) fn new(config: StreamConfig, index: usize, clip: Arc<Clip>, alternate: Option<Arc<Clip>>) -> Self {
        let schedule = Schedule::spread(clip.fps, index);
        Self { config, clip, alternate, schedule, counters: Counters::default(), inner: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sound never changes with the clip.
    pub(crate) fn audio(&self) -> Option<&AudioTrack> {
        self.clip.audio.as_ref()
    }

    /// Tracks: pictures, and sound where there is some.
    pub(crate) fn tracks(&self) -> usize {
        1 + usize::from(self.audio().is_some())
    }

    /// The session description; of the clip that is on.
    pub(crate) fn sdp(&self) -> String {
        self.clip_on(self.lock().on_alternate).sdp(&self.config.clip.name)
    }

    fn clip_on(&self, alternate: bool) -> &Clip {
        match &self.alternate {
            Some(clip) if alternate => clip,
            _ => &self.clip,
        }
    }

    pub(crate) fn fault(&self) -> Option<Fault> {
        self.lock().fault.clone()
    }

    /// Puts a lasting fault in force, or does what happens once.
    pub(crate) fn set_fault(&self, fault: Fault) {
        match fault {
            Fault::Close { reset } => self.close_connections(reset),
            Fault::TimestampJump { by_ms } => {
                let mut inner = self.lock();
                inner.shift_ms = inner.shift_ms.saturating_add(by_ms);
            }
            lasting => self.lock().fault = Some(lasting),
        }
    }

    pub(crate) fn clear_fault(&self) {
        self.lock().fault = None;
    }

    /// Closes every connection that named the stream.
    pub(crate) fn close_connections(&self, reset: bool) {
        self.lock().connections.values().filter_map(Weak::upgrade).for_each(|output| output.close(reset));
    }

    /// A connection names the stream.
    pub(crate) fn connected(&self, connection: u64, output: &Arc<Output>) {
        self.lock().connections.insert(connection, Arc::downgrade(output));
    }

    /// A connection that named the stream has ended.
    pub(crate) fn disconnected(&self, connection: u64) {
        self.lock().connections.remove(&connection);
    }

    /// Grants a session, or refuses it with a status.
    pub(crate) fn grant(&self, session: SessionId, now: Duration) -> Result<(), u16> {
        let mut inner = self.lock();
        inner.lingering.retain(|until| *until > now);
        let (limit, status) = match inner.fault {
            Some(Fault::OneSession { status }) => (1, status),
            Some(Fault::LingeringSession { .. }) => (1, 453),
            _ => (self.config.sessions_max.unwrap_or(usize::MAX), 453),
        };
        if inner.granted.len() + inner.lingering.len() >= limit {
            return Err(status);
        }
        inner.granted.push(session);
        add(&self.counters.sessions_total, 1);
        Ok(())
    }

    /// A session ends: `clean` with TEARDOWN, otherwise because its connection did.
    pub(crate) fn release(&self, session: SessionId, clean: bool, now: Duration) {
        let mut inner = self.lock();
        inner.playing.retain(|playing| playing.id != session);
        let before = inner.granted.len();
        inner.granted.retain(|granted| *granted != session);
        if let (false, Some(Fault::LingeringSession { for_ms }), true) =
            (clean, &inner.fault, inner.granted.len() < before)
        {
            let until = now + Duration::from_millis(*for_ms);
            inner.lingering.push(until);
        }
    }

    /// Starts sending to a session. Answers what RTP-Info tells, and when the pacer is to come if it does not know the stream.
    pub(crate) fn play(
        &self,
        id: SessionId,
        output: &Arc<Output>,
        peer: IpAddr,
        mut tracks: Vec<TrackState>,
        now: Duration,
    ) -> (Vec<RtpInfo>, Option<Duration>) {
        let mut inner = self.lock();
        let next = if inner.scheduled { inner.next } else { self.schedule.next(now) };
        let clip = self.clip_on(inner.on_alternate);
        let first = if self.config.start_at_keyframe {
            (next..next + clip.len()).find(|number| clip.unit(*number).keyframe).unwrap_or(next)
        } else {
            next
        };
        let mut infos = Vec::with_capacity(tracks.len());
        for track in &mut tracks {
            let (ticks, rate) = match self.audio() {
                Some(audio) if track.track == 1 => {
                    track.next_sound = first_sound(audio, clip.fps, first);
                    (track.next_sound * u64::from(audio.samples_per_unit), audio.rate)
                }
                _ => (first * 90_000 / u64::from(clip.fps) + clip.unit(first).offset_90k, 90_000),
            };
            let ticks = (ticks as u32).wrapping_add(shift(inner.shift_ms, rate));
            if let Some(Fault::TimestampWrap { in_ms }) = inner.fault {
                let before_wrap = (in_ms.saturating_mul(u64::from(rate)) / 1_000) as u32;
                track.base = 0_u32.wrapping_sub(before_wrap).wrapping_sub(ticks);
            }
            let timestamp = track.base.wrapping_add(ticks);
            infos.push(RtpInfo { track: track.track, sequence: track.sequence, timestamp });
        }
        inner.playing.retain(|playing| playing.id != id);
        inner.playing.push(Session::new(id, Arc::clone(output), peer, tracks, first));
        let wake = (!inner.scheduled).then(|| self.schedule.due(next));
        if wake.is_some() {
            (inner.scheduled, inner.next) = (true, next);
        }
        (infos, wake)
    }

    /// Stops sending to a session that stays granted.
    pub(crate) fn pause(&self, session: SessionId) {
        self.lock().playing.retain(|playing| playing.id != session);
    }

    /// Sends what is due. Answers when to come again, or `None` when nobody watches. `buffer` is scratch.
    pub(crate) fn tick(&self, tick: Tick<'_>, buffer: &mut Vec<u8>) -> Option<Duration> {
        let mut inner = self.lock();
        if inner.playing.is_empty() {
            inner.scheduled = false;
            return None;
        }
        let end = self.schedule.next(tick.now);
        let oldest = end.saturating_sub(CATCH_UP_S * u64::from(self.schedule.fps));
        if inner.next < oldest {
            add(&self.counters.aus_skipped, oldest - inner.next);
            inner.next = oldest;
        }
        let numbers = inner.next..end.max(inner.next);
        inner.next = numbers.end;
        self.send(&mut inner, numbers, tick, buffer);
        inner.playing.retain(|session| session.output.is_open());
        let last_of_batch = inner.next + u64::from(self.config.aus_per_write.clamp(1, 25)) - 1;
        Some(self.schedule.due(last_of_batch))
    }

    fn send(&self, inner: &mut Inner, numbers: std::ops::Range<u64>, tick: Tick<'_>, buffer: &mut Vec<u8>) {
        let held = matches!(inner.fault, Some(Fault::Stall | Fault::Silence));
        let drip = matches!(inner.fault, Some(Fault::Drip));
        let lose_one_in = match inner.fault {
            Some(Fault::LosePackets { one_in }) => Some(one_in),
            _ => None,
        };
        let reports = self.config.sender_reports && !matches!(inner.fault, Some(Fault::NoSenderReports));
        let mut units = Vec::with_capacity((numbers.end - numbers.start) as usize);
        for number in numbers {
            let wanted = matches!(inner.fault, Some(Fault::AlternateClip)) && self.alternate.is_some();
            if wanted != inner.on_alternate && self.clip_on(wanted).unit(number).keyframe {
                inner.on_alternate = wanted;
            }
            let clip = self.clip_on(inner.on_alternate);
            let mut stamp = Vec::with_capacity(64);
            AuStamp { number, sent_unix_us: tick.unix_us }.write_nal(clip.sei_header(), &mut stamp);
            units.push((number, clip, stamp));
        }
        if held {
            add(&self.counters.aus_skipped, units.len() as u64 * inner.playing.len() as u64);
        }
        for session in &mut inner.playing {
            if drip {
                session.drip(tick.now);
            }
            if held || drip && session.output.waiting() > 0 {
                continue;
            }
            buffer.clear();
            let mut sent = 0;
            for (number, clip, stamp) in &units {
                let unit = clip.unit(*number);
                if *number < session.first {
                    continue;
                }
                if session.congested {
                    if !unit.keyframe || session.output.waiting() > PENDING_BYTES_MAX / 2 {
                        add(&self.counters.aus_dropped, 1);
                        continue;
                    }
                    session.congested = false;
                }
                let losses = session.send(
                    Sending {
                        clip,
                        audio: self.audio(),
                        unit,
                        number: *number,
                        stamp,
                        now: tick.now,
                        unix_us: tick.unix_us,
                        shift_ms: inner.shift_ms,
                        reports,
                        lose_one_in,
                        udp: tick.udp,
                    },
                    buffer,
                );
                add(&self.counters.packets_lost, losses.on_purpose);
                add(&self.counters.udp_full, losses.udp_full);
                sent += 1;
            }
            if drip {
                session.output.enqueue(buffer);
                continue;
            }
            match session.output.write_media(buffer) {
                Written::Accepted => {
                    add(&self.counters.aus_sent, sent);
                    add(&self.counters.bytes_sent, buffer.len() as u64);
                }
                Written::Full => {
                    session.congested = true;
                    add(&self.counters.aus_dropped, sent);
                }
                Written::Failed => {}
            }
        }
    }

    pub(crate) fn stats(&self, now: Duration) -> StreamStats {
        let inner = self.lock();
        StreamStats {
            sessions: inner.granted.len() as u64,
            playing: inner.playing.len() as u64,
            au_number: self.schedule.next(now).saturating_sub(1),
            ..self.counters.snapshot()
        }
    }
}

/// `ms` in ticks of `rate`, modulo 2³².
pub(crate) fn shift(ms: i64, rate: u32) -> u32 {
    (ms.wrapping_mul(i64::from(rate)) / 1_000) as u32
}
