use std::collections::BTreeMap;

use eyrie_types::{Gap, GapCause, Span, TimeRange};

/// A range in numbers, in microseconds. `expected = durable + deleted + missing + pending`,
/// always.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// What specs asked for.
    pub expected_us: u64,
    /// What of it is durable.
    pub durable_us: u64,
    /// What of it was durable until retention deleted it.
    pub deleted_us: u64,
    /// What of it is missing.
    pub missing_us: u64,
    /// What of it is too fresh to tell: [`super::OPEN_TAIL_GRACE`].
    pub pending_us: u64,
    /// `missing_us` by cause; causes that took nothing are left out.
    pub missing_us_by_cause: BTreeMap<GapCause, u64>,
}

impl Summary {
    /// Adds up `expected`, `spans` and `gaps` of one range; `covered` is what `spans` and deleted footage cover together.
    pub fn of(expected: &[TimeRange], spans: &[Span], gaps: &[Gap], covered: &[Span]) -> Self {
        let mut summary = Self { expected_us: expected.iter().map(us).sum(), ..Self::default() };
        summary.durable_us = within(expected, spans);
        summary.deleted_us = within(expected, covered).saturating_sub(summary.durable_us);
        for gap in gaps {
            let missing = us(&TimeRange { start: gap.start, end: gap.end });
            summary.missing_us += missing;
            *summary.missing_us_by_cause.entry(gap.cause).or_default() += missing;
        }
        summary.pending_us =
            summary.expected_us.saturating_sub(summary.durable_us + summary.deleted_us + summary.missing_us);
        summary
    }

    /// Adds another range's numbers.
    pub fn add(&mut self, other: &Self) {
        self.expected_us += other.expected_us;
        self.durable_us += other.durable_us;
        self.deleted_us += other.deleted_us;
        self.missing_us += other.missing_us;
        self.pending_us += other.pending_us;
        for (cause, missing) in &other.missing_us_by_cause {
            *self.missing_us_by_cause.entry(*cause).or_default() += missing;
        }
    }

    /// `expected_us` in seconds.
    pub fn expected_s(&self) -> f64 {
        self.expected_us as f64 / 1e6
    }

    /// `durable_us` in seconds.
    pub fn durable_s(&self) -> f64 {
        self.durable_us as f64 / 1e6
    }

    /// `deleted_us` in seconds.
    pub fn deleted_s(&self) -> f64 {
        self.deleted_us as f64 / 1e6
    }

    /// `missing_us` in seconds.
    pub fn missing_s(&self) -> f64 {
        self.missing_us as f64 / 1e6
    }

    /// `pending_us` in seconds.
    pub fn pending_s(&self) -> f64 {
        self.pending_us as f64 / 1e6
    }
}

/// How much of `expected` the `spans` cover; both sorted, each free of overlaps.
fn within(expected: &[TimeRange], spans: &[Span]) -> u64 {
    let (mut at, mut covered) = (0, 0);
    for stretch in expected {
        while spans.get(at).is_some_and(|span| span.end <= stretch.start) {
            at += 1;
        }
        let near = spans[at..].iter().take_while(|span| span.start < stretch.end);
        let parts = near.filter_map(|span| TimeRange { start: span.start, end: span.end }.intersect(stretch));
        covered += parts.map(|range| us(&range)).sum::<u64>();
    }
    covered
}

fn us(range: &TimeRange) -> u64 {
    range.end.signed_us_since(range.start).unsigned_abs()
}
