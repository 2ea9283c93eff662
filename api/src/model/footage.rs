use std::collections::BTreeSet;

use eyrie_storage::ledger::Ledger;
use eyrie_types::{Gap, GapCause, NodeId, Span, WallTime};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A range of wall time, at most 31 days; by default the last 24 hours.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RangeQuery {
    /// The first moment; by default 24 hours before `to`.
    #[serde(default)]
    pub from: Option<WallTime>,
    /// The first moment after it; by default now.
    #[serde(default)]
    pub to: Option<WallTime>,
}

/// A range of wall time to take out, at most 24 hours.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// The first moment.
    pub from: WallTime,
    /// The first moment after it.
    pub to: WallTime,
}

/// What is recorded.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordingsAnswer {
    /// Sorted, none overlapping: several recordings of a moment are one span, with each of them among its `sources`.
    pub spans: Vec<Span>,
    /// On how many nodes what was asked for is there, in sum.
    pub copies: Copies,
    /// The nodes that hold some of it and do not answer now. What they hold counts as no copy.
    pub unreachable: Vec<NodeId>,
}

/// Seconds by how many nodes hold them that answer now.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Copies {
    /// No node that answers holds them.
    pub none_s: f64,
    /// Of these, seconds that a node holds which does not answer now; the rest is missing.
    pub unreachable_s: f64,
    /// One node holds them.
    pub one_s: f64,
    /// Two or more do, as with `placement.redundancy` 2.
    pub two_s: f64,
}

impl RecordingsAnswer {
    /// The answer of a ledger that was drawn up while the nodes `silent` did not answer.
    pub(crate) fn of(Ledger { spans, gaps, .. }: Ledger, silent: &BTreeSet<NodeId>) -> Self {
        let seconds = |ranges: &mut dyn Iterator<Item = (WallTime, WallTime)>| {
            // Starts at zero: the sum of nothing is -0.
            ranges.fold(0.0, |sum, (start, end)| sum + end.since(start).as_secs_f64())
        };
        let answering = |span: &Span| {
            let nodes = span.sources.iter().map(|source| source.node).filter(|node| !silent.contains(node));
            nodes.collect::<BTreeSet<_>>().len()
        };
        let held = |copies: fn(usize) -> bool| {
            let spans = spans.iter().filter(|span| span.available && copies(answering(span)));
            seconds(&mut spans.map(|span| (span.start, span.end)))
        };
        let without = |away: bool| {
            let gaps = gaps.iter().filter(|gap| (gap.cause == GapCause::NodeUnreachable) == away);
            seconds(&mut gaps.map(|gap| (gap.start, gap.end)))
        };
        let (unreachable_s, missing_s) = (without(true), without(false));
        let none_s = unreachable_s + missing_s;
        let copies =
            Copies { none_s, unreachable_s, one_s: held(|copies| copies == 1), two_s: held(|copies| copies > 1) };
        Self { spans, copies, unreachable: silent.iter().copied().collect() }
    }
}

/// What is missing, and the account of the range: `expected_s` = `durable_s` + `deleted_s` + `missing_s` +
/// `pending_s`.
#[derive(Debug, Serialize, ToSchema)]
pub struct GapsAnswer {
    /// Sorted, none overlapping.
    pub gaps: Vec<Gap>,
    /// Seconds for which the camera's spec asked for footage.
    pub expected_s: f64,
    /// Of these, seconds that are durable.
    pub durable_s: f64,
    /// Of these, seconds that were durable until retention deleted them.
    pub deleted_s: f64,
    /// Of these, seconds that are missing.
    pub missing_s: f64,
    /// Of these, the last seconds before now, which are still on their way to the disk.
    pub pending_s: f64,
}

#[cfg(test)]
mod tests {
    use eyrie_types::{Epoch, Slot, SpanSource};

    use super::*;

    fn at(s: i64) -> WallTime {
        WallTime::from_unix_us(1_767_225_600_000_000 + s * 1_000_000)
    }

    #[test]
    fn copies_are_counted_by_node_and_those_out_of_reach_are_named_and_not_counted() {
        let [a, b, c] = [(); 3].map(|()| NodeId::generate());
        let source = |slot, node| SpanSource { slot: Slot(slot), epoch: Epoch::new(0, 1).unwrap(), node };
        let span = |start, end, available, sources: &[SpanSource]| Span {
            start: at(start),
            end: at(end),
            available,
            sources: sources.to_vec(),
        };
        let gap = |start, end, cause| Gap { start: at(start), end: at(end), cause };
        let ledger = Ledger {
            expected: Vec::new(),
            spans: vec![
                // Two recordings on one node are one copy.
                span(0, 10, true, &[source(0, a), source(1, a)]),
                span(10, 30, true, &[source(0, a), source(1, b), source(1, c)]),
                span(30, 60, true, &[source(0, a), source(1, c)]),
                span(60, 100, false, &[source(1, c)]),
            ],
            deleted: Vec::new(),
            gaps: vec![gap(60, 100, GapCause::NodeUnreachable), gap(100, 105, GapCause::NodeDown)],
            summary: eyrie_storage::ledger::Summary::default(),
        };
        let answer = RecordingsAnswer::of(ledger, &BTreeSet::from([c]));
        assert_eq!(answer.copies, Copies { none_s: 45.0, unreachable_s: 40.0, one_s: 40.0, two_s: 20.0 });
        assert_eq!(answer.unreachable, [c]);
    }
}
