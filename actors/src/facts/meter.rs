use std::time::Duration;

use eyrie_media::{AccessUnit, TrackKind};
use eyrie_types::Monotonic;

/// How often what was measured is published.
const PUBLISH_EVERY: Duration = Duration::from_secs(1);

/// What a camera sent over about the last second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Measured {
    /// When the last unit of it arrived.
    pub(crate) at: Monotonic,
    /// Bits of access units a second, all tracks.
    pub(crate) bitrate_bps: u64,
    /// Pictures a second, in hundredths.
    pub(crate) fps_centi: u64,
    /// Media time from one keyframe to the next, or since the last one if that is longer; 0 while unknown.
    pub(crate) gop_us: u64,
    /// RFC 3550 section 6.4.1, of pictures.
    pub(crate) jitter_us: u64,
    /// Whether sound came; `None` when the stream has none.
    pub(crate) sound: Option<bool>,
}

/// The picture before.
#[derive(Debug, Clone, Copy)]
struct Picture {
    stream: u64,
    dts: i64,
    arrival_us: u64,
}

/// Measures what one session receives. It belongs to the ingest's loop: plain integers, no lock, no allocation and no clock.
#[derive(Debug, Default)]
pub(crate) struct StreamMeter {
    since: Option<Monotonic>,
    bytes: u64,
    pictures: u64,
    sounds: u64,
    last: Option<Picture>,
    /// Sixteen times the jitter, as RFC 3550 appendix A.8 keeps it.
    jitter_16_us: u64,
    /// Media time since the last keyframe; `None` before the first.
    since_keyframe_us: Option<u64>,
    gop_us: u64,
}

impl StreamMeter {
    /// Takes a unit in; once a second, what was measured since the last time.
    pub(crate) fn count(&mut self, unit: &AccessUnit) -> Option<Measured> {
        let since = *self.since.get_or_insert(unit.arrival);
        let track = unit.stream.tracks.get(usize::from(unit.track))?;
        self.bytes += unit.data.len() as u64;
        if matches!(track.kind, TrackKind::Video(_)) {
            self.picture(unit, track.clock_rate);
        } else {
            self.sounds += 1;
        }
        let span = unit.arrival.since(since);
        (span >= PUBLISH_EVERY).then(|| self.publish(unit, span))
    }

    fn picture(&mut self, unit: &AccessUnit, clock_rate: u32) {
        self.pictures += 1;
        let this = Picture { stream: unit.stream.sequence, dts: unit.dts, arrival_us: unit.arrival.as_us() };
        let before = self.last.replace(this).filter(|before| before.stream == this.stream);
        let Some(before) = before else {
            // Another stream counts its time from elsewhere.
            self.since_keyframe_us = unit.keyframe.then_some(0);
            return;
        };
        let media_us = this.dts.wrapping_sub(before.dts).saturating_mul(1_000_000) / i64::from(clock_rate.max(1));
        // By decoding time, so that reordered pictures are no jitter.
        let arrival_us = this.arrival_us.wrapping_sub(before.arrival_us) as i64;
        let off_us = arrival_us.saturating_sub(media_us).unsigned_abs();
        self.jitter_16_us = (self.jitter_16_us + off_us).saturating_sub((self.jitter_16_us + 8) >> 4);
        if let Some(since) = &mut self.since_keyframe_us {
            *since = since.saturating_add(u64::try_from(media_us).unwrap_or(0));
        }
        if unit.keyframe {
            self.gop_us = self.since_keyframe_us.unwrap_or(0);
            self.since_keyframe_us = Some(0);
        }
    }

