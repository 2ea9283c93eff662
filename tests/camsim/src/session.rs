use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;

use crate::clip::{AudioTrack, Clip, Packet, VIDEO_PAYLOAD_TYPE, VideoUnit};
use crate::output::Output;
use crate::rtp::{SenderReport, write_header};
use crate::rtsp::Transport;
use crate::stream::{DRIP_INTERVAL, shift};

/// Names a session within the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SessionId(pub(crate) u64);

/// Time between sender reports.
const REPORT_INTERVAL: Duration = Duration::from_secs(5);

/// Sockets all UDP sessions share: RTP on an even port, RTCP on the next (RFC 3550 clause 11).
#[derive(Debug)]
pub(crate) struct UdpPair {
    pub(crate) rtp: UdpSocket,
    pub(crate) rtcp: UdpSocket,
    pub(crate) rtp_port: u16,
}

/// One track of a session, as it is sent.
#[derive(Debug)]
pub(crate) struct TrackState {
    /// 0: pictures, 1: sound.
    pub(crate) track: usize,
    pub(crate) transport: Transport,
    pub(crate) ssrc: u32,
    pub(crate) sequence: u16,
    /// RTP time of the stream's media time 0.
    pub(crate) base: u32,
    /// The next unit of sound.
    pub(crate) next_sound: u64,
    packets: u32,
    octets: u32,
}

impl TrackState {
    pub(crate) fn new(track: usize, transport: Transport, ssrc: u32, sequence: u16, base: u32) -> Self {
        Self { track, transport, ssrc, sequence, base, next_sound: 0, packets: 0, octets: 0 }
    }
}

/// A session that plays.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) output: Arc<Output>,
    pub(crate) peer: IpAddr,
    pub(crate) tracks: Vec<TrackState>,
    /// The first access unit it gets.
    pub(crate) first: u64,
    /// Units are dropped until the next keyframe, for the client is slow.
    pub(crate) congested: bool,
    /// When the next sender reports are due, since the server's start.
    pub(crate) next_report: Duration,
    /// When the last byte dripped.
    pub(crate) dripped: Duration,
    packets_counted: u64,
}

/// One access unit on its way to all sessions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sending<'a> {
    pub(crate) clip: &'a Clip,
    pub(crate) audio: Option<&'a AudioTrack>,
    pub(crate) unit: &'a VideoUnit,
    pub(crate) number: u64,
    /// The SEI NAL unit with its number.
    pub(crate) stamp: &'a [u8],
    /// Time since the server's start.
    pub(crate) now: Duration,
    pub(crate) unix_us: u64,
    /// How far RTP times were made to jump so far.
    pub(crate) shift_ms: i64,
    pub(crate) reports: bool,
    pub(crate) lose_one_in: Option<u32>,
    pub(crate) udp: &'a UdpPair,
}

/// Packets lost on purpose, and datagrams the system would not take.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Losses {
    pub(crate) on_purpose: u64,
    pub(crate) udp_full: u64,
}

impl Session {
    pub(crate) fn new(id: SessionId, output: Arc<Output>, peer: IpAddr, tracks: Vec<TrackState>, first: u64) -> Self {
        let (next_report, dripped) = (Duration::ZERO, Duration::ZERO);
        Self { id, output, peer, tracks, first, congested: false, next_report, dripped, packets_counted: 0 }
    }

    /// Sends one of the bytes that wait, unless one was sent less than a second ago.
    pub(crate) fn drip(&mut self, now: Duration) {
        if now >= self.dripped + DRIP_INTERVAL {
            self.dripped = now;
            // A failure shows itself when the session's connection is read.
            let _ = self.output.flush(1);
        }
    }

    /// Sends datagrams at once and appends interleaved packets to `tcp`, which the caller writes.
    pub(crate) fn send(&mut self, sending: Sending<'_>, tcp: &mut Vec<u8>) -> Losses {
        let mut sender =
            Sender { sending, tcp, peer: self.peer, losses: Losses::default(), counted: &mut self.packets_counted };
        if sending.reports && sending.now >= self.next_report {
            self.next_report = sending.now + REPORT_INTERVAL;
            self.tracks.iter().for_each(|track| sender.report(track));
        }
        for track in &mut self.tracks {
            if track.track == 0 {
                sender.picture(track);
            } else if let Some(audio) = sending.audio {
                sender.sound(track, audio);
            }
        }
        sender.losses
    }
}

/// The first unit of sound that begins no earlier than the `number`th picture.
pub(crate) fn first_sound(audio: &AudioTrack, fps: u32, number: u64) -> u64 {
    (number * u64::from(audio.rate)).div_ceil(u64::from(fps) * u64::from(audio.samples_per_unit))
}

