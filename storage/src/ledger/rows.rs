use eyrie_types::{Gap, Incident, SegmentRow, Span, TimeRange, WallTime};

use super::damage::sound;
use super::{Evidence, NodeRun, STARTING_MAX, SpecChange, Summary, expected, gaps, spans};

/// All that the ledger of one camera and range is derived from, as the store reads it in one snapshot. Callers may push more
/// segment rows, such as the tail that is durable and not in the index yet.
#[derive(Debug, Clone, Default)]
pub struct LedgerRows {
    /// Changes of spec: the one in force at the start, then those within the range.
    pub spec_changes: Vec<SpecChange>,
    /// Segments that overlap the range or the [`STARTING_MAX`] before it.
    pub segments: Vec<SegmentRow>,
    /// Incidents that overlap the range or come within slack of it.
    pub incidents: Vec<Incident>,
    /// Runs of the node around the range.
    pub node_runs: Vec<NodeRun>,
}

/// The ledger of one camera and range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// What was asked for.
    pub expected: Vec<TimeRange>,
    /// What is there; may reach beyond what was asked for.
    pub spans: Vec<Span>,
    /// What is missing, and why.
    pub gaps: Vec<Gap>,
    /// All of it in numbers.
    pub summary: Summary,
}

impl Ledger {
    /// Derives the ledger of `range` as it is known at `now`.
    pub fn of(rows: &LedgerRows, range: TimeRange, now: WallTime) -> Self {
        let expected = expected(&rows.spec_changes, range, now);
        let segments = sound(&rows.segments, &rows.incidents);
        // Footage right before the range tells a camera that had started from one that had not.
        let wide = spans(&segments, TimeRange { start: range.start - STARTING_MAX, end: range.end });
        let evidence =
            Evidence { incidents: &rows.incidents, node_runs: &rows.node_runs, spec_changes: &rows.spec_changes };
        let gaps = gaps(&expected, &wide, &evidence, now);
        let spans = spans(&segments, range);
        let summary = Summary::of(&expected, &spans, &gaps);
        Self { expected, spans, gaps, summary }
    }
}
