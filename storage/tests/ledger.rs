//! The gap ledger: examples of each cause, and the invariants that hold for any rows.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::time::Duration;

use eyrie_storage::ledger::{
    Evidence, GAP_MIN, LATE_TAIL_GRACE, Ledger, LedgerRows, NodeRun, OPEN_TAIL_GRACE, SpecChange, expected, gaps, spans,
};
use eyrie_types::{
    CameraId, Epoch, Gap, GapCause, Incident, NodeId, Placement, RecordingMode, SegmentId, SegmentRow, SegmentState,
    Slot, TenantId, TimeRange, WallTime,
};
use proptest::prelude::*;

/// All examples live in milliseconds after this moment.
const T0_US: i64 = 1_767_225_600_000_000;

fn at(ms: i64) -> WallTime {
    WallTime::from_unix_us(T0_US + ms * 1000)
}

fn range(start: i64, end: i64) -> TimeRange {
    TimeRange { start: at(start), end: at(end) }
}

fn epoch(counter: u32) -> Epoch {
    Epoch::new(0, counter).unwrap()
}

fn row(slot: u8, counter: u32, runs: &[(i64, i64)]) -> SegmentRow {
    let runs: Vec<TimeRange> = runs.iter().map(|&(start, end)| range(start, end)).collect();
    SegmentRow {
        placement: Placement {
            tenant: TenantId::default(),
            camera: CameraId::from_uuid(Default::default()),
            slot: Slot(slot),
            epoch: epoch(counter),
        },
        segment: SegmentId::from_uuid(Default::default()),
        node: NodeId::from_uuid(Default::default()),
        state: SegmentState::Closed,
        start: runs.first().map_or(at(0), |run| run.start),
        end: runs.last().map_or(at(0), |run| run.end),
        fragments: 1,
        bytes: 1,
        key: None,
        merkle_root: None,
        runs,
    }
}

fn change(ms: i64, enabled: bool) -> SpecChange {
    SpecChange { at: at(ms), enabled, mode: RecordingMode::Continuous }
}

fn incident(cause: GapCause, start: i64, end: Option<i64>) -> Incident {
    Incident { slot: Slot(0), epoch: epoch(1), cause, start: at(start), end: end.map(at) }
}

fn seen(gaps: &[Gap]) -> Vec<(i64, i64, GapCause)> {
    let ms = |time: WallTime| time.signed_us_since(at(0)) / 1000;
    gaps.iter().map(|gap| (ms(gap.start), ms(gap.end), gap.cause)).collect()
}

fn footage(rows: &[SegmentRow], within: TimeRange) -> Vec<(i64, i64, usize)> {
    let ms = |time: WallTime| time.signed_us_since(at(0)) / 1000;
    spans(rows, within).iter().map(|span| (ms(span.start), ms(span.end), span.sources.len())).collect()
}

#[test]
fn segments_closer_than_the_gap_rule_are_one_span_and_farther_ones_are_two() {
    let rows = [row(0, 1, &[(0, 10_000)]), row(0, 1, &[(10_500, 20_000)]), row(0, 1, &[(20_501, 30_000)])];
    assert_eq!(footage(&rows, range(0, 60_000)), vec![(0, 20_000, 1), (20_501, 30_000, 1)]);
}

#[test]
fn a_new_epoch_right_after_the_old_one_leaves_no_hole() {
    let rows = [row(0, 2, &[(10_300, 20_000)]), row(0, 1, &[(0, 10_000)])];
    assert_eq!(footage(&rows, range(0, 60_000)), vec![(0, 10_300, 1), (10_300, 20_000, 1)]);
}

#[test]
fn spans_split_where_the_twin_comes_and_goes() {
    let rows = [row(0, 1, &[(0, 30_000)]), row(1, 2, &[(10_000, 20_000)])];
    assert_eq!(footage(&rows, range(0, 60_000)), vec![(0, 10_000, 1), (10_000, 20_000, 2), (20_000, 30_000, 1)]);
}

