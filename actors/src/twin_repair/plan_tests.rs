use std::collections::BTreeSet;

use eyrie_storage::store::SecondCopy;
use eyrie_types::{
    CameraId, Epoch, FragmentEntry, NodeId, Placement, SegmentId, SegmentRow, SegmentState, Slot, TenantId, TimeRange,
    WallTime,
};
use proptest::prelude::*;

use super::plan::{Fetch, Plan, Scene, chosen, plan};

fn at(s: i64) -> WallTime {
    WallTime::from_unix_us(1_767_225_600_000_000 + s * 1_000_000)
}

fn range(start: i64, end: i64) -> TimeRange {
    TimeRange { start: at(start), end: at(end) }
}

fn node(n: u128) -> NodeId {
    NodeId::from_uuid(uuid::Uuid::from_u128(n))
}

fn segment(n: u128) -> SegmentId {
    SegmentId::from_uuid(uuid::Uuid::from_u128(n))
}

/// Segment `id`, recorded by node `by`.
fn row(id: u128, by: u128, runs: &[(i64, i64)]) -> SegmentRow {
    let runs: Vec<TimeRange> = runs.iter().map(|(start, end)| range(*start, *end)).collect();
    SegmentRow {
        placement: Placement {
            tenant: TenantId::default_tenant(),
            camera: CameraId::from_uuid(uuid::Uuid::from_u128(1)),
            slot: Slot::OWNER,
            epoch: Epoch::new(0, id as u32 + 1).unwrap(),
        },
        segment: segment(id),
        node: node(by),
        state: SegmentState::Closed,
        start: runs[0].start,
        end: runs[runs.len() - 1].end,
        runs,
        fragments: 1,
        bytes: 1,
        key: None,
        merkle_root: None,
    }
}

fn copy(of: &SegmentRow, at: u128, runs: &[(i64, i64)]) -> SecondCopy {
    let runs = runs.iter().map(|(start, end)| range(*start, *end)).collect();
    SecondCopy { runs, ..SecondCopy::empty(of, node(at), "disk") }
}

struct Told {
    lost: BTreeSet<NodeId>,
    silent: BTreeSet<NodeId>,
    avoided: BTreeSet<(SegmentId, NodeId)>,
}

fn planned(me: u128, placed: &[u128], rows: &[SegmentRow], copies: &[SecondCopy], told: &Told) -> Plan {
    let placed: Vec<NodeId> = placed.iter().map(|n| node(*n)).collect();
    let Told { lost, silent, avoided } = told;
    plan(&Scene { me: node(me), placed: &placed, lost, silent, rows, copies, avoided, range: range(0, 1_000) })
}

fn all_well() -> Told {
    Told { lost: BTreeSet::new(), silent: BTreeSet::new(), avoided: BTreeSet::new() }
}

fn fetch(of: u128, from: u128, ranges: &[(i64, i64)]) -> Fetch {
    let ranges = ranges.iter().map(|(start, end)| range(*start, *end)).collect();
    Fetch { segment: segment(of), from: node(from), ranges }
}

#[test]
fn what_a_node_missed_or_lost_comes_from_its_twin_and_what_both_have_is_left_alone() {
    // Node 1 has a hole, and node 2 began late.
    let rows = [row(1, 1, &[(0, 100), (110, 200)]), row(2, 2, &[(50, 200)])];
    assert_eq!(planned(1, &[1, 2], &rows, &[], &all_well()).fetches, [fetch(2, 2, &[(100, 110)])]);
    let twin = planned(2, &[1, 2], &rows, &[], &all_well());
    assert_eq!(twin.fetches, [fetch(1, 1, &[(0, 50)])]);
    assert_eq!(twin.single_since, Some(at(0)));
    let copies = [copy(&rows[1], 1, &[(95, 115)]), copy(&rows[0], 2, &[(0, 55)])];
    for me in [1, 2] {
        assert_eq!(planned(me, &[1, 2], &rows, &copies, &all_well()), Plan::default());
    }
}

