//! Fragments taken out into one plain file, read back by the parser of plain files.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use eyrie_media::export::{ExportBuilder, ExportError, ExportInit, ExportLayout, ExportPart, FragmentTables};
use eyrie_media::mp4_file::Mp4File;
use eyrie_media::{AccessUnit, AudioTrack, Fragment, Fragmenter, Purpose, Stream, Track, TrackKind, init_segment};
use proptest::prelude::*;

use crate::units::{START, audio_track, footage, small_video_track, stream, through_ring, video_track};

fn plain(fragment: &Fragment) -> Bytes {
    fragment.chunks.concat().into()
}

fn tables(init: &ExportInit, fragment: &Fragment) -> FragmentTables {
    let plain = plain(fragment);
    FragmentTables::parse(init, &plain, plain.len() as u32).unwrap()
}

fn init(stream: &Stream) -> ExportInit {
    ExportInit::parse(&init_segment(stream, Purpose::Record).unwrap()).unwrap()
}

fn layout(fragments: &[Fragment]) -> ExportLayout {
    let mut builder = ExportBuilder::new();
    for (number, fragment) in (0..).zip(fragments) {
        let init = init(&fragment.stream);
        builder.push(number, &init, &tables(&init, fragment), !fragment.discontinuity).unwrap();
    }
    builder.finish(fragments[0].start).unwrap()
}

fn bytes(layout: &ExportLayout, fragments: &[Fragment], range: std::ops::Range<u64>) -> Vec<u8> {
    let part = |part| match part {
        ExportPart::Head(bytes) => bytes,
        ExportPart::Fragment { fragment, bytes } => {
            plain(&fragments[fragment as usize]).slice(bytes.start as usize..bytes.end as usize)
        }
    };
    layout.parts(range).flat_map(part).collect()
}

/// The whole file made of `fragments`.
pub(crate) fn export(fragments: &[Fragment]) -> Vec<u8> {
    let layout = layout(fragments);
    bytes(&layout, fragments, 0..layout.bytes())
}

fn fragments(units: impl IntoIterator<Item = AccessUnit>) -> Vec<Fragment> {
    let mut fragmenter = Fragmenter::new();
    let mut fragments = Vec::new();
    for unit in through_ring(units) {
        fragments.extend(fragmenter.push(unit).unwrap());
    }
    fragments.extend(fragmenter.flush().unwrap());
    fragments
}

fn parse(file: &[u8]) -> Mp4File {
    let moov = file.windows(4).position(|kind| kind == b"moov").unwrap();
    let size = u32::from_be_bytes(file[moov - 4..moov].try_into().unwrap()) as usize;
    assert_eq!(&file[moov + size..moov + size + 4], b"mdat", "moov lies before mdat");
    Mp4File::parse(&file[moov + 4..moov - 4 + size], file.len() as u64).unwrap()
}

/// The times of a track's samples, in microseconds.
fn times(file: &Mp4File, track: u8) -> Vec<i64> {
    let rate = i64::from(file.tracks[usize::from(track)].clock_rate);
    file.samples.iter().filter(|sample| sample.track == track).map(|sample| sample.dts * 1_000_000 / rate).collect()
}

fn two_tracks(sequence: u64) -> Arc<Stream> {
    stream(sequence, vec![video_track(), audio_track()])
}

#[test]
fn every_sample_is_found_with_its_bytes_and_its_time() {
    let units = footage(&two_tracks(1), 25, 50, 5, Duration::ZERO);
    let file = export(&fragments(units.clone()));
    let parsed = parse(&file);
    for track in [0, 1] {
        let sent: Vec<&AccessUnit> = units.iter().filter(|unit| unit.track == track).collect();
        let found: Vec<_> = parsed.samples.iter().filter(|sample| sample.track == track).collect();
        assert_eq!(found.len(), sent.len(), "track {track}");
        for (found, sent) in found.iter().zip(&sent) {
            let at = found.offset as usize;
            assert_eq!(&file[at..at + found.size as usize], &sent.data[..]);
            assert_eq!((found.dts, found.pts, found.sync), (sent.dts, sent.pts, sent.keyframe));
        }
    }
}

#[test]
fn any_part_of_the_file_is_the_same_as_when_it_is_made_whole() {
    let fragments = fragments(footage(&two_tracks(1), 10, 10, 3, Duration::ZERO));
    let layout = layout(&fragments);
    let whole = bytes(&layout, &fragments, 0..u64::MAX);
    assert_eq!(whole.len() as u64, layout.bytes());
    let step = 997;
    for from in (0..whole.len()).step_by(step) {
        for length in [1, 100, step, 20_000] {
            let to = (from + length).min(whole.len());
            assert_eq!(bytes(&layout, &fragments, from as u64..to as u64), &whole[from..to], "{from}..{to}");
        }
    }
    let read = layout.parts(layout.bytes() - 1..layout.bytes()).count();
    assert_eq!(read, 1, "the last byte costs the last fragment alone");
}

#[test]
fn a_hole_is_closed_up_and_sound_stays_in_step() {
    let all = footage(&two_tracks(1), 20, 20, 10, Duration::ZERO);
    let us = |unit: &AccessUnit| unit.wall.signed_us_since(START);
    // Both tracks are gone from 3 s to 6 s.
    let units = all.into_iter().filter(|unit| !(3_000_000..6_000_000).contains(&us(unit)));
    let parsed = parse(&export(&fragments(units)));
    let (pictures, sound) = (times(&parsed, 0), times(&parsed, 1));
    assert_eq!(pictures.len(), 140);
    let longest = pictures.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
    assert!(longest < 80_000, "the hole is closed up to {longest} µs");
    assert!(pictures.windows(2).all(|pair| pair[1] > pair[0]));
    // Picture 60 was shown at 6.000 s with the sound of 6.016 s, the first after the hole.
    let after = sound.iter().position(|time| *time >= pictures[60]).unwrap();
    let step = sound[after] - pictures[60];
    assert!((0..22_000).contains(&step), "{step} µs between picture and sound behind the hole");
    assert!((parsed.duration_us - 7_000_000).abs() < 100_000, "{}", parsed.duration_us);
}