    fn publish(&mut self, unit: &AccessUnit, span: Duration) -> Measured {
        let span_us = (span.as_micros() as u64).max(1);
        let has_sound = unit.stream.tracks.iter().any(|track| matches!(track.kind, TrackKind::Audio(_)));
        let measured = Measured {
            at: unit.arrival,
            bitrate_bps: self.bytes.saturating_mul(8_000_000) / span_us,
            fps_centi: self.pictures.saturating_mul(100_000_000) / span_us,
            gop_us: self.gop_us.max(self.since_keyframe_us.unwrap_or(0)),
            jitter_us: self.jitter_16_us >> 4,
            sound: has_sound.then_some(self.sounds > 0),
        };
        (self.bytes, self.pictures, self.sounds) = (0, 0, 0);
        self.since = Some(unit.arrival);
        measured
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use eyrie_media::{AudioCodec, AudioTrack, Stream, Track, VideoCodec, VideoTrack};
    use eyrie_types::WallTime;

    use super::*;

    fn stream(sequence: u64) -> Arc<Stream> {
        let video = VideoTrack {
            codec: VideoCodec::H264,
            width: 320,
            height: 180,
            rfc6381: "avc1.64001F".to_owned(),
            decoder_config: Bytes::new(),
            reorder_depth: 0,
            pixel_aspect: None,
        };
        let tracks = vec![
            Track { clock_rate: 90_000, kind: TrackKind::Video(video) },
            Track { clock_rate: 8_000, kind: TrackKind::Audio(AudioTrack::g711(AudioCodec::G711A, 8_000, 1)) },
        ];
        Arc::new(Stream { sequence, tracks })
    }

    fn unit(stream: &Arc<Stream>, number: i64, late_us: u64, gop: i64) -> AccessUnit {
        let (dts, us) = (number * 3_600, number as u64 * 40_000 + late_us);
        AccessUnit {
            stream: Arc::clone(stream),
            track: 0,
            pts: dts,
            dts,
            keyframe: number % gop == 0,
            data: Bytes::from_static(&[0; 1_000]),
            wall: WallTime::EPOCH,
            arrival: Monotonic::from_start(Duration::from_micros(us)),
        }
    }

    #[test]
    fn a_steady_camera_is_measured_exactly() {
        let (stream, mut meter) = (stream(0), StreamMeter::default());
        let told: Vec<_> = (0..=500).filter_map(|number| meter.count(&unit(&stream, number, 0, 50))).collect();
        assert_eq!(told.len(), 20);
        let expected = Measured {
            at: Monotonic::from_start(Duration::from_secs(20)),
            bitrate_bps: 25 * 8_000,
            fps_centi: 2_500,
            gop_us: 2_000_000,
            jitter_us: 0,
            sound: Some(false),
        };
        assert_eq!(told.last(), Some(&expected));
    }

    #[test]
    fn uneven_arrival_is_jitter_and_a_new_stream_is_none() {
        let (first, second, mut meter) = (stream(0), stream(1), StreamMeter::default());
        let mut last = None;
        // Every other picture is 20 ms late: each is 20 ms off the one before, and the mean settles there.
        for number in 0..500 {
            last = meter.count(&unit(&first, number, (number as u64 % 2) * 20_000, 25)).or(last);
        }
        let jitter_us = last.unwrap().jitter_us;
        assert!((19_000..=20_000).contains(&jitter_us), "{jitter_us}");
        // The next stream counts its time from elsewhere; that is no unevenness of the network.
        for number in 500..600 {
            let mut moved = unit(&second, number, 0, 25);
            moved.dts -= 1_000_000;
            last = meter.count(&moved).or(last);
        }
        let jitter_us = last.unwrap().jitter_us;
        assert!(jitter_us < 200, "{jitter_us}");
    }

    #[test]
    fn a_gop_that_has_not_ended_counts_once_it_is_the_longer_one() {
        let (stream, mut meter) = (stream(0), StreamMeter::default());
        let mut told = Vec::new();
        for number in 0..300 {
            let mut unit = unit(&stream, number, 0, 25);
            unit.keyframe &= number <= 50;
            told.extend(meter.count(&unit).map(|measured| measured.gop_us / 1_000_000));
        }
        assert_eq!(told, [1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
}