#[test]
fn the_ends_of_the_range_cut_spans_and_change_nothing_else() {
    let rows = [row(0, 1, &[(0, 10_000), (10_400, 20_000)])];
    assert_eq!(footage(&rows, range(10_200, 15_000)), vec![(10_200, 15_000, 1)]);
}

#[test]
fn footage_is_expected_while_the_spec_is_on_and_never_beyond_now() {
    let changes = [change(10_000, true), change(20_000, true), change(30_000, false), change(40_000, true)];
    assert_eq!(expected(&changes, range(0, 90_000), at(50_000)), vec![range(10_000, 30_000), range(40_000, 50_000)]);
    let off = SpecChange { mode: RecordingMode::Off, ..change(0, true) };
    assert_eq!(expected(&[off], range(0, 90_000), at(50_000)), vec![]);
}

/// The gaps of a camera that was on since long ago, with footage in `runs`, on a node that ran all the time.
fn gaps_with(runs: &[(i64, i64)], incidents: &[Incident]) -> Vec<(i64, i64, GapCause)> {
    let within = range(0, 100_000);
    let spans = spans(&[row(0, 1, runs)], within);
    let up = [NodeRun { start: at(-900_000), last_alive: at(900_000) }];
    let changes = [change(-800_000, true)];
    let evidence = Evidence { incidents, node_runs: &up, spec_changes: &changes, out_of_reach: &[] };
    seen(&gaps(&expected(&changes, within, at(900_000)), &spans, &evidence, at(900_000)))
}

#[test]
fn an_incident_noticed_late_explains_the_whole_gap_beside_it() {
    let silent = incident(GapCause::CameraSilent, 41_900, Some(50_000));
    let gaps = gaps_with(&[(0, 40_000), (51_500, 100_000)], &[silent]);
    assert_eq!(gaps, vec![(40_000, 51_500, GapCause::CameraSilent)]);
}

#[test]
fn a_gap_is_split_where_its_cause_changes_and_the_rest_is_unknown() {
    let silent = incident(GapCause::CameraSilent, 40_000, Some(50_000));
    let unreachable = incident(GapCause::CameraUnreachable, 50_000, Some(60_000));
    let gaps = gaps_with(&[(0, 40_000), (70_000, 100_000)], &[unreachable, silent]);
    // Up to 62 s: what follows an incident within slack is still its doing.
    let expected = vec![
        (40_000, 50_000, GapCause::CameraSilent),
        (50_000, 62_000, GapCause::CameraUnreachable),
        (62_000, 70_000, GapCause::Unknown),
    ];
    assert_eq!(gaps, expected);
}

#[test]
fn a_full_disk_is_believed_before_a_camera_in_trouble() {
    let full = incident(GapCause::DiskFull, 40_000, Some(60_000));
    let gone = incident(GapCause::CameraUnreachable, 30_000, Some(80_000));
    let gaps = gaps_with(&[(0, 40_000), (80_000, 100_000)], &[gone, full]);
    assert_eq!(gaps, vec![(40_000, 60_000, GapCause::DiskFull), (60_000, 80_000, GapCause::CameraUnreachable)]);
}

#[test]
fn an_incident_during_which_footage_was_recorded_makes_no_gap() {
    assert_eq!(gaps_with(&[(0, 100_000)], &[incident(GapCause::PacketsLost, 10_000, None)]), vec![]);
}

