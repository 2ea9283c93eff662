//! Playlists obey their specifications whatever the camera does.

use std::sync::Arc;
use std::time::Duration;

use eyrie_media::hls::{DISCONTINUITY_SHIFT, LiveAnswer, LivePackager, LiveRequest, ORDINAL_SHIFT, Reload, Rendition};
use eyrie_media::{AccessUnit, RingUnit};
use eyrie_types::{Epoch, Slot};
use proptest::prelude::*;

use crate::rules::Playlist;
use crate::units::{VIDEO_RATE, audio_track, footage, stream, through_ring, unit, video_track};

pub(crate) const ORDINAL: u64 = 3;

pub(crate) fn packager() -> LivePackager {
    placement(ORDINAL)
}

fn placement(ordinal: u64) -> LivePackager {
    LivePackager::new(Rendition { slot: Slot::OWNER, epoch: Epoch::from_u64(77).unwrap() }, ordinal)
}

pub(crate) fn text(packager: &LivePackager, request: &LiveRequest) -> Option<String> {
    match packager.answer(request) {
        LiveAnswer::Ready(body) => {
            Some(body.chunks.iter().map(|chunk| String::from_utf8(chunk.to_vec()).unwrap()).collect())
        }
        _ => None,
    }
}

fn media(packager: &LivePackager, skip: bool) -> Option<String> {
    text(packager, &LiveRequest::Media(Reload { skip, ..Reload::default() }))
}

/// Feeds all units and checks the playlist each time it changed. Answers the last one.
fn assert_rules(units: Vec<Arc<RingUnit>>) -> Playlist {
    let mut packager = packager();
    let mut before: Option<Playlist> = None;
    for unit in units {
        if !packager.push(unit).unwrap() {
            continue;
        }
        let Some(text) = media(&packager, false) else { continue };
        let playlist = Playlist::read(&text);
        playlist.check();
        if let Some(before) = &before {
            before.check_update(&playlist);
        }
        let parsed = m3u8_rs::parse_media_playlist_res(text.as_bytes()).expect("m3u8-rs reads it");
        let whole = playlist.segments.iter().filter(|segment| segment.uri.is_some()).count();
        assert_eq!((parsed.media_sequence, parsed.discontinuity_sequence), (playlist.msn, playlist.discontinuity));
        assert_eq!(
            (parsed.segments.iter().filter(|segment| !segment.uri.is_empty()).count(), parsed.target_duration),
            (whole, 4)
        );
        let delta = Playlist::read_after(&media(&packager, true).unwrap(), &playlist);
        delta.check();
        playlist.check_update(&delta);
        before = Some(playlist);
    }
    before.expect("there was a playlist")
}

fn run(fps: i64, gop: i64, seconds: i64, sound: bool) -> Playlist {
    let mut tracks = vec![video_track()];
    if sound {
        tracks.push(audio_track());
    }
    assert_rules(through_ring(footage(&stream(1, tracks), fps, gop, seconds, Duration::ZERO)))
}

#[test]
fn one_second_gops_with_sound_slide_through_the_window() {
    let playlist = run(15, 15, 60, true);
    assert!(playlist.msn > ORDINAL << ORDINAL_SHIFT);
    let length: f64 = playlist.segments.iter().map(|segment| segment.duration).sum();
    assert!((29.0..33.0).contains(&length), "{length}");
}

#[test]
fn parts_suit_every_frame_rate() {
    for fps in [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 24, 25, 30, 50, 60] {
        run(fps, fps * 2, 20, fps % 2 == 0);
    }
}

#[test]
fn gops_longer_than_the_target_duration_are_cut() {
    let playlist = run(25, 250, 40, false);
    assert!(playlist.segments.iter().all(|segment| segment.duration <= 4.0));
}

#[test]
fn sound_alone_makes_a_playlist() {
    let stream = stream(1, vec![audio_track()]);
    let units = (0..2000).map(|n| unit(&stream, 0, n * 1024, true, 200, Duration::ZERO));
    assert_rules(through_ring(units));
}

#[test]
fn each_discontinuity_is_counted_when_it_slides_out() {
    // Stream 3 never had a segment: it is counted all the same.
    let units = [1u64, 2, 4, 5, 6].into_iter().flat_map(|sequence| {
        let stream = stream(sequence, vec![video_track()]);
        footage(&stream, 15, 15, 12, Duration::from_secs(sequence * 13))
    });
    let playlist = assert_rules(through_ring(units));
    let first = playlist.segments.first().unwrap();
    assert_eq!(first.map, format!("0-77/i{}.mp4", first.discontinuity - (ORDINAL << DISCONTINUITY_SHIFT)));
    assert_eq!(playlist.segments.last().unwrap().map, "0-77/i6.mp4");
}

