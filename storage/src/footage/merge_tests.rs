use std::collections::BTreeMap;

use eyrie_types::{FragmentEntry, NodeId, WallTime};
use proptest::prelude::*;

use super::merge::{Track, TrackFragment, merge};

/// Where the tests' time begins.
const START_US: i64 = 1_700_000_000_000_000;

/// What a keyframe looks like.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Pictures {
    /// Each is another.
    Unique,
    /// They come again after so many.
    Loop(u64),
    /// Hashes are not known.
    Unknown,
}

/// A moment of the camera: which GOP, and which fragment of it.
type Moment = (u64, u32);

/// What the camera sent: GOPs of fragments.
#[derive(Debug, Clone)]
struct Camera {
    /// Lengths of the fragments of each GOP, in milliseconds.
    gops: Vec<Vec<i64>>,
    pictures: Pictures,
}

impl Camera {
    /// The moments in order, with their times and lengths in microseconds.
    fn moments(&self) -> Vec<(Moment, i64, i64)> {
        let (mut at, mut moments) = (START_US, Vec::new());
        for (gop, fragments) in self.gops.iter().enumerate() {
            for (number, length_ms) in fragments.iter().enumerate() {
                moments.push(((gop as u64, number as u32), at, length_ms * 1_000));
                at += length_ms * 1_000;
            }
        }
        moments
    }

    fn hash(&self, gop: u64) -> [u8; 16] {
        match self.pictures {
            Pictures::Unique => u128::from(gop + 1).to_be_bytes(),
            Pictures::Loop(length) => u128::from(gop % length + 1).to_be_bytes(),
            Pictures::Unknown => [0; 16],
        }
    }
}

/// How a node recorded it.
#[derive(Debug, Clone)]
struct Recording {
    node: u128,
    /// The first GOP, and the moment before which it ended, as shares of all.
    from: f64,
    to: f64,
    /// Stretches of moments that are missing, as shares of all and counts.
    holes: Vec<(f64, usize)>,
    /// How far its clock is ahead, and what its times are off by beside.
    shift_us: i64,
    jitter_us: i64,
}

struct Recorded {
    track: Track,
    moments: Vec<Moment>,
}

impl Recording {
    fn of(&self, camera: &Camera) -> Recorded {
        let moments = camera.moments();
        let index = |share: f64| ((moments.len() as f64 * share) as usize).min(moments.len());
        let mut recorded = Recorded {
            track: Track {
                node: NodeId::from_uuid(uuid::Uuid::from_u128(self.node)),
                open: false,
                fragments: Vec::new(),
            },
            moments: Vec::new(),
        };
        // A recorder begins with a keyframe.
        let first = (index(self.from)..moments.len()).find(|index| moments[*index].0.1 == 0).unwrap_or(moments.len());
        let missing =
            |at: usize| self.holes.iter().any(|(share, count)| (index(*share)..index(*share) + count).contains(&at));
        for (number, at) in (first..index(self.to).max(first)).enumerate() {
            if missing(at) {
                continue;
            }
            let (moment, start_us, length_us) = moments[at];
            let jitter = if at % 3 == 0 { self.jitter_us } else { 0 };
            let entry = FragmentEntry {
                number: number as u32,
                offset: 0,
                length: 1,
                start: WallTime::from_unix_us(start_us + self.shift_us + jitter),
                duration_us: length_us as u32,
                starts_gop: moment.1 == 0,
                discontinuity: false,
                leaf: [0; 32],
                stored_hash: [0; 32],
                keyframe_hash: if moment.1 == 0 { camera.hash(moment.0) } else { [0; 16] },
            };
            recorded.track.fragments.push(TrackFragment { segment: 0, entry });
            recorded.moments.push(moment);
        }
        recorded
    }
}

/// What is shown, as moments, each with its track.
fn shown(recorded: &[Recorded]) -> Vec<(usize, Moment)> {
    let tracks: Vec<_> = recorded.iter().map(|recorded| recorded.track.clone()).collect();
    merge(&tracks).into_iter().map(|(track, fragment)| (track, recorded[track].moments[fragment])).collect()
}

/// The GOPs that a track holds whole.
fn whole(camera: &Camera, recorded: &Recorded) -> Vec<u64> {
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    recorded.moments.iter().for_each(|(gop, _)| *counts.entry(*gop).or_default() += 1);
    counts.into_iter().filter(|(gop, count)| camera.gops[*gop as usize].len() == *count).map(|(gop, _)| gop).collect()
}

fn steady(gops: usize, pictures: Pictures) -> Camera {
    Camera { gops: vec![vec![1000, 1000]; gops], pictures }
}

fn recording(node: u128, from: f64, to: f64) -> Recording {
    Recording { node, from, to, holes: Vec::new(), shift_us: 0, jitter_us: 0 }
}

fn all(camera: &Camera) -> Vec<Moment> {
    camera.moments().into_iter().map(|(moment, ..)| moment).collect()
}