#[test]
fn a_killed_node_explains_the_unsynced_tail_its_absence_and_the_start_after_it() {
    let rows = LedgerRows {
        spec_changes: vec![change(-500_000, true)],
        segments: vec![row(0, 1, &[(0, 39_000)]), row(0, 2, &[(62_500, 100_000)])],
        deleted: vec![],
        copies: vec![],
        incidents: vec![],
        node_runs: vec![
            NodeRun { start: at(-600_000), last_alive: at(40_000) },
            NodeRun { start: at(60_000), last_alive: at(103_000) },
        ],
    };
    let ledger = Ledger::of(&rows, range(0, 100_000), at(103_000));
    assert_eq!(seen(&ledger.gaps), vec![(39_000, 60_000, GapCause::NodeDown), (60_000, 62_500, GapCause::Starting)]);
    assert_eq!(ledger.summary.missing_us, 23_500_000);
    assert_eq!(ledger.summary.missing_us_by_cause[&GapCause::Starting], 2_500_000);
    assert_eq!((ledger.summary.durable_us, ledger.summary.pending_us), (76_500_000, 0));
}

#[test]
fn what_a_silent_node_alone_holds_is_out_of_reach_and_what_its_twin_has_is_not() {
    let (silent, twin) = (NodeId::generate(), NodeId::generate());
    let on = |node: NodeId, row: SegmentRow| SegmentRow { node, ..row };
    let rows = LedgerRows {
        spec_changes: vec![change(-500_000, true)],
        segments: vec![on(silent, row(0, 1, &[(0, 50_000)])), on(twin, row(1, 2, &[(30_000, 70_000)]))],
        incidents: vec![incident(GapCause::CameraSilent, 70_000, Some(90_000))],
        ..LedgerRows::default()
    };
    let within = range(0, 90_000);
    let shown = Ledger::shown(&rows, &[silent].into(), within, at(200_000));
    let causes = vec![(0, 30_000, GapCause::NodeUnreachable), (70_000, 90_000, GapCause::CameraSilent)];
    assert_eq!(seen(&shown.gaps), causes);
    let ms = |time: WallTime| time.signed_us_since(at(0)) / 1000;
    let spans = |ledger: &Ledger| -> Vec<_> {
        let spans = ledger.spans.iter();
        spans.map(|span| (ms(span.start), ms(span.end), span.available, span.sources.len())).collect()
    };
    let told = [(0, 30_000, false, 1), (30_000, 50_000, true, 2), (50_000, 70_000, true, 1)];
    assert_eq!(spans(&shown), told);
    let us = (shown.summary.durable_us, shown.summary.missing_us, shown.summary.expected_us);
    assert_eq!(us, (40_000_000, 50_000_000, 90_000_000));
    // The account itself knows of no node that does not answer: each second counts once.
    let kept = Ledger::of(&rows, within, at(200_000));
    assert_eq!(seen(&kept.gaps), vec![(70_000, 90_000, GapCause::CameraSilent)]);
    assert_eq!((kept.summary.durable_us, kept.summary.missing_us), (70_000_000, 20_000_000));
    assert!(kept.spans.iter().all(|span| span.available));
    assert_eq!(Ledger::shown(&rows, &[].into(), within, at(200_000)), kept);
}

#[test]
fn what_retention_deleted_is_neither_durable_nor_missing_and_what_was_missing_stays_so() {
    let all = [row(0, 1, &[(0, 20_000), (30_000, 39_900)]), row(0, 1, &[(40_000, 90_000)])];
    let before = LedgerRows {
        spec_changes: vec![change(-500_000, true)],
        segments: all.to_vec(),
        incidents: vec![incident(GapCause::CameraSilent, 20_000, Some(30_000))],
        ..LedgerRows::default()
    };
    let after = LedgerRows {
        segments: all[1..].to_vec(),
        deleted: vec![range(0, 20_000), range(30_000, 39_900)],
        ..before.clone()
    };
    let ledger = |rows: &LedgerRows| Ledger::of(rows, range(0, 90_000), at(200_000));
    let (before, after) = (ledger(&before), ledger(&after));
    assert_eq!(seen(&before.gaps), vec![(20_000, 30_000, GapCause::CameraSilent)]);
    assert_eq!(after.gaps, before.gaps, "deleting footage makes no gap and hides none");
    assert_eq!(after.deleted, vec![range(0, 20_000), range(30_000, 39_900)]);
    let numbers = |ledger: &Ledger| {
        let summary = &ledger.summary;
        (summary.expected_us, summary.durable_us, summary.deleted_us, summary.missing_us, summary.pending_us)
    };
    assert_eq!(numbers(&before), (90_000_000, 80_000_000, 0, 10_000_000, 0));
    assert_eq!(numbers(&after), (90_000_000, 50_000_000, 30_000_000, 10_000_000, 0));
}

