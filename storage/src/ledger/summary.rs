use std::collections::BTreeMap;

use eyrie_types::{Gap, GapCause, Span, TimeRange};

/// A range in numbers, in microseconds. `expected = durable + missing + pending`, always.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// What specs asked for.
    pub expected_us: u64,
    /// What of it is durable.
    pub durable_us: u64,
    /// What of it is missing.
    pub missing_us: u64,
    /// What of it is too fresh to tell: [`super::OPEN_TAIL_GRACE`].
    pub pending_us: u64,
    /// `missing_us` by cause; causes that took nothing are left out.
    pub missing_us_by_cause: BTreeMap<GapCause, u64>,
}

impl Summary {
    /// Adds up `expected`, `spans` and `gaps` of one range.
    pub fn of(expected: &[TimeRange], spans: &[Span], gaps: &[Gap]) -> Self {
        let mut summary = Self { expected_us: expected.iter().map(us).sum(), ..Self::default() };
        let mut at = 0;
        for stretch in expected {
            while spans.get(at).is_some_and(|span| span.end <= stretch.start) {
                at += 1;
            }
            let within = spans[at..].iter().take_while(|span| span.start < stretch.end);
            let durable = within.filter_map(|span| TimeRange { start: span.start, end: span.end }.intersect(stretch));
            summary.durable_us += durable.map(|range| us(&range)).sum::<u64>();
        }
        for gap in gaps {
            let missing = us(&TimeRange { start: gap.start, end: gap.end });
            summary.missing_us += missing;
            *summary.missing_us_by_cause.entry(gap.cause).or_default() += missing;
        }
        summary.pending_us = summary.expected_us.saturating_sub(summary.durable_us + summary.missing_us);
        summary
    }

    /// `expected_us` in seconds.
    pub fn expected_s(&self) -> f64 {
        self.expected_us as f64 / 1e6
    }

    /// `durable_us` in seconds.
    pub fn durable_s(&self) -> f64 {
        self.durable_us as f64 / 1e6
    }

    /// `missing_us` in seconds.
    pub fn missing_s(&self) -> f64 {
        self.missing_us as f64 / 1e6
    }
}

fn us(range: &TimeRange) -> u64 {
    range.end.signed_us_since(range.start).unsigned_abs()
}
