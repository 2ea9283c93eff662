use std::borrow::Cow;

use eyrie_types::{GapCause, Incident, SegmentRow, TimeRange};

/// `segments` without what was found damaged in them: recorded, and not there any more. The incidents of other causes make no
/// gap by themselves.
pub fn sound<'a>(segments: &'a [SegmentRow], incidents: &[Incident]) -> Cow<'a, [SegmentRow]> {
    let mut damage: Vec<&Incident> = incidents.iter().filter(|incident| incident.cause == GapCause::Damaged).collect();
    if damage.is_empty() {
        return Cow::Borrowed(segments);
    }
    damage.sort_by_key(|incident| incident.start);
    let mut sound = segments.to_vec();
    for row in &mut sound {
        let same = |incident: &&&Incident| (incident.slot, incident.epoch) == (row.placement.slot, row.placement.epoch);
        let of_row = damage.iter().filter(same);
        let holes: Vec<TimeRange> = of_row
            .filter_map(|incident| TimeRange::new(incident.start, incident.end.unwrap_or(row.end)).ok())
            .collect();
        row.runs = row.runs.iter().flat_map(|run| run.subtract(&holes)).collect();
    }
    Cow::Owned(sound)
}

#[cfg(test)]
mod tests {
    use eyrie_types::{CameraId, Epoch, NodeId, Placement, SegmentId, SegmentState, Slot, TenantId, WallTime};

    use super::*;

    fn at(s: i64) -> WallTime {
        WallTime::from_unix_us(s * 1_000_000)
    }

    #[test]
    fn damage_takes_footage_out_of_its_own_placement_and_no_other_incident_does() {
        let placement = Placement {
            tenant: TenantId::default_tenant(),
            camera: CameraId::generate(),
            slot: Slot::OWNER,
            epoch: Epoch::new(0, 2).unwrap(),
        };
        let row = SegmentRow {
            placement,
            segment: SegmentId::generate(),
            node: NodeId::generate(),
            state: SegmentState::Closed,
            start: at(0),
            end: at(60),
            runs: vec![TimeRange { start: at(0), end: at(60) }],
            fragments: 60,
            bytes: 0,
            key: None,
            merkle_root: None,
        };
        let incident = |epoch: u32, cause, start, end| Incident {
            slot: Slot::OWNER,
            epoch: Epoch::new(0, epoch).unwrap(),
            cause,
            start: at(start),
            end: Some(at(end)),
        };
        let rows = [row];
        let others = [incident(2, GapCause::DiskSlow, 5, 6), incident(1, GapCause::Damaged, 5, 6)];
        assert_eq!(sound(&rows, &others)[0].runs, rows[0].runs);
        let found = [incident(2, GapCause::Damaged, 20, 21), incident(2, GapCause::Damaged, 10, 12)];
        let left: Vec<_> = sound(&rows, &found)[0].runs.iter().map(|run| (run.start, run.end)).collect();
        assert_eq!(left, [(at(0), at(10)), (at(12), at(20)), (at(21), at(60))]);
    }
}
