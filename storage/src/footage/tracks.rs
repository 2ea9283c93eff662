use std::collections::BTreeMap;

use eyrie_types::{Epoch, FragmentEntry, SegmentRow, SegmentState, Slot, TimeRange, WallTime};

use super::FootagePiece;
use super::merge::{Track, TrackFragment, merge};

/// A segment, and what is sound of it around a range.
pub(super) struct TrackRow {
    pub(super) row: SegmentRow,
    pub(super) entries: Vec<FragmentEntry>,
}

/// The pieces that are shown of `rows`, which are in order of time: those that overlap `range`, and before them what decoding
/// needs.
pub(super) fn merged(rows: Vec<TrackRow>, range: TimeRange) -> Vec<FootagePiece> {
    let tracks = tracks(&rows);
    let chosen: Vec<TrackFragment> =
        merge(&tracks).into_iter().map(|(track, fragment)| tracks[track].fragments[fragment]).collect();
    let mut pieces: Vec<(usize, FootagePiece)> = Vec::new();
    for TrackFragment { segment, entry } in clipped(&chosen, range) {
        match pieces.last_mut() {
            Some((last, piece)) if last == segment => piece.entries.push(*entry),
            _ => pieces.push((*segment, FootagePiece { row: rows[*segment].row.clone(), entries: vec![*entry] })),
        }
    }
    pieces.into_iter().map(|(_, piece)| piece).collect()
}

/// What each incarnation of a placement recorded, without what it wrote twice: after a failed sync, fragments are written again
/// into a new segment.
fn tracks(rows: &[TrackRow]) -> Vec<Track> {
    let mut tracks: BTreeMap<(Slot, Epoch), (Track, WallTime)> = BTreeMap::new();
    for (segment, TrackRow { row, entries }) in rows.iter().enumerate() {
        let placement = (row.placement.slot, row.placement.epoch);
        let empty = || (Track { node: row.node, open: false, fragments: Vec::new() }, WallTime::EPOCH);
        let (track, covered) = tracks.entry(placement).or_insert_with(empty);
        // Half a fragment may overlap where clocks were slewed; more is the same time twice.
        let before = *covered;
        let new = entries.iter().filter(|entry| entry.start.offset_us(i64::from(entry.duration_us / 2)) > before);
        for entry in new {
            track.fragments.push(TrackFragment { segment, entry: *entry });
            *covered = entry.end().max(*covered);
        }
        track.open = row.state == SegmentState::Open;
    }
    tracks.into_values().map(|(track, _)| track).filter(|track| !track.fragments.is_empty()).collect()
}

/// Of `chosen`, what overlaps `range`, from the fragment on at which decoding can start.
fn clipped(chosen: &[TrackFragment], range: TimeRange) -> &[TrackFragment] {
    let Some(first) = chosen.iter().position(|fragment| fragment.entry.end() > range.start) else { return &[] };
    let end = chosen.iter().rposition(|fragment| fragment.entry.start < range.end).map_or(0, |last| last + 1);
    let keyframe = chosen[..=first].iter().rposition(|fragment| fragment.entry.starts_gop);
    chosen.get(keyframe.unwrap_or(first)..end).unwrap_or_default()
}
