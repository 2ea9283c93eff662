use std::time::Duration;

use eyrie_types::{FragmentEntry, Run, SegmentRow, TimeRange, WallTime};

/// A hole this short between two fragments is no hole: the shortest gap of the ledger (absence of access units for more than
/// two frame intervals or 500 ms).
const JOIN: Duration = Duration::from_millis(500);

/// Adds a fragment that became durable to its segment's row.
pub(crate) fn extend(row: &mut SegmentRow, entry: &FragmentEntry) {
    row.fragments = row.fragments.saturating_add(1);
    // A segment's row begins with its first fragment; runs of the row never begin before it.
    let start = entry.start.max(row.start);
    let end = entry.end();
    row.end = row.end.max(end);
    let Ok(run) = TimeRange::new(start, end) else { return };
    match row.runs.last_mut() {
        Some(last) if adjoins(last, run.start) => last.end = last.end.max(run.end),
        Some(last) if run.start < last.start => last.end = last.end.max(run.end),
        _ => row.runs.push(run),
    }
}

fn adjoins(last: &Run, start: WallTime) -> bool {
    start >= last.start && start <= last.end + JOIN
}

#[cfg(test)]
mod tests {
    use eyrie_types::{CameraId, Epoch, NodeId, Placement, SegmentId, SegmentState, Slot, TenantId};

    use super::*;

    fn row() -> SegmentRow {
        let start = WallTime::from_unix_us(10_000_000);
        SegmentRow {
            placement: Placement {
                tenant: TenantId::default_tenant(),
                camera: CameraId::random(),
                slot: Slot::OWNER,
                epoch: Epoch::new(0, 1).unwrap(),
            },
            segment: SegmentId::generate(),
            node: NodeId::random(),
            state: SegmentState::Open,
            start,
            end: start,
            runs: Vec::new(),
            fragments: 0,
            bytes: 0,
            key: None,
            merkle_root: None,
        }
    }

    fn entry(start_us: i64, duration_us: u32) -> FragmentEntry {
        FragmentEntry {
            number: 0,
            offset: 0,
            length: 0,
            start: WallTime::from_unix_us(start_us),
            duration_us,
            starts_gop: true,
            discontinuity: false,
            leaf: [0; 32],
            stored_hash: [0; 32],
            keyframe_hash: [0; 16],
        }
    }

    #[test]
    fn fragments_join_into_runs_and_a_hole_parts_them() {
        let mut row = row();
        [(10_000_000, 1_000_000), (11_000_100, 1_000_000), (20_000_000, 500_000)]
            .into_iter()
            .for_each(|(start, duration)| extend(&mut row, &entry(start, duration)));
        let runs: Vec<_> = row.runs.iter().map(|run| (run.start.as_unix_us(), run.end.as_unix_us())).collect();
        assert_eq!(runs, [(10_000_000, 12_000_100), (20_000_000, 20_500_000)]);
        assert_eq!((row.fragments, row.end.as_unix_us()), (3, 20_500_000));
    }

    #[test]
    fn overlapping_and_empty_fragments_keep_runs_sorted() {
        let mut row = row();
        for (start, duration) in [(10_000_000, 2_000_000), (11_000_000, 500_000), (9_000_000, 100), (13_000_000, 0)] {
            extend(&mut row, &entry(start, duration));
        }
        assert_eq!(row.runs.len(), 1);
        assert!(row.runs.iter().all(|run| run.start < run.end && run.start >= row.start && run.end <= row.end));
    }
}