/// Web players count from 0 up to the discontinuity sequence number at each playlist.
#[test]
fn the_thousandth_placement_still_has_small_discontinuity_numbers() {
    let mut packager = placement(1000);
    for unit in through_ring(footage(&stream(1, vec![video_track()]), 15, 15, 5, Duration::ZERO)) {
        packager.push(unit).expect("it can be packaged");
    }
    let playlist = Playlist::read(&media(&packager, false).expect("there is a playlist"));
    assert!(playlist.discontinuity < 1 << 20, "{}", playlist.discontinuity);
}

#[test]
fn pictures_missing_for_seconds_break_no_rule() {
    let all = footage(&stream(1, vec![video_track(), audio_track()]), 15, 15, 40, Duration::ZERO);
    let units = all.into_iter().filter(|unit| {
        let missing = (150..190).contains(&(unit.dts * 15 / i64::from(VIDEO_RATE)));
        !unit.is_video() || !missing
    });
    assert_rules(through_ring(units));
}

#[test]
fn live_segments_that_were_skipped_are_named_as_gaps() {
    let units = through_ring(footage(&stream(1, vec![video_track()]), 15, 15, 20, Duration::ZERO));
    let mut packager = packager();
    let (before, after) = (&units[..150], &units[180..]);
    for unit in before {
        packager.push(unit.clone()).unwrap();
    }
    packager.gap().unwrap();
    for unit in after {
        packager.push(unit.clone()).unwrap();
    }
    let playlist = Playlist::read(&media(&packager, false).unwrap());
    playlist.check();
    let gaps: Vec<u64> = playlist.segments.iter().filter(|s| s.gap).map(|s| s.msn & 0xff_ffff).collect();
    assert_eq!(gaps, [10, 11]);
}

#[test]
fn packaging_that_stops_and_starts_again_arrives_at_the_same_numbers() {
    let units = through_ring(footage(&stream(1, vec![video_track(), audio_track()]), 15, 15, 20, Duration::ZERO));
    let (mut whole, mut late) = (packager(), packager());
    let from = units.iter().position(|unit| unit.live_segment == 8).unwrap();
    for (n, unit) in units.iter().enumerate() {
        whole.push(unit.clone()).unwrap();
        if n >= from - 5 {
            late.push(unit.clone()).unwrap();
        }
    }
    assert_eq!(whole.position(), late.position());
    let (whole, late) = (media(&whole, false).unwrap(), media(&late, false).unwrap());
    let (whole, late) = (Playlist::read(&whole), Playlist::read(&late));
    let shared: Vec<_> = whole.segments.into_iter().filter(|segment| segment.msn >= late.msn).collect();
    assert_eq!(shared, late.segments);
}

fn jittered(deltas_ms: &[i64], gop: usize) -> Vec<AccessUnit> {
    let stream = stream(1, vec![video_track()]);
    let mut ticks = 0;
    deltas_ms
        .iter()
        .enumerate()
        .map(|(n, delta)| {
            ticks += delta * i64::from(VIDEO_RATE) / 1000;
            unit(&stream, 0, ticks, n % gop == 0, 1000, Duration::ZERO)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn frames_at_irregular_times_never_make_a_part_or_segment_too_long(
        deltas in proptest::collection::vec(1i64..900, 40..300),
        gop in 1usize..40,
    ) {
        let mut packager = packager();
        for unit in through_ring(jittered(&deltas, gop)) {
            if packager.push(unit).unwrap() && let Some(text) = media(&packager, false) {
                let playlist = Playlist::read(&text);
                for segment in &playlist.segments {
                    prop_assert!(segment.duration.round() <= playlist.target);
                    for part in &segment.parts {
                        prop_assert!(part.duration <= playlist.part_target + 1e-9);
                    }
                }
            }
        }
    }

    #[test]
    fn jitter_of_a_camera_keeps_parts_within_the_rules(
        jitter in proptest::collection::vec(-3i64..=3, 300),
    ) {
        // Frames on a 40 ms grid, each up to 3 ms off.
        let deltas: Vec<i64> = jitter.iter().scan(0, |last, now| {
            let delta = 40 + now - *last;
            *last = *now;
            Some(delta)
        }).collect();
        assert_rules(through_ring(jittered(&deltas, 25)));
    }
}
