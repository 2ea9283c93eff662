//! Units made up from numbers, and units put through a real ring.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use eyrie_media::{
    AccessUnit, AudioTrack, GopRing, PushOutcome, Read, ReaderKind, RingBudget, RingConfig, RingUnit, Stream, Track,
    TrackKind, VideoCodec, VideoTrack,
};
use eyrie_types::{ByteSize, Monotonic, WallTime};

/// The wall time of everything's zero: 2026-01-31T12:00:00Z.
pub(crate) const START: WallTime = WallTime::from_unix_us(1_769_860_800_000_000);

pub(crate) const VIDEO_RATE: u32 = 90_000;
pub(crate) const AUDIO_RATE: u32 = 48_000;

/// Decoder configurations of x264, High profile, level 3.1, in two sizes.
const CONFIG_1280X720: &[u8] = &[
    0x01, 0x64, 0x00, 0x1f, 0xff, 0xe1, 0x00, 0x18, 0x67, 0x64, 0x00, 0x1f, 0xac, 0xb2, 0x00, 0xa0, 0x0b, 0x76, 0x02,
    0x20, 0x00, 0x00, 0x03, 0x00, 0x20, 0x00, 0x00, 0x06, 0x41, 0xe3, 0x06, 0x49, 0x01, 0x00, 0x06, 0x68, 0xeb, 0xc3,
    0xcb, 0x22, 0xc0, 0xfd, 0xf8, 0xf8, 0x00,
];
const CONFIG_640X360: &[u8] = &[
    0x01, 0x64, 0x00, 0x1f, 0xff, 0xe1, 0x00, 0x1a, 0x67, 0x64, 0x00, 0x1f, 0xac, 0xb2, 0x01, 0x40, 0x5f, 0xf2, 0xe0,
    0x22, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00, 0x00, 0x03, 0x00, 0x64, 0x1e, 0x30, 0x64, 0x90, 0x01, 0x00, 0x06, 0x68,
    0xeb, 0xc3, 0xcb, 0x22, 0xc0, 0xfd, 0xf8, 0xf8, 0x00,
];

pub(crate) fn video_track() -> Track {
    video_track_of(1280, 720, CONFIG_1280X720)
}

pub(crate) fn small_video_track() -> Track {
    video_track_of(640, 360, CONFIG_640X360)
}

fn video_track_of(width: u16, height: u16, config: &'static [u8]) -> Track {
    let video = VideoTrack {
        codec: VideoCodec::H264,
        width,
        height,
        rfc6381: "avc1.64001F".to_owned(),
        decoder_config: Bytes::from_static(config),
        reorder_depth: 0,
        pixel_aspect: None,
    };
    Track { clock_rate: VIDEO_RATE, kind: TrackKind::Video(video) }
}

pub(crate) fn audio_track() -> Track {
    // AAC LC, 48 kHz, one channel.
    let audio = AudioTrack::from_audio_specific_config(&[0x11, 0x88]).unwrap();
    Track { clock_rate: AUDIO_RATE, kind: TrackKind::Audio(audio) }
}

pub(crate) fn stream(sequence: u64, tracks: Vec<Track>) -> Arc<Stream> {
    Arc::new(Stream { sequence, tracks })
}

/// A unit at `ticks` of its track, whose stream began `offset` after [`START`].
pub(crate) fn unit(
    stream: &Arc<Stream>,
    track: u8,
    ticks: i64,
    keyframe: bool,
    bytes: usize,
    offset: Duration,
) -> AccessUnit {
    let rate = i64::from(stream.tracks[usize::from(track)].clock_rate);
    let us = ticks * 1_000_000 / rate;
    let mut data = vec![0u8; bytes.max(5)];
    let length = u32::try_from(data.len() - 4).unwrap();
    data[..4].copy_from_slice(&length.to_be_bytes());
    data[4] = if keyframe { 0x65 } else { 0x41 };
    AccessUnit {
        stream: stream.clone(),
        track,
        pts: ticks,
        dts: ticks,
        keyframe: keyframe || track > 0,
        data: data.into(),
        wall: START.offset_us(us) + offset,
        arrival: Monotonic::from_start(offset + Duration::from_micros(us.max(0).unsigned_abs())),
    }
}

/// Video of `fps` with a keyframe every `gop` frames, for `seconds`, with sound beside it when the stream has a second track.
pub(crate) fn footage(stream: &Arc<Stream>, fps: i64, gop: i64, seconds: i64, offset: Duration) -> Vec<AccessUnit> {
    let rate = i64::from(VIDEO_RATE);
    let mut units: Vec<(i64, AccessUnit)> = (0..fps * seconds)
        .map(|n| {
            let ticks = n * rate / fps;
            let key = n % gop == 0;
            (ticks * 1_000_000 / rate, unit(stream, 0, ticks, key, if key { 8_000 } else { 1_000 }, offset))
        })
        .collect();
    if stream.tracks.len() > 1 {
        let frames = seconds * i64::from(AUDIO_RATE) / 1024;
        units.extend((0..frames).map(|n| {
            let ticks = n * 1024;
            (ticks * 1_000_000 / i64::from(AUDIO_RATE), unit(stream, 1, ticks, true, 200, offset))
        }));
        units.sort_by_key(|(us, unit)| (*us, unit.track));
    }
    units.into_iter().map(|(_, unit)| unit).collect()
}

/// The units as a ring numbers them.
pub(crate) fn through_ring(units: impl IntoIterator<Item = AccessUnit>) -> Vec<Arc<RingUnit>> {
    let (mut writer, ring) = GopRing::new(RingConfig::default(), RingBudget::new(ByteSize::mib(64)));
    let mut reader = ring.reader(ReaderKind::Pinned);
    let mut read = Vec::new();
    for unit in units {
        // What comes before the first keyframe is dropped by the ring, and so not read.
        let stored = matches!(writer.push(unit), PushOutcome::Stored { .. });
        match reader.try_next() {
            Read::Unit(unit) => {
                assert!(stored);
                // A copy: the test keeps all of them, and the ring's limits are not what it tests.
                let bytes = Bytes::copy_from_slice(&unit.unit.data);
                let copy = AccessUnit { data: bytes, ..unit.unit.clone() };
                read.push(Arc::new(RingUnit {
                    unit: copy,
                    seq: unit.seq,
                    live_segment: unit.live_segment,
                    starts_live_segment: unit.starts_live_segment,
                }));
            }
            other => assert!(!stored, "{other:?}"),
        }
    }
    read
}