struct Sender<'a, 'b> {
    sending: Sending<'a>,
    tcp: &'b mut Vec<u8>,
    peer: IpAddr,
    losses: Losses,
    counted: &'b mut u64,
}

impl Sender<'_, '_> {
    fn picture(&mut self, track: &mut TrackState) {
        let Sending { clip, unit, number, stamp, shift_ms, .. } = self.sending;
        let ticks = number * 90_000 / u64::from(clip.fps) + unit.offset_90k;
        let timestamp = track.base.wrapping_add(ticks as u32).wrapping_add(shift(shift_ms, 90_000));
        let last = unit.packets.len().saturating_sub(1);
        for (i, packet) in unit.packets.iter().enumerate() {
            if i == unit.stamp_before {
                self.packet(track, VIDEO_PAYLOAD_TYPE, false, timestamp, stamp, &[]);
            }
            let Packet { body, .. } = packet;
            self.packet(track, VIDEO_PAYLOAD_TYPE, i == last, timestamp, packet.prefix(), clip.bytes(body.clone()));
        }
    }

    /// All sound that began by the time of the picture.
    fn sound(&mut self, track: &mut TrackState, audio: &AudioTrack) {
        let Sending { clip, number, shift_ms, .. } = self.sending;
        let until = number * u64::from(audio.rate) / u64::from(clip.fps);
        while track.next_sound * u64::from(audio.samples_per_unit) <= until {
            let ticks = track.next_sound * u64::from(audio.samples_per_unit);
            let timestamp = track.base.wrapping_add(ticks as u32).wrapping_add(shift(shift_ms, audio.rate));
            let packet = &audio.unit(track.next_sound).packet;
            let body = audio.bytes(packet.body.clone());
            self.packet(track, audio.payload_type(), true, timestamp, packet.prefix(), body);
            track.next_sound += 1;
        }
    }

    fn packet(&mut self, track: &mut TrackState, pt: u8, marker: bool, timestamp: u32, prefix: &[u8], body: &[u8]) {
        let sequence = track.sequence;
        track.sequence = sequence.wrapping_add(1);
        *self.counted += 1;
        if self.sending.lose_one_in.is_some_and(|n| self.counted.is_multiple_of(u64::from(n.max(1)))) {
            self.losses.on_purpose += 1;
            return;
        }
        let payload = prefix.len() + body.len();
        track.packets = track.packets.wrapping_add(1);
        track.octets = track.octets.wrapping_add(payload as u32);
        let start = self.begin(track.transport, false, 12 + payload);
        write_header(self.tcp, marker, pt, sequence, timestamp, track.ssrc);
        self.tcp.extend_from_slice(prefix);
        self.tcp.extend_from_slice(body);
        self.end(track.transport, false, start);
    }

    fn report(&mut self, track: &TrackState) {
        let Sending { clip, audio, number, unix_us, shift_ms, .. } = self.sending;
        // Pictures are decoded `reorder` before the last of them is shown; a picture is never captured after it is sent.
        let (rate, ahead) = match (track.track, audio) {
            (1, Some(audio)) => (audio.rate, 0),
            _ => (90_000, clip.reorder_90k),
        };
        let ticks = number * u64::from(rate) / u64::from(clip.fps) + ahead;
        let report = SenderReport {
            ssrc: track.ssrc,
            unix_us,
            timestamp: track.base.wrapping_add(ticks as u32).wrapping_add(shift(shift_ms, rate)),
            packets: track.packets,
            octets: track.octets,
        };
        let start = self.begin(track.transport, true, 48);
        report.write(self.tcp);
        self.end(track.transport, true, start);
    }

    /// Writes the interleaving header (RFC 2326 clause 10.12); answers where the packet begins.
    fn begin(&mut self, transport: Transport, rtcp: bool, len: usize) -> usize {
        if let Transport::Tcp { rtp: rtp_channel, rtcp: rtcp_channel } = transport {
            self.tcp.extend_from_slice(&[b'$', if rtcp { rtcp_channel } else { rtp_channel }]);
            self.tcp.extend_from_slice(&(len as u16).to_be_bytes());
        }
        self.tcp.len()
    }

    /// Sends what was written since `start` when it travels as a datagram.
    fn end(&mut self, transport: Transport, rtcp: bool, start: usize) {
        if let Transport::Udp { rtp: rtp_port, rtcp: rtcp_port } = transport {
            let (socket, port) =
                if rtcp { (&self.sending.udp.rtcp, rtcp_port) } else { (&self.sending.udp.rtp, rtp_port) };
            if socket.try_send_to(&self.tcp[start..], SocketAddr::new(self.peer, port)).is_err() {
                self.losses.udp_full += 1;
            }
            self.tcp.truncate(start);
        }
    }
}