#[test]
fn a_clock_that_starts_anew_goes_straight_on() {
    let first = footage(&two_tracks(1), 25, 25, 2, Duration::ZERO);
    let second = footage(&two_tracks(2), 25, 25, 2, Duration::from_secs(2));
    let parsed = parse(&export(&fragments(first.into_iter().chain(second))));
    let pictures = times(&parsed, 0);
    assert_eq!(pictures.len(), 100);
    let longest = pictures.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
    assert!((40_000..65_000).contains(&longest), "{longest}");
    assert!((parsed.duration_us - 4_000_000).abs() < 60_000, "{}", parsed.duration_us);
}

#[test]
fn another_size_is_another_description_of_the_same_track() {
    let first = footage(&stream(1, vec![video_track()]), 25, 25, 1, Duration::ZERO);
    let second = footage(&stream(2, vec![small_video_track()]), 25, 25, 1, Duration::from_secs(1));
    let file = export(&fragments(first.into_iter().chain(second)));
    assert_eq!(file.windows(4).filter(|kind| *kind == b"trak").count(), 1);
    let stsd = file.windows(4).position(|kind| kind == b"stsd").unwrap();
    assert_eq!(file[stsd + 8..stsd + 12], [0, 0, 0, 2], "two sample descriptions");
    let stsc = file.windows(4).position(|kind| kind == b"stsc").unwrap();
    assert_eq!(file[stsc + 8..stsc + 12], [0, 0, 0, 2], "two runs of chunks");
    assert_eq!(parse(&file).samples.len(), 50);
}

#[test]
fn another_codec_of_sound_is_another_track_that_begins_in_its_time() {
    let g711 = AudioTrack::g711(eyrie_media::AudioCodec::G711U, 48_000, 1);
    let g711 = Track { clock_rate: 48_000, kind: TrackKind::Audio(g711) };
    let first = footage(&two_tracks(1), 25, 25, 2, Duration::ZERO);
    let second = footage(&stream(2, vec![video_track(), g711]), 25, 25, 2, Duration::from_secs(2));
    let file = export(&fragments(first.into_iter().chain(second)));
    assert_eq!(file.windows(4).filter(|kind| *kind == b"trak").count(), 3);
    let elst = file.windows(4).position(|kind| kind == b"elst").unwrap();
    let start = u64::from_be_bytes(file[elst + 12..elst + 20].try_into().unwrap());
    assert!(start.abs_diff(2 * 90_000) < 9_000, "the empty edit lasts {start} ticks");
}

#[test]
fn it_is_dated_with_the_wall_time_of_its_first_picture() {
    let file = export(&fragments(footage(&two_tracks(1), 25, 25, 1, Duration::ZERO)));
    let mvhd = file.windows(4).position(|kind| kind == b"mvhd").unwrap();
    let created = u64::from_be_bytes(file[mvhd + 8..mvhd + 16].try_into().unwrap());
    assert_eq!(created, START.as_unix_secs() as u64 + 2_082_844_800);
}

#[test]
fn no_more_samples_are_taken_than_the_limit_and_nothing_makes_no_file() {
    assert_eq!(ExportBuilder::new().finish(START).unwrap_err(), ExportError::Empty);
    let fragments = fragments(footage(&stream(1, vec![video_track()]), 2000, 2000, 1, Duration::ZERO));
    let init = init(&fragments[0].stream);
    let tables = tables(&init, &fragments[0]);
    let mut builder = ExportBuilder::new();
    let refused = (0..10_000).find_map(|number| builder.push(number, &init, &tables, false).err());
    assert!(matches!(refused, Some(ExportError::TooMany { what: "samples", .. })), "{refused:?}");
    let a_sample = builder.memory_bytes() as u64 / eyrie_media::export::SAMPLES_MAX;
    assert!(a_sample < 24, "a sample takes {a_sample} bytes");
}

proptest! {
    #[test]
    fn hostile_bytes_never_panic_and_name_nothing_outside_the_fragment(
        at in any::<prop::sample::Index>(), value in any::<u32>(), cut in any::<prop::sample::Index>(),
    ) {
        let fragments = fragments(footage(&two_tracks(1), 10, 10, 1, Duration::ZERO));
        let init_bytes = init_segment(&fragments[0].stream, Purpose::Record).unwrap();
        let init = ExportInit::parse(&init_bytes).unwrap();
        let mut fragment = plain(&fragments[0]).to_vec();
        let length = fragment.len() as u32;
        let head = 600.min(fragment.len() - 4);
        let at = at.index(head);
        fragment[at..at + 4].copy_from_slice(&value.to_be_bytes());
        if let Ok(tables) = FragmentTables::parse(&init, &fragment, length) {
            let mut builder = ExportBuilder::new();
            builder.push(0, &init, &tables, true).unwrap();
            if let Ok(layout) = builder.finish(START) {
                for part in layout.parts(0..u64::MAX) {
                    let inside = matches!(part, ExportPart::Head(_))
                        || matches!(part, ExportPart::Fragment { bytes, .. } if bytes.end <= length);
                    prop_assert!(inside);
                }
            }
        }
        let _ = FragmentTables::parse(&init, &fragment[..cut.index(head)], length);
        let mut init_bytes = init_bytes.to_vec();
        let at = cut.index(init_bytes.len() - 4);
        init_bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
        let _ = ExportInit::parse(&init_bytes);
    }
}
