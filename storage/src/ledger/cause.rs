//! What is known about why footage is missing, made into one timeline: for each moment at most one cause, the best known.

use std::collections::BTreeMap;
use std::time::Duration;

use eyrie_types::{Gap, GapCause, Incident, Span, TimeRange, WallTime};

use super::{NodeRun, SpecChange};
use crate::store::NODE_ALIVE_EVERY;

/// How far an incident explains beyond its edges: trouble is noticed some time after the last frame arrived, and is over some
/// time before the first keyframe. A silent camera is noticed within 3 s of its last frame, of which up to 1 s is recorded.
pub const INCIDENT_SLACK: Duration = Duration::from_secs(2);
/// How long before its last sign of life a node that died may have written its last durable fragment: a sync interval, at
/// most 5 s under load, and an unfinished fragment of 1 s.
pub const UNSYNCED_MAX: Duration = Duration::from_secs(6);
/// How long a missing beginning is put down to starting, after a start of the node or a change of spec: 1,000 cameras started
/// at a pace. What takes longer has another reason.
pub const STARTING_MAX: Duration = Duration::from_secs(60);

/// What may explain a gap.
#[derive(Debug, Clone, Copy, Default)]
pub struct Evidence<'a> {
    /// What went wrong, in any order.
    pub incidents: &'a [Incident],
    /// When the node ran, sorted by start, with the runs right before and after the range. None at all: not known.
    pub node_runs: &'a [NodeRun],
    /// Changes of spec, sorted by time.
    pub spec_changes: &'a [SpecChange],
    /// What was recorded on nodes that do not answer now, in any order.
    pub out_of_reach: &'a [TimeRange],
}

/// The order in which causes are believed where several cover a moment; the first wins. What makes the others impossible or
/// beside the point comes first: what was recorded and is out of reach needs no other reason; a node that is down does nothing;
/// footage that was recorded and lost was not missed by the camera; then what kept the node from writing, whatever the camera
/// sent; then what the camera did, the more specific before the less.
const BELIEF: [GapCause; 18] = [
    GapCause::NodeUnreachable,
    GapCause::NodeDown,
    GapCause::Damaged,
    GapCause::DiskFull,
    GapCause::DiskReadOnly,
    GapCause::DiskError,
    GapCause::DiskSlow,
    GapCause::KeyUnavailable,
    GapCause::MemoryLimit,
    GapCause::ProcessRestart,
    GapCause::StreamInvalid,
    GapCause::CameraSessionLimit,
    GapCause::CameraRefused,
    GapCause::CameraSilent,
    GapCause::CameraUnreachable,
    GapCause::PacketsLost,
    GapCause::Starting,
    GapCause::Unknown,
];

/// Lower is believed first: what covers the moment itself before what only covers it with slack, then the order of belief.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    by_slack: bool,
    belief: usize,
}

impl Rank {
    fn of(cause: GapCause, by_slack: bool) -> Self {
        // Every cause is listed; one that were not would be believed last.
        Self { by_slack, belief: BELIEF.iter().position(|known| *known == cause).unwrap_or(BELIEF.len() - 1) }
    }

    fn cause(self) -> GapCause {
        BELIEF[self.belief]
    }
}

/// For each explained moment its best cause: sorted, never overlapping, not before 1970 nor after `now`.
pub(super) fn timeline(evidence: &Evidence<'_>, spans: &[Span], now: WallTime) -> Vec<Gap> {
    let mut borders: Vec<(WallTime, bool, Rank)> = Vec::new();
    let mut explain = |start: WallTime, end: WallTime, cause: GapCause, by_slack: bool| {
        let end = end.min(now);
        if start < end {
            let rank = Rank::of(cause, by_slack);
            borders.push((start, true, rank));
            borders.push((end, false, rank));
        }
    };
    for incident in evidence.incidents {
        let end = incident.end.unwrap_or(now);
        explain(incident.start, end, incident.cause, false);
        explain(incident.start - INCIDENT_SLACK, end + INCIDENT_SLACK, incident.cause, true);
    }
    for range in evidence.out_of_reach {
        explain(range.start, range.end, GapCause::NodeUnreachable, false);
    }
    for down in down(evidence.node_runs, now) {
        explain(down.start, down.end, GapCause::NodeDown, false);
        explain(down.start - UNSYNCED_MAX, down.end, GapCause::NodeDown, true);
    }
    let changes = evidence.spec_changes.iter().filter(|change| change.expects_footage()).map(|change| change.at);
    for start in changes.chain(evidence.node_runs.iter().map(|run| run.start)) {
        explain(start, first_footage(spans, start).min(start + STARTING_MAX), GapCause::Starting, false);
    }
    borders.sort_unstable();
    best(&borders)
}

/// When the node did not run, from 1970 until `now`.
fn down(runs: &[NodeRun], now: WallTime) -> Vec<TimeRange> {
    if runs.is_empty() {
        return Vec::new();
    }
    let ran = runs.iter().enumerate().filter_map(|(index, run)| {
        // The last run is still on unless it missed two signs of life.
        let fresh = index + 1 == runs.len() && now.since(run.last_alive) <= NODE_ALIVE_EVERY * 2;
        TimeRange::new(run.start, if fresh { now.max(run.last_alive) } else { run.last_alive }).ok()
    });
    let ran: Vec<TimeRange> = ran.collect();
    TimeRange::new(WallTime::EPOCH, now).map(|always| always.subtract(&ran)).unwrap_or_default()
}

/// The first moment from `start` on that footage covers. `spans` are sorted.
fn first_footage(spans: &[Span], start: WallTime) -> WallTime {
    let index = spans.partition_point(|span| span.end <= start);
    spans.get(index).map_or(WallTime::MAX, |span| span.start.max(start))
}

/// Walks the borders with the ranks that are open; equal neighbours become one.
fn best(borders: &[(WallTime, bool, Rank)]) -> Vec<Gap> {
    let mut best: Vec<Gap> = Vec::new();
    let mut open: BTreeMap<Rank, u32> = BTreeMap::new();
    let mut since = WallTime::EPOCH;
    for &(at, begins, rank) in borders {
        if let Some((believed, _)) = open.first_key_value()
            && since < at
        {
            let cause = believed.cause();
            match best.last_mut() {
                Some(last) if last.end == since && last.cause == cause => last.end = at,
                _ => best.push(Gap { start: since, end: at, cause }),
            }
        }
        since = at;
        let count = open.entry(rank).or_default();
        *count = if begins { *count + 1 } else { count.saturating_sub(1) };
        if *count == 0 {
            open.remove(&rank);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_has_its_place_in_the_order_of_belief() {
        for cause in GapCause::ALL {
            assert!(BELIEF.contains(&cause), "{cause:?}");
        }
    }
}
