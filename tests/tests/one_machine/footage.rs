use std::time::Duration;

use eyrie_tests::RecordedAu;
use eyrie_types::{GapCause, TimeRange, WallTime};
use serde_json::Value;

/// Pictures a second of the small clip.
pub(crate) const FPS: u64 = 25;
/// How far the ledger's clock may be off the camera's: the way of a picture through a loaded machine.
const CLOCK_SLACK: Duration = Duration::from_millis(800);
/// The shortest absence that is a gap, by the ledger's rule (500 ms), and what a picture's own length adds to it.
const GAP_MIN: Duration = Duration::from_millis(580);

/// Numbers of pictures that are on no disk, between two that are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hole {
    /// How many.
    pub(crate) missing: u64,
    /// From the sending of the one before to the sending of the one after.
    pub(crate) range: TimeRange,
}

/// The holes in the numbers of what was recorded; what was written twice counts once.
pub(crate) fn holes(aus: &[RecordedAu]) -> Vec<Hole> {
    let at = |us: u64| WallTime::from_unix_us(us as i64);
    let pairs = aus.windows(2).map(|pair| (pair[0].stamp, pair[1].stamp));
    let apart = pairs.filter(|(a, b)| b.number > a.number + 1);
    apart
        .map(|(a, b)| Hole {
            missing: b.number - a.number - 1,
            range: TimeRange { start: at(a.sent_unix_us), end: at(b.sent_unix_us) },
        })
        .collect()
}

/// The gaps of a ledger but for the start of the camera.
pub(crate) fn booked(ledger: &Value) -> Vec<(TimeRange, GapCause)> {
    let gaps = ledger["gaps"].as_array().cloned().unwrap_or_default();
    let read = |gap: &Value| -> Option<(TimeRange, GapCause)> {
        let time = |name: &str| gap[name].as_str()?.parse::<WallTime>().ok();
        Some((TimeRange { start: time("start")?, end: time("end")? }, GapCause::from_word(gap["cause"].as_str()?)?))
    };
    let gaps: Vec<_> = gaps.iter().map(|gap| read(gap).unwrap_or_else(|| panic!("no gap: {gap}"))).collect();
    gaps.into_iter().filter(|(_, cause)| *cause != GapCause::Starting).collect()
}

/// The ledger tells the truth about what lies on disk: each hole that is long enough to be a gap is booked, for as long as it
/// is, under causes out of `expected`, and nothing is booked where nothing is missing.
pub(crate) fn assert_told(ledger: &Value, aus: &[RecordedAu], expected: &[GapCause]) {
    let (holes, booked) = (holes(aus), booked(ledger));
    for (gap, cause) in &booked {
        assert!(expected.contains(cause), "{cause:?} is none of {expected:?}: {ledger}");
        let missing = holes.iter().any(|hole| widened(hole.range).intersect(gap).is_some());
        assert!(missing, "{gap:?} is booked under {cause:?}, and nothing is missing there: {holes:?}");
    }
    for hole in holes.iter().filter(|hole| hole.range.duration() > GAP_MIN + CLOCK_SLACK / 2) {
        let told = booked.iter().filter_map(|(gap, _)| widened(hole.range).intersect(gap));
        let told: Duration = told.map(|range| range.duration()).sum();
        let off = told.abs_diff(hole.range.duration());
        assert!(off <= CLOCK_SLACK * 2, "{hole:?} is booked with {told:?}: {ledger}");
    }
}

fn widened(range: TimeRange) -> TimeRange {
    TimeRange { start: range.start - CLOCK_SLACK, end: range.end + CLOCK_SLACK }
}

/// Nothing at all is missing.
pub(crate) fn assert_whole(aus: &[RecordedAu]) {
    let holes = holes(aus);
    assert!(holes.is_empty() && !aus.is_empty(), "of {} pictures are missing: {holes:?}", aus.len());
}