#[test]
fn a_camera_just_added_is_starting_until_its_first_frame_and_not_for_ever() {
    let rows = LedgerRows { spec_changes: vec![change(0, true)], ..LedgerRows::default() };
    let ledger = Ledger::of(&rows, range(-50_000, 90_000), at(90_000));
    assert_eq!(seen(&ledger.gaps), vec![(0, 60_000, GapCause::Starting), (60_000, 87_000, GapCause::Unknown)]);
}

#[test]
fn a_loss_soon_after_the_first_frame_is_not_put_down_to_starting() {
    let rows = LedgerRows {
        spec_changes: vec![change(0, true)],
        segments: vec![row(0, 1, &[(1_000, 10_000), (20_000, 50_000)])],
        ..LedgerRows::default()
    };
    let ledger = Ledger::of(&rows, range(0, 50_000), at(90_000));
    assert_eq!(seen(&ledger.gaps), vec![(0, 1_000, GapCause::Starting), (10_000, 20_000, GapCause::Unknown)]);
}

#[test]
fn what_is_still_on_its_way_to_the_disk_is_no_gap() {
    let rows = LedgerRows {
        spec_changes: vec![change(-50_000, true)],
        segments: vec![row(0, 1, &[(0, 47_500)])],
        ..LedgerRows::default()
    };
    let ledger = Ledger::of(&rows, range(0, 90_000), at(50_000));
    assert_eq!(ledger.gaps, vec![]);
    assert_eq!(ledger.summary.pending_us, 2_500_000);
}

#[test]
fn a_tail_that_is_only_late_is_no_gap_unless_something_explains_it() {
    let late = |incidents: Vec<Incident>, now| {
        let segments = vec![row(0, 1, &[(0, 40_000)])];
        let spec_changes = vec![change(-50_000, true)];
        let rows = LedgerRows { spec_changes, segments, incidents, ..LedgerRows::default() };
        seen(&Ledger::of(&rows, range(0, 90_000), at(now)).gaps)
    };
    assert_eq!(late(vec![], 51_900), vec![], "the disk may be busy");
    assert_eq!(late(vec![], 52_000), vec![(40_000, 49_000, GapCause::Unknown)]);
    let slow = incident(GapCause::DiskSlow, 40_000, None);
    assert_eq!(late(vec![slow], 50_000), vec![(40_000, 47_000, GapCause::DiskSlow)]);
}

fn any_rows() -> impl Strategy<Value = LedgerRows> {
    let run = (0i64..100_000, 1i64..20_000);
    let segments = prop::collection::vec((0u8..2, 1u32..4, prop::collection::vec(run, 0..6)), 0..8);
    let changes = prop::collection::vec((0i64..100_000, any::<bool>()), 0..6);
    let cause = prop::sample::select(GapCause::ALL.to_vec());
    let incidents = prop::collection::vec((cause, 0i64..100_000, prop::option::of(0i64..30_000)), 0..8);
    let runs = prop::collection::vec((0i64..100_000, 0i64..50_000), 0..4);
    (segments, changes, incidents, runs).prop_map(|(segments, mut changes, incidents, mut node_runs)| {
        changes.sort_unstable();
        node_runs.sort_unstable();
        LedgerRows {
            spec_changes: changes.into_iter().map(|(ms, on)| change(ms, on)).collect(),
            segments: segments
                .into_iter()
                .map(|(slot, epoch, runs)| {
                    let runs: Vec<_> = runs.into_iter().map(|(start, length)| (start, start + length)).collect();
                    row(slot, epoch, &runs)
                })
                .collect(),
            deleted: Vec::new(),
            copies: Vec::new(),
            incidents: incidents
                .into_iter()
                .map(|(cause, start, length)| incident(cause, start, length.map(|length| start + length)))
                .collect(),
            node_runs: node_runs
                .into_iter()
                .map(|(start, length)| NodeRun { start: at(start), last_alive: at(start + length) })
                .collect(),
        }
    })
}

