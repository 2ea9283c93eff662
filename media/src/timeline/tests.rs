use std::time::Duration;

use eyrie_types::{Monotonic, WallTime};
use proptest::prelude::*;

use super::*;

const RATE: i64 = 90_000;
const START_US: i64 = 1_700_000_000_000_000;

fn unit(ticks: i64, arrival_us: i64) -> SourceUnit {
    SourceUnit {
        track: 0,
        ticks,
        arrival: Monotonic::from_start(Duration::from_micros(arrival_us as u64)),
        now: WallTime::from_unix_us(START_US + arrival_us),
        can_cut: true,
    }
}

#[test]
fn jitter_and_bursts_leave_wall_time_alone() {
    let mut anchor = TimelineAnchor::new([RATE as u32]);
    for n in 0..2_000_i64 {
        // Up to 200 ms late at random, and all of each tenth second in one burst at its end.
        let on_time_us = n * 40_000;
        let held_us = if n / 25 % 10 == 9 { 1_000_000 - on_time_us % 1_000_000 } else { (n * 7919) % 5 * 50_000 };
        let time = anchor.place(unit(n * 3_600, 1_000_000 + on_time_us + held_us)).unwrap();
        assert_eq!(time.pts, n * 3_600);
        assert_eq!(time.wall.as_unix_us(), START_US + 1_000_000 + on_time_us);
    }
}

#[test]
fn a_small_drift_is_slewed_away() {
    let mut anchor = TimelineAnchor::new([RATE as u32]);
    // The source's clock runs 200 ppm slow: an hour of its time takes 720 ms longer here.
    for n in 0..90_000_i64 {
        let arrival_us = n * 40_008;
        let time = anchor.place(unit(n * 3_600, arrival_us)).unwrap();
        assert!((time.wall.as_unix_us() - START_US - arrival_us).abs() < 10_000, "frame {n}");
    }
}

#[test]
fn a_source_a_tenth_too_fast_is_cut_at_keyframes_and_durations_stay_its_own() {
    let mut anchor = TimelineAnchor::new([RATE as u32]);
    let (mut cuts, mut last) = (0, None);
    for n in 0..2_500_i64 {
        let arrival_us = 1_000_000 + n * 40_000 * 10 / 11;
        let keyframe = n % 25 == 0;
        let at = SourceUnit { can_cut: keyframe, ..unit(n * 3_600, arrival_us) };
        match anchor.place(at) {
            Ok(time) => {
                assert_eq!(last.map_or(3_600, |last| time.pts - last), 3_600);
                assert!((time.wall.as_unix_us() - START_US - arrival_us).abs() < 1_300_000);
                last = Some(time.pts);
            }
            Err(why) => {
                assert!(keyframe && matches!(why, Discontinuity::Drift(_)), "{why}");
                anchor = TimelineAnchor::new([RATE as u32]);
                last = Some(anchor.place(at).unwrap().pts);
                cuts += 1;
            }
        }
    }
    assert!((7..=10).contains(&cuts), "one cut for each second of drift: {cuts}");
}

#[test]
fn jumps_either_way_begin_a_new_stream_and_losses_do_not() {
    for (jump_s, lost_s, cut) in [(3, 0, true), (3_600, 0, true), (-2, 0, true), (-3_600, 0, true), (30, 30, false)] {
        let mut anchor = TimelineAnchor::new([RATE as u32]);
        for n in 0..100 {
            anchor.place(unit(n * 3_600, n * 40_000 + 1_000_000)).unwrap();
        }
        let next = unit(100 * 3_600 + jump_s * RATE, 5_000_000 + lost_s * 1_000_000);
        let placed = anchor.place(SourceUnit { can_cut: false, ..next });
        assert_eq!(matches!(placed, Err(Discontinuity::Jump(_))), cut, "{jump_s} s: {placed:?}");
    }
}

#[test]
fn a_step_of_the_machines_clock_cuts_at_the_next_keyframe() {
    let mut anchor = TimelineAnchor::new([RATE as u32]);
    anchor.place(unit(0, 0)).unwrap();
    let stepped = SourceUnit { now: WallTime::from_unix_us(START_US + 40_000 - 3_000_000), ..unit(3_600, 40_000) };
    assert!(anchor.place(SourceUnit { can_cut: false, ..stepped }).is_ok());
    assert!(matches!(anchor.place(stepped), Err(Discontinuity::Drift(_))));
}