fn moments(shown: &[(usize, Moment)]) -> Vec<Moment> {
    shown.iter().map(|(_, moment)| *moment).collect()
}

#[test]
fn one_track_is_shown_whole_with_its_holes() {
    let camera = steady(10, Pictures::Loop(3));
    let mut alone = recording(1, 0.0, 1.0);
    alone.holes = vec![(0.3, 1), (0.6, 4)];
    let alone = [alone.of(&camera)];
    assert_eq!(moments(&shown(&alone)), alone[0].moments);
    assert_eq!(merge(&[]), []);
}

#[test]
fn what_a_dead_owner_left_half_done_is_shown_whole_from_the_twin() {
    let camera = steady(50, Pictures::Unique);
    for shift_us in [0, 1_700_000, -3_100_000] {
        // The owner ends in the middle of a GOP; the twin has all of it.
        let (owner, mut twin) = (recording(1, 0.0, 0.51), recording(2, 0.2, 1.0));
        twin.shift_us = shift_us;
        let shown = shown(&[owner.of(&camera), twin.of(&camera)]);
        assert_eq!(moments(&shown), all(&camera), "shifted by {shift_us}");
        let switches = shown.windows(2).filter(|pair| pair[0].0 != pair[1].0).count();
        assert_eq!(switches, 1);
    }
}

#[test]
fn a_hole_is_filled_and_the_track_that_comes_back_takes_nothing_back() {
    let camera = steady(50, Pictures::Unique);
    let (mut owner, mut twin) = (recording(1, 0.0, 1.0), recording(2, 0.1, 0.8));
    owner.holes = vec![(0.4, 7)];
    twin.shift_us = 900_000;
    let shown = shown(&[owner.of(&camera), twin.of(&camera)]);
    assert_eq!(moments(&shown), all(&camera));
    let tracks: Vec<_> = shown.iter().map(|(track, _)| *track).collect();
    let mut order = tracks.clone();
    order.dedup();
    assert_eq!(order, [0, 1, 0], "the twin goes on until it ends");
}

#[test]
fn damage_in_both_tracks_at_different_places_costs_nothing() {
    for pictures in [Pictures::Unique, Pictures::Loop(4), Pictures::Unknown] {
        let camera = steady(60, pictures);
        let (mut owner, mut twin) = (recording(1, 0.0, 1.0), recording(2, 0.0, 1.0));
        owner.holes = vec![(0.2, 1), (0.5, 1), (0.7, 3)];
        twin.holes = vec![(0.3, 2), (0.4, 1), (0.8, 5), (0.99, 5)];
        (owner.jitter_us, twin.jitter_us) = (4_000, -7_000);
        assert_eq!(moments(&shown(&[owner.of(&camera), twin.of(&camera)])), all(&camera), "{pictures:?}");
    }
}

#[test]
fn a_loop_that_goes_on_on_another_node_is_not_taken_for_the_same_time_again() {
    // The clip of the simulated cameras repeats after a few seconds; the owner died, and a second later another node began.
    for length in [1, 2, 3, 5, 10] {
        let camera = steady(60, Pictures::Loop(length));
        let (owner, next) = (recording(1, 0.0, 0.5), recording(2, 0.52, 1.0));
        let recorded = [owner.of(&camera), next.of(&camera)];
        let expected: Vec<_> = [&recorded[0].moments[..], &recorded[1].moments].concat();
        assert_eq!(moments(&shown(&recorded)), expected, "a loop of {length}");
        // Nor where the same node starts again.
        let (before, after) = (recording(1, 0.0, 0.5), recording(1, 0.52, 1.0));
        let recorded = [before.of(&camera), after.of(&camera)];
        assert_eq!(moments(&shown(&recorded)), expected, "a loop of {length}, one node");
    }
}

#[test]
fn a_track_that_is_still_written_is_not_left_for_what_is_newer_by_a_moment() {
    let camera = steady(50, Pictures::Unique);
    let (owner, twin) = (recording(1, 0.0, 0.95), recording(2, 0.0, 1.0));
    let mut recorded = [owner.of(&camera), twin.of(&camera)];
    assert_eq!(shown(&recorded).last().unwrap().0, 1);
    recorded[0].track.open = true;
    recorded[1].track.open = true;
    // Which of the two is shown is told by which one is longer now; then it stays.
    let (owner, twin) = (recording(1, 0.0, 0.95), recording(2, 0.1, 1.0));
    let mut recorded = [owner.of(&camera), twin.of(&camera)];
    recorded[0].track.open = true;
    assert!(shown(&recorded).iter().all(|(track, _)| *track == 0), "5 seconds may still come");
    let mut recorded = [self::recording(1, 0.0, 0.5).of(&camera), self::recording(2, 0.1, 1.0).of(&camera)];
    recorded[0].track.open = true;
    assert_eq!(moments(&shown(&recorded)), all(&camera), "50 seconds will not");
}

