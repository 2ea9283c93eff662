//! The same pictures out of another recording, for a player that was promised fragments of a node that has died since, or of a file
//! that turned out to be damaged.

use eyrie_types::{FragmentEntry, SegmentRow, TenantId, TimeRange};

use super::alignment::SHIFT_MAX_US;
use super::{Footage, FootageError, OpenTail};

/// Two lengths of the same pictures, by the source's own clock, differ by no more.
const SAME_LENGTH_US: i64 = 20_000;

/// Fragments of another recording that hold the same pictures, whole groups of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandIn {
    /// Its segment.
    pub row: SegmentRow,
    /// The fragments.
    pub entries: Vec<FragmentEntry>,
    /// How far the wall time of the recording that it stands in for is ahead of its own.
    pub ahead_us: i64,
}

impl Footage {
    /// Other recordings of what `wanted` of `row` holds, whose nodes answer: those that begin with the same keyframe, have the same
    /// keyframes after it, and are as long. Pictures that cannot be told by their keyframes are nobody's.
    ///
    /// # Errors
    /// When the index does not answer.
    pub async fn stand_ins(
        &self,
        tenant: &TenantId,
        row: &SegmentRow,
        wanted: &[FragmentEntry],
        tail: &[OpenTail],
    ) -> Result<Vec<StandIn>, FootageError> {
        let (Some(first), Some(last)) = (wanted.first(), wanted.last()) else { return Ok(Vec::new()) };
        let range = TimeRange { start: first.start.offset_us(-SHIFT_MAX_US), end: last.end().offset_us(SHIFT_MAX_US) };
        let found = self.pieces(tenant, row.placement.camera, range, tail).await?;
        let mut stand_ins = Vec::new();
        for piece in found.pieces.into_iter().filter(|piece| piece.row.segment != row.segment) {
            if let Some((entries, ahead_us)) = same_pictures(wanted, &piece.entries) {
                stand_ins.push(StandIn { row: piece.row, entries, ahead_us });
            }
        }
        Ok(stand_ins)
    }

    /// The init segment of `row` as it was when this node last read it, whether its node answers now or not.
    pub fn last_init(&self, row: &SegmentRow) -> Option<bytes::Bytes> {
        self.inits.get(&row.segment)
    }
}

/// The fragments of `other` that hold the pictures of `wanted`, which must begin with a keyframe; and how far the clock of `wanted`
/// is ahead.
fn same_pictures(wanted: &[FragmentEntry], other: &[FragmentEntry]) -> Option<(Vec<FragmentEntry>, i64)> {
    let first = wanted.first().filter(|first| first.starts_gop && first.keyframe_hash != [0; 16])?;
    let far = |entry: &FragmentEntry| first.start.signed_us_since(entry.start);
    let begins = |entry: &&FragmentEntry| entry.starts_gop && entry.keyframe_hash == first.keyframe_hash;
    // Of equal pictures, the nearest in time: those farther away than clocks may differ are others.
    let begin = other.iter().filter(begins).min_by_key(|entry| far(entry).abs())?;
    let ahead_us = far(begin);
    if ahead_us.abs() > SHIFT_MAX_US {
        return None;
    }
    let keyframes = |entries: &[FragmentEntry]| -> Vec<[u8; 16]> {
        entries.iter().filter(|entry| entry.starts_gop).map(|entry| entry.keyframe_hash).collect()
    };
    let asked = keyframes(wanted);
    let mut taken: Vec<FragmentEntry> = Vec::new();
    let mut gops = 0;
    for entry in other.iter().skip_while(|entry| entry.number != begin.number) {
        if entry.starts_gop {
            gops += 1;
        }
        let follows = taken.last().is_none_or(|last| last.number + 1 == entry.number && !entry.discontinuity);
        if gops > asked.len() || !follows {
            break;
        }
        taken.push(*entry);
    }
    let length = |entries: &[FragmentEntry]| entries.iter().map(|entry| i64::from(entry.duration_us)).sum::<i64>();
    let same = keyframes(&taken) == asked && (length(&taken) - length(wanted)).abs() <= SAME_LENGTH_US;
    same.then_some((taken, ahead_us))
}

#[cfg(test)]
mod tests {
    use eyrie_types::WallTime;

    use super::*;

    /// Fragments of half a second, two a group, of pictures `from` and on, by a clock that is `ahead_us` ahead.
    fn track(from: u32, to: u32, ahead_us: i64) -> Vec<FragmentEntry> {
        let entry = |n: u32| FragmentEntry {
            number: n - from,
            offset: 0,
            length: 1,
            start: WallTime::from_unix_us(1_767_225_600_000_000 + i64::from(n) * 500_000 + ahead_us),
            duration_us: 500_000,
            starts_gop: n.is_multiple_of(2),
            discontinuity: false,
            leaf: [0; 32],
            stored_hash: [0; 32],
            keyframe_hash: if n.is_multiple_of(2) { u128::from(n + 1).to_be_bytes() } else { [0; 16] },
        };
        (from..to).map(entry).collect()
    }

    #[test]
    fn the_same_groups_of_pictures_are_found_whatever_their_numbers_and_clocks() {
        let (ours, theirs) = (track(0, 40, 1_400_000), track(5, 60, 0));
        let (taken, ahead) = same_pictures(&ours[10..18], &theirs).unwrap();
        assert_eq!((taken, ahead), (theirs[5..13].to_vec(), 1_400_000));
        // The last of it, which goes on in the other.
        let (taken, _) = same_pictures(&ours[36..40], &theirs).unwrap();
        assert_eq!(taken, theirs[31..35]);
    }

    #[test]
    fn what_differs_in_any_way_is_no_stand_in() {
        let (ours, theirs) = (track(0, 40, 0), track(0, 60, 0));
        assert_eq!(same_pictures(&ours[11..18], &theirs), None, "it begins within a group");
        assert_eq!(same_pictures(&ours[10..17], &theirs), None, "the other's group is longer");
        assert_eq!(same_pictures(&ours[10..18], &theirs[..15]), None, "the other ends before");
        let mut hole = theirs.clone();
        hole.remove(13);
        assert_eq!(same_pictures(&ours[10..18], &hole), None, "a fragment is missing");
        let mut other = theirs.clone();
        other[14].keyframe_hash = [9; 16];
        assert_eq!(same_pictures(&ours[10..18], &other), None, "a picture is another");
        assert_eq!(same_pictures(&ours[10..18], &track(0, 60, 5_100_000)), None, "too far away");
        let mut unknown = ours.clone();
        unknown[10].keyframe_hash = [0; 16];
        assert_eq!(same_pictures(&unknown[10..18], &theirs), None, "pictures that nobody can tell apart");
    }
}
