use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use eyrie_types::{Epoch, Monotonic, WallTime};
use proptest::prelude::*;

use super::*;
use crate::{AccessUnit, AudioCodec, AudioTrack, RingUnit, Stream, Track, TrackKind, VideoCodec, VideoTrack};

const AVCC: &str = "01640028ffe1001b67640028acd940780227e5c384000003000400000300c83c60c65801000468ef8fcbfdf8f800";

fn unhex(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter_map(|c| (c as char).to_digit(16)).map(|d| d as u8).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn stream(sequence: u64) -> Arc<Stream> {
    let video = VideoTrack::from_decoder_config(VideoCodec::H264, &unhex(AVCC)).unwrap();
    let aac = AudioTrack::from_audio_specific_config(&[0x12, 0x10]).unwrap();
    let tracks = vec![
        Track { clock_rate: 90_000, kind: TrackKind::Video(video) },
        Track { clock_rate: 8_000, kind: TrackKind::Audio(AudioTrack::g711(AudioCodec::G711U, 8_000, 1)) },
        Track { clock_rate: 44_100, kind: TrackKind::Audio(aac) },
    ];
    Arc::new(Stream { sequence, tracks })
}

fn unit(stream: &Arc<Stream>, seq: u64, track: u8, pts: i64, data: &[u8]) -> RingUnit {
    let unit = AccessUnit {
        stream: Arc::clone(stream),
        track,
        pts,
        dts: pts - 1,
        keyframe: pts == 0 || track > 0,
        data: Bytes::copy_from_slice(data),
        wall: WallTime::from_unix_us(1_767_225_600_000_000 + pts),
        arrival: Monotonic::from_start(Duration::ZERO),
    };
    RingUnit { unit, seq, live_segment: 0, starts_live_segment: false }
}

/// A feed with one of everything.
fn feed() -> (Vec<u8>, Vec<FeedItem>) {
    let (first, second) = (stream(3), stream(4));
    let epoch = Epoch::new(1, 7).unwrap();
    let units = [unit(&first, 40, 0, 0, &[1, 2, 3]), unit(&first, 41, 1, 9, &[4]), unit(&second, 60, 0, 0, &[])];
    let mut encoder = FeedEncoder::new();
    let mut bytes = encoder.begin(epoch).to_vec();
    for (at, unit) in units.iter().enumerate() {
        bytes.extend(encoder.unit(unit).concat());
        if at == 1 {
            bytes.extend(encoder.skipped(18));
            bytes.extend(encoder.alive());
        }
    }
    bytes.extend(encoder.end(FeedEnd::Released));
    let seen = |unit: &RingUnit| {
        let RingUnit { unit, seq, .. } = unit;
        let AccessUnit { track, keyframe, pts, dts, wall, .. } = *unit;
        FeedItem::Unit(FeedUnit { seq: *seq, track, keyframe, pts, dts, wall, data: unit.data.clone() })
    };
    let items = vec![
        FeedItem::Begin { epoch },
        FeedItem::Stream(Stream::clone(&first)),
        seen(&units[0]),
        seen(&units[1]),
        FeedItem::Skipped { units: 18 },
        FeedItem::Alive,
        FeedItem::Stream(Stream::clone(&second)),
        seen(&units[2]),
        FeedItem::End(FeedEnd::Released),
    ];
    (bytes, items)
}

/// Reads `bytes` in pieces of `piece`; what was read, and why it ended where it failed.
fn read(bytes: &[u8], piece: usize) -> (Vec<FeedItem>, Option<FeedError>) {
    let (mut decoder, mut items) = (FeedDecoder::new(), Vec::new());
    for piece in bytes.chunks(piece.max(1)) {
        let mut piece = Bytes::copy_from_slice(piece);
        loop {
            match decoder.next(&mut piece) {
                Ok(Some(item)) => items.push(item),
                Ok(None) => break,
                Err(error) => return (items, Some(error)),
            }
        }
        assert!(piece.is_empty(), "what was not needed yet was taken");
    }
    (items, None)
}

#[test]
fn golden_bytes_of_version_1() {
    let hex: String = feed().0.iter().map(|byte| format!("{byte:02x}")).collect();
    let golden: String = include_str!("golden-v1.hex").split_whitespace().collect();
    assert_eq!(hex, golden, "the framing changed: raise VERSION, and keep reading these");
}

#[test]
fn what_was_written_is_read_whatever_the_pieces() {
    let (bytes, items) = feed();
    for piece in [1, 2, 5, 13, 64, bytes.len()] {
        assert_eq!(read(&bytes, piece), (items.clone(), None), "pieces of {piece}");
    }
}

#[test]
fn a_later_release_may_add_kinds_and_fields() {
    let encoder = FeedEncoder::new();
    let mut bytes = encoder.begin(Epoch::new(0, 1).unwrap()).to_vec();
    bytes.extend([77, 0, 0, 0, 3, 9, 9, 9]);
    bytes.extend([SKIPPED, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 5, 1, 1]);
    bytes.extend([END, 0, 0, 0, 1, 99]);
    let (items, error) = read(&bytes, 4);
    assert_eq!((&items[1..], error), (&[FeedItem::Skipped { units: 5 }, FeedItem::End(FeedEnd::Lost)][..], None));
}

/// What `change` makes of the good feed is refused.
fn refused(change: impl FnOnce(&mut Vec<u8>)) -> FeedError {
    let mut bytes = feed().0;
    change(&mut bytes);
    read(&bytes, 32).1.expect("it is refused")
}

#[test]
fn what_no_feed_can_say_is_refused() {
    assert_eq!(refused(|bytes| bytes[0] = b'X'), FeedError::Magic);
    assert_eq!(refused(|bytes| bytes[4] = 2), FeedError::Version(2));
    assert_eq!(refused(|bytes| bytes[5] = 0xff), FeedError::Invalid("a feed of no epoch"));
    assert_eq!(refused(|bytes| bytes.push(0)), FeedError::Over);
    let long = |bytes: &mut Vec<u8>| bytes.splice(14..18, u32::MAX.to_be_bytes()).for_each(drop);
    assert_eq!(refused(long), FeedError::TooLong { kind: STREAM, bytes: u32::MAX });

    let (stream, mut encoder) = (stream(0), FeedEncoder::new());
    let mut said = |unit: &RingUnit| {
        let mut bytes = encoder.begin(Epoch::new(0, 1).unwrap()).to_vec();
        bytes.extend(encoder.unit(unit).concat());
        bytes
    };
    let known = said(&unit(&stream, 0, 0, 100, &[1]));
    let then = |bytes: Vec<u8>| read(&[&known[..], &bytes[HEAD_BYTES..]].concat(), 50).1;
    let invalid = |text| Some(FeedError::Invalid(text));
    assert_eq!(
        then(said(&unit(&stream, 1, 0, 100, &[2]))),
        invalid("a unit that is decoded before the one that came before it")
    );
    assert_eq!(then(said(&unit(&stream, 1, 3, 200, &[2]))), invalid("a unit of a track that no stream has"));
    assert_eq!(then(said(&unit(&stream, 1, 1, i64::MAX / 2, &[2]))), invalid("a unit at an impossible time"));
    assert_eq!(then(said(&unit(&stream, 1, 1, 5, &[2]))), None);
}

#[test]
fn a_length_alone_takes_little_memory() {
    let mut bytes = feed().0[..HEAD_BYTES].to_vec();
    bytes.extend([UNIT, 0, 0xff, 0xff, 0xff]);
    let mut decoder = FeedDecoder::new();
    let mut input = Bytes::from(bytes);
    while decoder.next(&mut input).unwrap().is_some() {}
    assert!(decoder.part.capacity() <= 256 * 1024);
}

proptest! {
    #[test]
    fn damaged_feeds_never_panic(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        length in any::<prop::sample::Index>(),
        piece in 1_usize..90,
    ) {
        let mut bytes = feed().0;
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let whole = read(&bytes, bytes.len());
        prop_assert_eq!(&read(&bytes, piece), &whole, "pieces change nothing");
        read(&bytes[..length.index(bytes.len())], piece);
    }

    #[test]
    fn bytes_from_nowhere_never_panic(data in prop::collection::vec(any::<u8>(), 0..300), piece in 1_usize..90) {
        read(&data, piece);
        read(&[&feed().0[..HEAD_BYTES], &data].concat(), piece);
    }
}
