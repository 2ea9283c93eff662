use std::time::Duration;

use eyrie_types::{CameraId, Epoch, NodeId, Placement, SegmentId, SegmentRow, SegmentState, Slot, TenantId, WallTime};

use super::plan::{Excess, Holding, PLAN_SEGMENTS_MAX, Rules, plan};

const HOUR: i64 = 3_600_000_000;
const MIB: u64 = 1 << 20;

fn camera(n: u128) -> CameraId {
    CameraId::from_uuid(uuid::Uuid::from_u128(n))
}

/// Hours since 2026-01-01.
fn at(hour: i64) -> WallTime {
    WallTime::from_unix_us(1_767_225_600_000_000 + hour * HOUR)
}

fn row(n: u128, hour: i64) -> SegmentRow {
    let (tenant, epoch) = (TenantId::default_tenant(), Epoch::new(0, 1).unwrap());
    SegmentRow {
        placement: Placement { tenant, camera: camera(n), slot: Slot::OWNER, epoch },
        segment: SegmentId::generate(),
        node: NodeId::generate(),
        state: SegmentState::Closed,
        start: at(hour),
        end: at(hour + 1),
        runs: Vec::new(),
        fragments: 0,
        bytes: 10 * MIB,
        key: None,
        merkle_root: None,
    }
}

/// A camera with an hour of 10 MiB at each of `hours`, and one that still grows.
fn holding(n: u128, rules: Rules, hours: impl IntoIterator<Item = i64>) -> Holding {
    let oldest: Vec<_> = hours.into_iter().map(|hour| (row(n, hour), 0)).collect();
    let bytes = (oldest.len() as u64 + 1) * 10 * MIB;
    Holding { tenant: TenantId::default_tenant(), camera: camera(n), rules, bytes, oldest, more: false }
}

fn planned(now: i64, holdings: &[Holding], excess: Excess) -> String {
    plan(at(now), holdings, &excess).to_string()
}

fn age(hours: u64) -> Rules {
    Rules { max_age: Some(Duration::from_secs(hours * 3600)), ..Rules::default() }
}

#[test]
fn nothing_goes_while_no_rule_asks_for_it() {
    let holdings = [holding(1, Rules::default(), 0..5), holding(2, age(100), 0..5)];
    assert_eq!(planned(10, &holdings, Excess::default()), "delete 0 segments, 0B\n");
}

#[test]
fn a_segment_goes_once_all_of_it_is_too_old() {
    assert_eq!(
        planned(10, &[holding(1, age(8), 0..5)], Excess::default()),
        "\
delete 2 segments, 20MiB
  default/00000000-0000-0000-0000-000000000001
    2026-01-01T00:00:00.000000Z to 2026-01-01T01:00:00.000000Z, 10MiB: older than it is kept
    2026-01-01T01:00:00.000000Z to 2026-01-01T02:00:00.000000Z, 10MiB: older than it is kept
"
    );
}

#[test]
fn a_camera_that_takes_too_much_loses_its_oldest_and_others_lose_nothing() {
    let rules = Rules { max_bytes: Some(35 * MIB), ..Rules::default() };
    assert_eq!(
        planned(10, &[holding(1, rules, 3..6), holding(2, Rules::default(), 0..5)], Excess::default()),
        "\
delete 1 segments, 10MiB
  default/00000000-0000-0000-0000-000000000001
    2026-01-01T03:00:00.000000Z to 2026-01-01T04:00:00.000000Z, 10MiB: the camera takes more than it may
"
    );
}

#[test]
fn room_is_made_by_the_oldest_of_all_cameras_and_what_goes_by_age_counts() {
    let holdings = [holding(1, age(9), [0, 4, 5]), holding(2, Rules::default(), [2, 3, 6])];
    let excess = Excess { node: 15 * MIB, disks: vec![25 * MIB] };
    assert_eq!(
        planned(10, &holdings, excess),
        "\
delete 3 segments, 30MiB
  default/00000000-0000-0000-0000-000000000001
    2026-01-01T00:00:00.000000Z to 2026-01-01T01:00:00.000000Z, 10MiB: older than it is kept
  default/00000000-0000-0000-0000-000000000002
    2026-01-01T02:00:00.000000Z to 2026-01-01T03:00:00.000000Z, 10MiB: to make room on its disk
    2026-01-01T03:00:00.000000Z to 2026-01-01T04:00:00.000000Z, 10MiB: to make room on its disk
"
    );
}

#[test]
fn a_disk_is_not_helped_by_deleting_from_another() {
    let mut there = holding(1, Rules::default(), [0, 1]);
    there.oldest.iter_mut().for_each(|(_, disk)| *disk = 1);
    let excess = Excess { node: 0, disks: vec![5 * MIB, 0] };
    assert_eq!(
        planned(10, &[there, holding(2, Rules::default(), [5])], excess),
        "\
delete 1 segments, 10MiB
  default/00000000-0000-0000-0000-000000000002
    2026-01-01T05:00:00.000000Z to 2026-01-01T06:00:00.000000Z, 10MiB: to make room on its disk
"
    );
}

#[test]
fn what_is_short_when_all_that_may_go_is_gone_is_told() {
    let excess = Excess { node: 0, disks: vec![25 * MIB] };
    let text = planned(10, &[holding(1, Rules::default(), [0])], excess);
    assert!(text.ends_with("  15MiB short: nothing else may be deleted\n"), "{text}");
}

#[test]
fn nobodys_footage_goes_before_older_footage_that_was_not_read_yet() {
    let mut many = holding(1, Rules::default(), [0, 1]);
    many.more = true;
    let holdings = [many, holding(2, Rules::default(), [3])];
    let plan = plan(at(10), &holdings, &Excess { node: 0, disks: vec![100 * MIB] });
    assert_eq!((plan.size().0, plan.cut, plan.short_bytes), (2, true, 0), "{plan}");
    assert_eq!(plan.cameras.len(), 1, "{plan}");
}

#[test]
fn a_plan_is_bounded_and_says_that_more_follows() {
    let holdings = [holding(1, age(1), 0..300)];
    let plan = plan(at(1000), &holdings, &Excess::default());
    assert_eq!((plan.size().0, plan.cut), (PLAN_SEGMENTS_MAX, true));
    assert!(plan.to_string().ends_with("  and more, with the next plan\n"));
}
