use std::collections::{BTreeMap, BTreeSet};

use eyrie_types::{NodeId, SegmentRow, WallTime};

use super::NodeRun;

/// The nodes that recorded `segments`; `asking` where there are none.
pub(crate) fn serving_nodes(segments: &[SegmentRow], asking: NodeId) -> BTreeSet<NodeId> {
    let nodes: BTreeSet<_> = segments.iter().map(|row| row.node).collect();
    if nodes.is_empty() { BTreeSet::from([asking]) } else { nodes }
}

/// The runs of whichever node recorded the camera at the time: each node answers from its first segment on until another node
/// begins one. So a gap before another node took over is put down to the one that was lost, whoever asks. `runs` are those of
/// each of [`serving_nodes`], sorted.
pub(crate) fn serving_runs(segments: &[SegmentRow], runs: &BTreeMap<NodeId, Vec<NodeRun>>) -> Vec<NodeRun> {
    if runs.len() <= 1 {
        return runs.values().next().cloned().unwrap_or_default();
    }
    let mut begun: Vec<(WallTime, NodeId)> = segments.iter().map(|row| (row.start, row.node)).collect();
    begun.sort_unstable();
    begun.dedup_by_key(|(_, node)| *node);
    let ends = begun.iter().skip(1).map(|(start, _)| *start).chain([WallTime::MAX]);
    let mut from = WallTime::EPOCH;
    let mut serving = Vec::new();
    for ((_, node), until) in begun.iter().zip(ends) {
        let of_node = runs.get(node).map_or(&[][..], Vec::as_slice);
        for (index, run) in of_node.iter().enumerate() {
            // The last run of a node that runs still was told alive some seconds ago.
            let last = index + 1 == of_node.len();
            if run.start < until && (run.last_alive > from || last) {
                let start = run.start.max(from);
                serving.push(NodeRun { start, last_alive: run.last_alive.max(start).min(until) });
            }
        }
        from = until;
    }
    serving
}

#[cfg(test)]
mod tests {
    use eyrie_types::{CameraId, Epoch, GapCause, Placement, SegmentId, SegmentState, Slot, TenantId, TimeRange};

    use super::*;
    use crate::ledger::{Ledger, LedgerRows, SpecChange};

    fn at(s: i64) -> WallTime {
        WallTime::from_unix_us(1_000_000_000_000 + s * 1_000_000)
    }

    fn run(start: i64, last_alive: i64) -> NodeRun {
        NodeRun { start: at(start), last_alive: at(last_alive) }
    }

    fn row(node: NodeId, slot: u8, start: i64, end: i64) -> SegmentRow {
        SegmentRow {
            placement: Placement {
                tenant: TenantId::default_tenant(),
                camera: CameraId::from_uuid(uuid::Uuid::from_u128(1)),
                slot: Slot(slot),
                epoch: Epoch::new(0, start as u32 + 1).unwrap(),
            },
            segment: SegmentId::generate(),
            node,
            state: SegmentState::Closed,
            start: at(start),
            end: at(end),
            runs: vec![TimeRange { start: at(start), end: at(end) }],
            fragments: 1,
            bytes: 1,
            key: None,
            merkle_root: None,
        }
    }

    #[test]
    fn one_node_answers_for_itself_and_each_of_several_for_its_time() {
        let (a, b) = (NodeId::generate(), NodeId::generate());
        let alone = BTreeMap::from([(a, vec![run(0, 50), run(60, 90)])]);
        assert_eq!(serving_runs(&[row(a, 0, 0, 50)], &alone), alone[&a]);
        let both = BTreeMap::from([(a, vec![run(0, 98)]), (b, vec![run(0, 300)])]);
        let rows = [row(a, 0, 0, 50), row(a, 0, 50, 100), row(b, 0, 103, 200)];
        assert_eq!(serving_runs(&rows, &both), [run(0, 98), run(103, 300)]);
        // The one that took over has said that it is alive before, and will again.
        let just = BTreeMap::from([(a, vec![run(0, 98)]), (b, vec![run(0, 101)])]);
        assert_eq!(serving_runs(&rows, &just), [run(0, 98), run(103, 103)]);
        // Back and forth.
        let rows = [row(a, 0, 0, 50), row(b, 0, 50, 100), row(a, 0, 100, 200)];
        let both = BTreeMap::from([(a, vec![run(0, 300)]), (b, vec![run(0, 99), run(120, 300)])]);
        assert_eq!(serving_runs(&rows, &both), [run(0, 50), run(50, 99), run(100, 300)]);
        assert_eq!(serving_nodes(&rows, NodeId::generate()), BTreeSet::from([a, b]));
        assert_eq!(serving_nodes(&[], a), BTreeSet::from([a]));
    }

    #[test]
    fn the_seconds_before_another_node_took_over_are_put_down_to_the_node_that_was_lost() {
        let (a, b) = (NodeId::generate(), NodeId::generate());
        let segments = vec![row(a, 0, 0, 100), row(b, 0, 103, 200)];
        let runs = BTreeMap::from([(a, vec![run(-500, 98)]), (b, vec![run(-500, 300)])]);
        let on = SpecChange { at: at(-400), enabled: true, mode: eyrie_types::RecordingMode::Continuous };
        let rows = LedgerRows {
            spec_changes: vec![on],
            node_runs: serving_runs(&segments, &runs),
            segments,
            ..LedgerRows::default()
        };
        let ledger = Ledger::of(&rows, TimeRange { start: at(10), end: at(150) }, at(300));
        let gaps: Vec<_> = ledger.gaps.iter().map(|gap| (gap.start, gap.end, gap.cause)).collect();
        assert_eq!(gaps, [(at(100), at(103), GapCause::NodeDown)]);
    }
}