#[test]
fn the_clock_of_the_node_that_began_earlier_may_be_ahead() {
    let camera = steady(50, Pictures::Unique);
    let (mut early, late) = (recording(1, 0.0, 0.6), recording(2, 0.02, 1.0));
    early.shift_us = 4_000_000;
    assert_eq!(moments(&shown(&[early.of(&camera), late.of(&camera)])), all(&camera));
}

#[test]
fn without_hashes_wall_time_decides_and_a_switch_is_at_a_keyframe() {
    let camera = steady(50, Pictures::Unknown);
    let (owner, mut twin) = (recording(1, 0.0, 0.51), recording(2, 0.2, 1.0));
    twin.shift_us = 60_000;
    assert_eq!(moments(&shown(&[owner.of(&camera), twin.of(&camera)])), all(&camera));
    twin.shift_us = 1_300_000;
    let shown = shown(&[owner.of(&camera), twin.of(&camera)]);
    let switch = shown.windows(2).find(|pair| pair[0].0 != pair[1].0).unwrap();
    assert_eq!(switch[1].1.1, 0);
}

fn camera(pictures: impl Strategy<Value = Pictures>) -> impl Strategy<Value = Camera> {
    let gop = prop_oneof![
        Just(vec![1000]),
        Just(vec![500]),
        Just(vec![1000, 1000]),
        Just(vec![1000, 1000, 700]),
        Just(vec![1000; 5])
    ];
    (prop::collection::vec(gop, 20..60), pictures).prop_map(|(gops, pictures)| Camera { gops, pictures })
}

fn recordings(shifts: i64) -> impl Strategy<Value = Vec<Recording>> {
    let holes = prop::collection::vec((0.0..1.0_f64, 1..8_usize), 0..4);
    let one = (0.0..0.7_f64, 0.2..1.0_f64, holes, -shifts..=shifts, -5_000..5_000_i64);
    prop::collection::vec(one, 1..4).prop_map(|all| {
        let one = |(node, (from, length, holes, shift_us, jitter_us))| {
            let to = f64::min(1.0, from + length);
            Recording { node: node as u128 + 1, from, to, holes, shift_us, jitter_us }
        };
        all.into_iter().enumerate().map(one).collect()
    })
}

/// Nothing twice, in order, switched at keyframes, and every GOP that any track holds whole is shown whole.
fn check(camera: &Camera, recorded: &[Recorded]) -> Result<(), TestCaseError> {
    let shown = shown(recorded);
    for pair in shown.windows(2) {
        prop_assert!(pair[0].1 < pair[1].1, "{:?} before {:?}", pair[0], pair[1]);
        prop_assert!(pair[0].0 == pair[1].0 || pair[1].1.1 == 0, "a switch at {:?}", pair[1]);
    }
    for gop in recorded.iter().flat_map(|recorded| whole(camera, recorded)) {
        let count = shown.iter().filter(|(_, moment)| moment.0 == gop).count();
        prop_assert_eq!(count, camera.gops[gop as usize].len(), "GOP {} is shown in part", gop);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, max_global_rejects: 30_000, ..ProptestConfig::default() })]

    #[test]
    fn pictures_that_differ_bring_tracks_together_whatever_their_clocks(
        camera in camera(Just(Pictures::Unique)), recordings in recordings(2_400_000)
    ) {
        // Where nothing of two tracks is the same, nothing tells how their clocks differ: only those that share a keyframe.
        let recorded: Vec<_> = recordings.iter().map(|recording| recording.of(&camera)).collect();
        prop_assume!(share(&recorded));
        check(&camera, &recorded)?;
    }

    #[test]
    fn repeating_pictures_and_unknown_ones_do_no_harm_while_clocks_are_right(
        camera in camera(repeating()),
        recordings in recordings(60_000)
    ) {
        let recorded: Vec<_> = recordings.iter().map(|recording| recording.of(&camera)).collect();
        check(&camera, &recorded)?;
    }

    #[test]
    fn whatever_the_tracks_a_merge_ends_and_repeats_no_fragment(
        camera in camera(repeating()),
        recordings in recordings(9_000_000)
    ) {
        let recorded: Vec<_> = recordings.iter().map(|recording| recording.of(&camera)).collect();
        let tracks: Vec<_> = recorded.iter().map(|recorded| recorded.track.clone()).collect();
        let chosen = merge(&tracks);
        let mut once = chosen.clone();
        once.sort_unstable();
        once.dedup();
        prop_assert_eq!(once.len(), chosen.len());
    }
}

fn repeating() -> impl Strategy<Value = Pictures> {
    prop_oneof![Just(Pictures::Unknown), (1..12_u64).prop_map(Pictures::Loop)]
}

/// Whether every two tracks hold a common keyframe, and no two hold none around any hole: within half a minute.
fn share(recorded: &[Recorded]) -> bool {
    let keys = |recorded: &Recorded| -> std::collections::BTreeSet<u64> {
        recorded.moments.iter().filter(|(_, number)| *number == 0).map(|(gop, _)| *gop).collect()
    };
    recorded.iter().all(|one| recorded.iter().all(|other| keys(one).intersection(&keys(other)).count() >= 8))
}
