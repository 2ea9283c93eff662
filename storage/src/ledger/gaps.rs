use std::time::Duration;

use eyrie_types::{Gap, GapCause, Span, TimeRange, WallTime};

use super::cause::{Evidence, timeline};

/// The time before now for which footage may still be on its way: a fragment of 1 s, a sync interval of 1 s, and as much again
/// for an answer. What is missing of it is no gap yet.
pub const OPEN_TAIL_GRACE: Duration = Duration::from_secs(3);

/// The same for footage that nothing explains the absence of: a busy disk is synced every 5 s, and takes up to 5 s for it, before
/// it counts as slow. Until then such a tail is late, and no gap of unknown cause.
pub const LATE_TAIL_GRACE: Duration = Duration::from_secs(12);

/// What is missing of `expected` once `spans` are taken out, up to [`OPEN_TAIL_GRACE`] before `now`, split by cause: sorted,
/// never overlapping, neighbours differ in cause. `expected` and `spans` must be sorted and each free of overlaps, as
/// [`expected`](super::expected()) and [`spans`](super::spans()) return them; `spans` should reach back by
/// [`STARTING_MAX`](super::STARTING_MAX), so that a loss early in the range is not taken for a start.
///
/// Where several causes cover a moment, the order in `cause` decides; where none does, it is [`GapCause::Unknown`].
pub fn gaps(expected: &[TimeRange], spans: &[Span], evidence: &Evidence<'_>, now: WallTime) -> Vec<Gap> {
    let horizon = now - OPEN_TAIL_GRACE;
    let explained = timeline(evidence, spans, now);
    let mut gaps = Vec::new();
    for stretch in expected {
        let Ok(stretch) = TimeRange::new(stretch.start, stretch.end.min(horizon)) else { continue };
        let first = spans.partition_point(|span| span.end <= stretch.start);
        let footage: Vec<TimeRange> = spans[first..]
            .iter()
            .take_while(|span| span.start < stretch.end)
            .map(|span| TimeRange { start: span.start, end: span.end })
            .collect();
        for missing in stretch.subtract(&footage) {
            split(missing, &explained, &mut gaps);
        }
    }
    let late = |gap: &Gap| gap.cause == GapCause::Unknown && gap.end == horizon && gap.start > now - LATE_TAIL_GRACE;
    gaps.pop_if(|last| late(last));
    gaps
}

/// Cuts `missing` where its cause changes.
fn split(missing: TimeRange, explained: &[Gap], gaps: &mut Vec<Gap>) {
    let mut at = missing.start;
    let mut push = |start: WallTime, end: WallTime, cause: GapCause| {
        if start >= end {
            return;
        }
        match gaps.last_mut() {
            Some(last) if last.end == start && last.cause == cause => last.end = end,
            _ => gaps.push(Gap { start, end, cause }),
        }
    };
    let first = explained.partition_point(|known| known.end <= missing.start);
    for known in explained[first..].iter().take_while(|known| known.start < missing.end) {
        push(at, known.start, GapCause::Unknown);
        at = at.max(known.start);
        let until = known.end.min(missing.end);
        push(at, until, known.cause);
        at = until;
    }
    push(at, missing.end, GapCause::Unknown);
}
