use std::fmt;
use std::str::FromStr;

use eyrie_types::{FragmentEntry, SegmentId, SegmentRow, TimeRange, WallTime};

use crate::segment::plain_length;

/// Consecutive fragments of one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FootagePiece {
    /// The segment, as the index knows it.
    pub row: SegmentRow,
    /// The fragments, sorted by number. Holes may lie between them.
    pub entries: Vec<FragmentEntry>,
}

impl FootagePiece {
    /// Bytes of a fragment's plaintext, as [`super::Footage::fragment`] answers it.
    pub fn plain_length(&self, entry: &FragmentEntry) -> u32 {
        plain_length(entry, self.row.key.is_some())
    }
}

/// What is durable of a segment being written and not yet in the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenTail {
    /// Its row as of its last durable fragment.
    pub row: SegmentRow,
    /// The last entries of its table.
    pub entries: Vec<FragmentEntry>,
}

impl OpenTail {
    /// Adds to `table`, which came from the index, what it lacks.
    pub(super) fn complete(&self, table: &mut Vec<FragmentEntry>) {
        let next = table.last().map_or(0, |last| last.number + 1);
        table.extend(self.entries.iter().filter(|entry| entry.number >= next));
    }
}

/// The fragments of `table` that begin before the end of `range` and end after its start; the one before is taken along, back to
/// the nearest at which decoding can start.
pub(super) fn within(table: &[FragmentEntry], range: TimeRange) -> Vec<FragmentEntry> {
    let Some(first) = table.iter().position(|entry| entry.end() > range.start) else { return Vec::new() };
    let before = table.get(..=first).unwrap_or_default();
    let first = before.iter().rposition(|entry| entry.starts_gop).unwrap_or(first);
    table.iter().skip(first).take_while(|entry| entry.start < range.end).copied().collect()
}

/// A segment as addresses name it: with its start, by which the index finds it. Written `START_US.SEGMENT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SegmentRef {
    /// When it begins.
    pub start: WallTime,
    /// Which one.
    pub segment: SegmentId,
}

impl From<&SegmentRow> for SegmentRef {
    fn from(row: &SegmentRow) -> Self {
        Self { start: row.start, segment: row.segment }
    }
}

impl fmt::Display for SegmentRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.start.as_unix_us(), self.segment)
    }
}

/// The text is no reference to a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a reference to a segment")]
pub struct NotASegmentRef;

impl FromStr for SegmentRef {
    type Err = NotASegmentRef;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (start, segment) = text.split_once('.').ok_or(NotASegmentRef)?;
        let start = WallTime::from_unix_us(start.parse().map_err(|_| NotASegmentRef)?);
        let segment = segment.parse().map_err(|_| NotASegmentRef)?;
        let read = Self { start, segment };
        // One segment has one name, or caches would hold it twice.
        if read.to_string() == text { Ok(read) } else { Err(NotASegmentRef) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u32, start_ms: i64, starts_gop: bool) -> FragmentEntry {
        FragmentEntry {
            number,
            offset: 0,
            length: 1,
            start: WallTime::from_unix_us(start_ms * 1_000),
            duration_us: 1_000_000,
            starts_gop,
            discontinuity: false,
            leaf: [0; 32],
            stored_hash: [0; 32],
            keyframe_hash: [0; 16],
        }
    }

    fn numbers(from_ms: i64, to_ms: i64) -> Vec<u32> {
        let table = [entry(0, 0, true), entry(1, 1_000, false), entry(2, 2_000, true), entry(3, 9_000, true)];
        let (start, end) = (WallTime::from_unix_us(from_ms * 1_000), WallTime::from_unix_us(to_ms * 1_000));
        within(&table, TimeRange { start, end }).iter().map(|entry| entry.number).collect()
    }

    #[test]
    fn a_range_begins_where_decoding_can_start_and_ends_with_the_last_fragment_that_begins_in_it() {
        assert_eq!(numbers(1_500, 2_000), [0, 1]);
        assert_eq!(numbers(2_000, 2_001), [2]);
        assert_eq!(numbers(3_000, 9_000), [0u32; 0], "a hole has nothing in it");
        assert_eq!(numbers(3_000, 9_001), [3]);
        assert_eq!(numbers(10_000, 20_000), [0u32; 0]);
        assert_eq!(numbers(-5_000, 20_000), [0, 1, 2, 3]);
    }

    #[test]
    fn a_reference_reads_back_and_has_one_spelling() {
        let reference =
            SegmentRef { start: WallTime::from_unix_us(1_767_225_600_123_456), segment: SegmentId::generate() };
        let text = reference.to_string();
        assert_eq!(text.parse(), Ok(reference));
        for other in [format!("0{text}"), text.to_uppercase() + " ", text.replace('.', "/"), String::new()] {
            assert_eq!(other.parse::<SegmentRef>(), Err(NotASegmentRef), "{other}");
        }
    }

    #[test]
    fn a_tail_adds_only_what_the_index_lacks() {
        let row = SegmentRow {
            placement: eyrie_types::Placement {
                tenant: eyrie_types::TenantId::default_tenant(),
                camera: eyrie_types::CameraId::generate(),
                slot: eyrie_types::Slot::OWNER,
                epoch: eyrie_types::Epoch::new(0, 1).unwrap(),
            },
            segment: SegmentId::generate(),
            node: eyrie_types::NodeId::generate(),
            state: eyrie_types::SegmentState::Open,
            start: WallTime::EPOCH,
            end: WallTime::EPOCH,
            runs: Vec::new(),
            fragments: 3,
            bytes: 0,
            key: None,
            merkle_root: None,
        };
        let tail = OpenTail { row, entries: vec![entry(1, 1_000, true), entry(2, 2_000, true)] };
        let mut table = vec![entry(0, 0, true), entry(1, 1_000, true)];
        tail.complete(&mut table);
        assert_eq!(table.iter().map(|entry| entry.number).collect::<Vec<_>>(), [0, 1, 2]);
    }
}
