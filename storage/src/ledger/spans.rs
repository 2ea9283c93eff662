use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use eyrie_types::{SegmentRow, Span, SpanSource, TimeRange, WallTime};

/// A hole up to this long is no gap: between two segments or two placements lies the time between two frames. Within a
/// segment the recorder, which knows the frame rate, has decided already (max(2 frame intervals, 500 ms)).
pub const GAP_MIN: Duration = Duration::from_millis(500);

/// The footage of one camera within `range`: sorted, never overlapping, each span with the recordings, by node, that hold all
/// of it. A
/// span ends where that set changes; runs up to [`GAP_MIN`] apart are one, also across segments and placements. `rows` may
/// come in any order and may overlap (a twin, an owner cut off, an index row and its newer tail).
pub fn spans(rows: &[SegmentRow], range: TimeRange) -> Vec<Span> {
    let mut runs: BTreeMap<SpanSource, Vec<TimeRange>> = BTreeMap::new();
    for row in rows {
        let source = SpanSource { slot: row.placement.slot, epoch: row.placement.epoch, node: row.node };
        runs.entry(source).or_default().extend(row.runs.iter().filter(|run| run.start < run.end));
    }
    let covered =
        runs.into_iter().flat_map(|(source, runs)| joined(runs, GAP_MIN).into_iter().map(move |run| (source, run)));
    let mut spans = layered(covered.collect());
    // What lies between the footage of two placements is told by the gap rule as well.
    for index in 1..spans.len() {
        let next = spans[index].start;
        let span = &mut spans[index - 1];
        if next.since(span.end) <= GAP_MIN {
            span.end = next;
        }
    }
    // Clipped last, so that the ends of the range change nothing about what is joined.
    spans.into_iter().filter_map(|span| clipped(span, range)).collect()
}

/// `runs` sorted, joined where they overlap or are up to `apart` apart.
pub fn joined(mut runs: Vec<TimeRange>, apart: Duration) -> Vec<TimeRange> {
    runs.sort_unstable();
    let mut joined: Vec<TimeRange> = Vec::with_capacity(runs.len());
    for run in runs {
        match joined.last_mut() {
            Some(last) if run.start.since(last.end) <= apart => last.end = last.end.max(run.end),
            _ => joined.push(run),
        }
    }
    joined
}

/// Cuts the ranges of all sources where the set of sources changes. The ranges of each one source must not touch.
fn layered(covered: Vec<(SpanSource, TimeRange)>) -> Vec<Span> {
    let mut borders: Vec<(WallTime, bool, SpanSource)> = Vec::with_capacity(covered.len() * 2);
    for (source, run) in covered {
        borders.push((run.start, true, source));
        borders.push((run.end, false, source));
    }
    borders.sort_unstable();
    let mut spans = Vec::new();
    let mut holding: BTreeSet<SpanSource> = BTreeSet::new();
    let mut since = WallTime::EPOCH;
    for (at, begins, source) in borders {
        if since < at && !holding.is_empty() {
            let sources = holding.iter().copied().collect();
            spans.push(Span { start: since, end: at, available: true, sources });
        }
        since = at;
        if begins {
            holding.insert(source)
        } else {
            holding.remove(&source)
        };
    }
    spans
}

fn clipped(span: Span, range: TimeRange) -> Option<Span> {
    let kept = TimeRange { start: span.start, end: span.end }.intersect(&range)?;
    Some(Span { start: kept.start, end: kept.end, ..span })
}
