//! Where recording fragments begin and end.

use std::time::Duration;

use eyrie_media::{AccessUnit, Fragment, Fragmenter, RingUnit};
use std::sync::Arc;

use crate::units::{START, audio_track, footage, stream, through_ring, unit, video_track};

fn fragments(units: impl IntoIterator<Item = AccessUnit>) -> Vec<Fragment> {
    feed(Fragmenter::new(), through_ring(units))
}

fn feed(mut fragmenter: Fragmenter, units: Vec<Arc<RingUnit>>) -> Vec<Fragment> {
    let mut fragments = Vec::new();
    for unit in units {
        fragments.extend(fragmenter.push(unit).unwrap());
    }
    fragments.extend(fragmenter.flush().unwrap());
    fragments
}

#[test]
fn a_fragment_ends_at_the_next_keyframe() {
    let fragments = fragments(footage(&stream(1, vec![video_track()]), 20, 10, 3, Duration::ZERO));
    assert_eq!(fragments.len(), 6);
    assert!(fragments.iter().all(|fragment| fragment.starts_gop && fragment.duration_us == 500_000));
    assert!(fragments.iter().all(|fragment| fragment.keyframe_hash != [0; 16] && !fragment.discontinuity));
}

#[test]
fn a_fragment_of_a_long_gop_ends_after_a_second() {
    let fragments = fragments(footage(&stream(1, vec![video_track(), audio_track()]), 25, 250, 5, Duration::ZERO));
    assert_eq!(fragments.len(), 5);
    assert!(fragments.iter().all(|fragment| fragment.duration_us == 1_000_000));
    let starts: Vec<bool> = fragments.iter().map(|fragment| fragment.starts_gop).collect();
    assert_eq!(starts, [true, false, false, false, false]);
    assert_eq!(fragments[1].keyframe_hash, [0; 16]);
}

#[test]
fn no_fragment_covers_a_hole_in_time() {
    let all = footage(&stream(1, vec![video_track()]), 20, 20, 6, Duration::ZERO);
    // Frames 50 to 69 are lost: from 2.5 s to 3.5 s, with the keyframe at 3 s.
    let units = all.into_iter().enumerate().filter(|(n, _)| !(50..70).contains(n)).map(|(_, unit)| unit);
    let fragments = fragments(units);
    let covered: Vec<(i64, i64)> = fragments
        .iter()
        .map(|fragment| {
            let start = fragment.start.signed_us_since(START);
            (start, start + i64::from(fragment.duration_us))
        })
        .collect();
    assert!(covered.iter().all(|(start, end)| *end <= 2_500_000 || *start >= 3_500_000), "{covered:?}");
    let total: i64 = covered.iter().map(|(start, end)| end - start).sum();
    assert_eq!(total, 5_000_000);
}

#[test]
fn a_camera_of_one_picture_a_second_has_no_holes() {
    let fragments = fragments(footage(&stream(1, vec![video_track()]), 1, 1, 10, Duration::ZERO));
    assert_eq!(fragments.len(), 10);
    assert!(fragments.iter().skip(1).all(|fragment| fragment.duration_us == 1_000_000), "after the first was met");
}

#[test]
fn a_change_of_stream_is_a_discontinuity() {
    let first = footage(&stream(1, vec![video_track()]), 20, 20, 2, Duration::ZERO);
    let second = footage(&stream(2, vec![video_track()]), 20, 20, 2, Duration::from_secs(5));
    let fragments = fragments(first.into_iter().chain(second));
    let flags: Vec<bool> = fragments.iter().map(|fragment| fragment.discontinuity).collect();
    assert_eq!(flags, [false, false, true, false]);
    assert_eq!(fragments[1].duration_us, 1_000_000, "the last unit lasts as long as those before it");
}

#[test]
fn a_resumed_recorder_tells_whether_the_stream_changed_meanwhile() {
    let units = through_ring(footage(&stream(2, vec![video_track()]), 20, 20, 1, Duration::ZERO));
    assert!(feed(Fragmenter::resuming(1), units.clone())[0].discontinuity);
    assert!(!feed(Fragmenter::resuming(2), units)[0].discontinuity);
}

#[test]
fn units_lost_between_ring_and_recorder_end_a_fragment_and_are_counted() {
    let units = through_ring(footage(&stream(1, vec![video_track()]), 20, 20, 3, Duration::ZERO));
    let mut fragmenter = Fragmenter::new();
    for unit in units.iter().take(10) {
        assert!(fragmenter.push(unit.clone()).unwrap().is_none());
    }
    let cut = fragmenter.gap(10).unwrap().unwrap();
    assert_eq!((cut.first_seq, cut.last_seq, cut.duration_us, cut.holes), (0, 9, 500_000, 0));
    let rest: Vec<Fragment> = units.iter().skip(20).filter_map(|unit| fragmenter.push(unit.clone()).unwrap()).collect();
    assert_eq!((rest[0].first_seq, rest[0].holes), (20, 10));
}

#[test]
fn sound_alone_is_kept_but_covers_no_time_of_a_stream_with_video() {
    let stream = stream(1, vec![video_track(), audio_track()]);
    let mut units = footage(&stream, 20, 20, 2, Duration::ZERO);
    units.extend((94..400).map(|n| unit(&stream, 1, n * 1024, true, 200, Duration::ZERO)));
    let pushed = units.len();
    let fragments = fragments(units);
    let covered: u64 = fragments.iter().map(|fragment| u64::from(fragment.duration_us)).sum();
    assert_eq!(covered, 2_000_000);
    assert_eq!(fragments.last().unwrap().last_seq, pushed as u64 - 1);
    assert!(fragments.len() > 4, "sound alone ends fragments as well");
}

#[test]
fn the_bytes_of_units_are_shared_not_copied() {
    let units = through_ring(footage(&stream(1, vec![video_track()]), 20, 20, 2, Duration::ZERO));
    let fragments = feed(Fragmenter::new(), units.clone());
    let first = &fragments[0];
    assert_eq!(first.chunks.len(), 21);
    assert!(first.chunks.iter().skip(1).zip(&units).all(|(chunk, unit)| chunk.as_ptr() == unit.unit.data.as_ptr()));
}