#[test]
fn what_a_lost_node_held_gets_a_second_copy_on_the_node_that_is_twin_now_and_not_before_it_is_given_up() {
    let rows = [row(1, 1, &[(0, 100)]), row(2, 2, &[(0, 100)]), row(3, 3, &[(100, 200)]), row(4, 1, &[(100, 200)])];
    let silent = Told { silent: [node(2)].into(), ..all_well() };
    assert_eq!(planned(3, &[1, 3], &rows, &[], &silent).fetches, []);
    assert_eq!(planned(3, &[1, 3], &rows, &[], &silent).single_since, Some(at(0)), "it does not answer");
    let lost = Told { lost: [node(2)].into(), ..all_well() };
    assert_eq!(planned(3, &[1, 3], &rows, &[], &lost).fetches, [fetch(1, 1, &[(0, 100)])]);
    assert_eq!(planned(1, &[1, 3], &rows, &[], &lost), Plan { single_since: Some(at(0)), ..Plan::default() });
    assert_eq!(planned(4, &[1, 3], &rows, &[], &lost).fetches, [], "it is no twin of this camera");
}

#[test]
fn where_both_nodes_of_a_camera_lack_it_the_owner_takes_it() {
    let rows = [row(1, 9, &[(0, 100)]), row(2, 2, &[(100, 200)])];
    assert_eq!(
        planned(1, &[1, 2], &rows, &[], &all_well()).fetches,
        [fetch(1, 9, &[(0, 100)]), fetch(2, 2, &[(100, 200)])]
    );
    assert_eq!(planned(2, &[1, 2], &rows, &[], &all_well()).fetches, []);
    let owner_is_away = Told { silent: [node(1)].into(), ..all_well() };
    assert_eq!(planned(2, &[1, 2], &rows, &[], &owner_is_away).fetches, [fetch(1, 9, &[(0, 100)])]);
}

#[test]
fn whoever_failed_is_not_asked_again_yet_and_another_is() {
    let rows = [row(1, 1, &[(0, 10)]), row(2, 2, &[(0, 100)])];
    let copies = [copy(&rows[1], 3, &[(0, 60)])];
    let lost = Told { lost: [node(3)].into(), ..all_well() };
    assert_eq!(planned(1, &[1, 2], &rows, &copies, &lost).fetches, [fetch(2, 2, &[(10, 100)])]);
    let avoided = Told { avoided: [(segment(2), node(2))].into(), ..all_well() };
    // Two others hold the first minute.
    let plan = planned(1, &[1, 2], &rows, &copies, &avoided);
    assert_eq!((plan.fetches, plan.lacking), (vec![], vec![range(60, 100)]));
}

#[test]
fn whole_groups_of_pictures_are_chosen_with_slack_for_clocks() {
    let entry = |number: u32| FragmentEntry {
        number,
        offset: 0,
        length: 1,
        start: at(number.into()),
        duration_us: 1_000_000,
        starts_gop: number.is_multiple_of(4),
        discontinuity: false,
        leaf: [0; 32],
        stored_hash: [0; 32],
        keyframe_hash: [0; 16],
    };
    let table: Vec<_> = (0..60).map(entry).collect();
    let numbers = |ranges: &[TimeRange]| {
        let chosen = chosen(&table, ranges, |entry| entry.number != 30, |entry| entry.number == 29);
        chosen.iter().map(|entry| entry.number).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&[range(30, 31)]), [24, 25, 26, 27, 28, 31, 32, 33, 34, 35]);
    assert_eq!(numbers(&[range(90, 91)]), [0u32; 0]);
}

proptest! {
    /// Whatever was lost: when each has carried out what it was told, nobody is told anything more, and what any living node holds,
    /// two do.
    #[test]
    fn plans_come_to_an_end_with_two_copies(
        tracks in prop::collection::vec((1u128..=4, 0i64..900, 1i64..200), 1..12),
        lost in prop::option::of(1u128..=4),
    ) {
        let rows: Vec<_> = tracks.iter().enumerate().map(|(i, (by, start, length))| {
            row(i as u128 + 1, *by, &[(*start, (start + length).min(1_000))])
        }).collect();
        let told = Told { lost: lost.map(node).into_iter().collect(), ..all_well() };
        let placed: Vec<u128> = (1..=4).filter(|n| Some(*n) != lost).take(2).collect();
        let mut copies: Vec<SecondCopy> = Vec::new();
        for me in placed.iter().chain(&placed) {
            for fetch in planned(*me, &placed, &rows, &copies, &told).fetches {
                let of = rows.iter().find(|row| row.segment == fetch.segment).unwrap();
                let mut copy = SecondCopy::empty(of, node(*me), "disk");
                copy.runs = fetch.ranges;
                copies.push(copy);
            }
        }
        for me in &placed {
            let plan = planned(*me, &placed, &rows, &copies, &told);
            prop_assert_eq!(plan, Plan::default(), "{}", me);
        }
    }
}