#[test]
fn a_large_step_of_the_machines_clock_loses_nothing_before_the_next_keyframe_either() {
    for step_us in [3_600_000_000, -3_600_000_000] {
        let mut anchor = TimelineAnchor::new([RATE as u32]);
        let mut last_us = None;
        for n in 0..60_i64 {
            let plain = unit(n * 3_600, n * 40_000);
            let now = WallTime::from_unix_us(plain.now.as_unix_us() + if n < 30 { 0 } else { step_us });
            let placed = anchor.place(SourceUnit { now, can_cut: n == 0, ..plain }).unwrap();
            let wall_us = placed.wall.as_unix_us();
            assert!(last_us.is_none_or(|last_us| (39_000..=41_000).contains(&(wall_us - last_us))), "{n}: {wall_us}");
            last_us = Some(wall_us);
        }
        let keyframe = unit(60 * 3_600, 60 * 40_000);
        let now = WallTime::from_unix_us(keyframe.now.as_unix_us() + step_us);
        assert!(matches!(anchor.place(SourceUnit { now, ..keyframe }), Err(Discontinuity::Drift(_))));
    }
}

#[test]
fn sound_is_aligned_by_sender_reports_or_else_by_arrival() {
    let sound = |ticks, arrival_us| SourceUnit { track: 1, ..unit(ticks, arrival_us) };
    let mut by_arrival = TimelineAnchor::new([RATE as u32, 8_000]);
    by_arrival.place(unit(77, 1_000_000)).unwrap();
    assert_eq!(by_arrival.place(sound(5_000_000, 1_500_000)).map(|time| time.pts), Ok(4_000));

    let mut by_report = TimelineAnchor::new([RATE as u32, 8_000]);
    by_report.place(unit(0, 1_000_000)).unwrap();
    let ntp = 3_900_000_000_u64 << 32;
    by_report.sender_report(0, 0, ntp);
    by_report.sender_report(1, 5_000_000, ntp);
    // Sent half a second after the reports, arrived 100 ms later than the pictures do.
    let time = by_report.place(sound(5_004_000, 1_600_000)).unwrap();
    assert_eq!((time.pts, time.wall.as_unix_us()), (4_000, START_US + 1_500_000));
    assert_eq!(by_report.place(SourceUnit { track: 2, ..unit(0, 0) }), Err(Discontinuity::UnknownTrack(2)));
}

proptest! {
    #[test]
    fn wall_time_moves_by_at_most_500_ppm_and_durations_are_the_sources(
        first in any::<u32>(), ppm in -2_000_i64..2_000, delays_us in prop::collection::vec(0_i64..300_000, 100..600),
    ) {
        let (mut rtp, mut anchor) = (RtpUnwrapper::default(), TimelineAnchor::new([RATE as u32]));
        let mut last: Option<(i64, i64)> = None;
        for (n, delay_us) in delays_us.into_iter().enumerate() {
            let n = n as i64;
            let media_us = n * 100_000;
            let ticks = rtp.unwrap(first.wrapping_add((n * 9_000) as u32));
            let time = anchor.place(unit(ticks, 1_000_000 + media_us + media_us * ppm / 1_000_000 + delay_us)).unwrap();
            prop_assert_eq!(time.pts, n * 9_000);
            let wall_us = time.wall.as_unix_us();
            if let Some((last_media_us, last_wall_us)) = last {
                let step_us = media_us - last_media_us;
                let moved_us = wall_us - last_wall_us - step_us;
                prop_assert!(moved_us.abs() * 1_000_000 <= step_us * SLEW_PPM_MAX, "moved {} us", moved_us);
            }
            last = Some((media_us, wall_us));
        }
    }

    #[test]
    fn absurd_timestamps_never_panic(units in prop::collection::vec((0_u8..3, any::<i64>(), any::<u64>(), any::<i64>()), 1..40)) {
        let (mut anchor, mut dts) = (TimelineAnchor::new([RATE as u32, 0]), DtsEstimator::new(2, 3_600));
        for (track, ticks, arrival_us, now_us) in units {
            anchor.sender_report(track, ticks, arrival_us);
            let _ = anchor.place(SourceUnit {
                track,
                ticks,
                arrival: Monotonic::from_start(Duration::from_micros(arrival_us)),
                now: WallTime::from_unix_us(now_us),
                can_cut: false,
            });
            dts.push(ticks);
        }
    }
}
