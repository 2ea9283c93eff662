use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::Duration;

use eyrie_types::{Gap, Incident, NodeId, SegmentRow, Span, TimeRange, WallTime};

use super::damage::sound;
use super::spans::joined;
use super::{Evidence, GAP_MIN, NodeRun, STARTING_MAX, SpecChange, Summary, expected, gaps, spans};
use crate::store::SecondCopy;

/// All that the ledger of one camera and range is derived from, as the store reads it in one snapshot. Callers may push more
/// segment rows, such as the tail that is durable and not in the index yet.
#[derive(Debug, Clone, Default)]
pub struct LedgerRows {
    /// Changes of spec: the one in force at the start, then those within the range.
    pub spec_changes: Vec<SpecChange>,
    /// Segments that overlap the range or the [`STARTING_MAX`] before it.
    pub segments: Vec<SegmentRow>,
    /// What nodes keep of others' segments after a loss, of the same stretch.
    pub copies: Vec<SecondCopy>,
    /// The time that segments covered which retention deleted, of the same stretch: sorted, none touching the next.
    pub deleted: Vec<TimeRange>,
    /// Incidents that overlap the range or come within slack of it.
    pub incidents: Vec<Incident>,
    /// Runs around the range, of whichever node recorded the camera at the time.
    pub node_runs: Vec<NodeRun>,
}

impl LedgerRows {
    /// Puts rows of what is durable and may not be in the index yet in the place of those of the same segments.
    pub fn replace(&mut self, tail: impl IntoIterator<Item = SegmentRow>, range: TimeRange) {
        for row in tail.into_iter().filter(|row| row.start < range.end && row.end > range.start) {
            self.segments.retain(|old| old.segment != row.segment);
            self.segments.push(row);
        }
    }
}

/// The ledger of one camera and range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// What was asked for.
    pub expected: Vec<TimeRange>,
    /// What is there; may reach beyond what was asked for.
    pub spans: Vec<Span>,
    /// What was there until retention deleted it: neither there nor missing. Sorted; may reach beyond what was asked for.
    pub deleted: Vec<TimeRange>,
    /// What is missing, and why.
    pub gaps: Vec<Gap>,
    /// All of it in numbers.
    pub summary: Summary,
}

impl Ledger {
    /// Derives the ledger of `range` as it is known at `now`.
    pub fn of(rows: &LedgerRows, range: TimeRange, now: WallTime) -> Self {
        Self::shown(rows, &BTreeSet::new(), range, now)
    }

    /// The same as it looks while the nodes `silent` do not answer: what lies on them alone is a gap
    /// ([`GapCause::NodeUnreachable`](eyrie_types::GapCause::NodeUnreachable)), and a span that is not available. For showing,
    /// never to be kept.
    pub fn shown(rows: &LedgerRows, silent: &BTreeSet<NodeId>, range: TimeRange, now: WallTime) -> Self {
        let expected = expected(&rows.spec_changes, range, now);
        let mut segments = sound(&rows.segments, &rows.incidents);
        if !rows.copies.is_empty() {
            // Whatever became of the file that a copy was made of.
            let kept = rows.copies.iter().filter_map(|copy| copy.as_row(&rows.segments));
            segments.to_mut().extend(kept);
        }
        let away = segments.iter().filter(|row| silent.contains(&row.node));
        let out_of_reach = joined(away.flat_map(|row| row.runs.iter().copied()).collect(), Duration::ZERO);
        let there = match silent.is_empty() {
            true => Cow::Borrowed(&*segments),
            false => segments.iter().filter(|row| !silent.contains(&row.node)).cloned().collect(),
        };
        // Footage right before the range tells a camera that had started from one that had not.
        let wide = spans(&there, TimeRange { start: range.start - STARTING_MAX, end: range.end });
        let evidence = Evidence {
            incidents: &rows.incidents,
            node_runs: &rows.node_runs,
            spec_changes: &rows.spec_changes,
            out_of_reach: &out_of_reach,
        };
        let wide = with_deleted(wide, &rows.deleted);
        let gaps = gaps(&expected, &wide, &evidence, now);
        let readable = spans(&there, range);
        let summary = Summary::of(&expected, &readable, &gaps, &wide);
        let spans = if out_of_reach.is_empty() { readable } else { told_apart(&spans(&segments, range), &readable) };
        let kept: Vec<TimeRange> = spans.iter().map(|span| TimeRange { start: span.start, end: span.end }).collect();
        // What is still there, in another segment, is not deleted; nor is the time between two frames.
        let deleted = rows.deleted.iter().filter_map(|deleted| deleted.intersect(&range));
        let deleted: Vec<TimeRange> = deleted.flat_map(|deleted| deleted.subtract(&kept)).collect();
        Self { expected, spans, deleted, gaps, summary }
    }
}

/// `spans`, cut where `readable`, which are the same without some of their sources, begin and end: what lies in none of those is
/// not available now.
fn told_apart(spans: &[Span], readable: &[Span]) -> Vec<Span> {
    let ranges = readable.iter().map(|span| TimeRange { start: span.start, end: span.end }).collect();
    let readable = joined(ranges, Duration::ZERO);
    let mut told = Vec::with_capacity(spans.len());
    for span in spans {
        let whole = TimeRange { start: span.start, end: span.end };
        let with = |available, TimeRange { start, end }| Span { start, end, available, sources: span.sources.clone() };
        told.extend(whole.subtract(&readable).into_iter().map(|range| with(false, range)));
        told.extend(readable.iter().filter_map(|range| range.intersect(&whole)).map(|range| with(true, range)));
    }
    told.sort_by_key(|span| span.start);
    told
}

/// `spans` and what was deleted, as the stretches that are not missing. The rule of what is a hole holds between a segment that
/// was deleted and the next, too.
fn with_deleted(spans: Vec<Span>, deleted: &[TimeRange]) -> Vec<Span> {
    if deleted.is_empty() {
        return spans;
    }
    let mut ranges: Vec<TimeRange> = spans.iter().map(|span| TimeRange { start: span.start, end: span.end }).collect();
    ranges.extend(deleted);
    let covered = joined(ranges, GAP_MIN).into_iter();
    covered.map(|TimeRange { start, end }| Span { start, end, available: false, sources: Vec::new() }).collect()
}