proptest! {
    #[test]
    fn spans_and_gaps_account_for_every_expected_microsecond_once(
        rows in any_rows(), from in 0i64..60_000, length in 1i64..80_000, now in 0i64..150_000,
    ) {
        let (within, now) = (range(from, from + length), at(now));
        let ledger = Ledger::of(&rows, within, now);
        let spans: Vec<TimeRange> = ledger.spans.iter().map(|s| TimeRange { start: s.start, end: s.end }).collect();
        let gaps: Vec<TimeRange> = ledger.gaps.iter().map(|g| TimeRange { start: g.start, end: g.end }).collect();
        // Sorted, apart, inside the range, none empty.
        for ranges in [&spans, &gaps, &ledger.expected] {
            prop_assert!(ranges.iter().all(|r| r.start < r.end && r.start >= within.start && r.end <= within.end));
            prop_assert!(ranges.windows(2).all(|pair| pair[0].end <= pair[1].start));
        }
        for span in &ledger.spans {
            prop_assert!(!span.sources.is_empty() && span.sources.windows(2).all(|pair| pair[0] < pair[1]));
        }
        // A gap is expected, and no footage is in it.
        for gap in &gaps {
            prop_assert!(spans.iter().all(|span| span.intersect(gap).is_none()));
            prop_assert!(ledger.expected.iter().any(|stretch| stretch.intersect(gap) == Some(*gap)));
            prop_assert!(gap.end <= now - OPEN_TAIL_GRACE);
        }
        for pair in ledger.gaps.windows(2) {
            prop_assert!(pair[0].end < pair[1].start || pair[0].cause != pair[1].cause);
        }
        // Taken out of what was expected, both leave nothing but the tail.
        let mut known: Vec<TimeRange> = spans.iter().chain(&gaps).copied().collect();
        known.sort_unstable();
        let mut pending = Duration::ZERO;
        for stretch in &ledger.expected {
            for left in stretch.subtract(&known) {
                prop_assert!(left.start >= now - LATE_TAIL_GRACE, "{left:?} is neither footage nor gap");
                pending += left.duration();
            }
        }
        let summary = &ledger.summary;
        prop_assert_eq!(u128::from(summary.pending_us), pending.as_micros());
        prop_assert_eq!(summary.expected_us, summary.durable_us + summary.missing_us + summary.pending_us);
        prop_assert_eq!(summary.missing_us, summary.missing_us_by_cause.values().sum::<u64>());
    }

    #[test]
    fn every_run_is_in_a_span_of_its_source(rows in any_rows()) {
        let all = spans(&rows.segments, range(0, 200_000));
        for row in &rows.segments {
            for run in &row.runs {
                let of_source = |span: &&eyrie_types::Span| {
                    span.sources.iter().any(|s| (s.slot, s.epoch) == (row.placement.slot, row.placement.epoch))
                };
                let holding: Vec<TimeRange> =
                    all.iter().filter(of_source).map(|s| TimeRange { start: s.start, end: s.end }).collect();
                prop_assert_eq!(run.subtract(&holding), vec![]);
            }
        }
        for pair in all.windows(2) {
            let hole = pair[1].start.since(pair[0].end);
            prop_assert!(hole == Duration::ZERO || hole > GAP_MIN);
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter(rows in any_rows(), now in 0i64..150_000) {
        let mut reversed = rows.clone();
        reversed.segments.reverse();
        reversed.incidents.reverse();
        let within = range(0, 120_000);
        prop_assert_eq!(Ledger::of(&rows, within, at(now)), Ledger::of(&reversed, within, at(now)));
    }
}
