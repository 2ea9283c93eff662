use eyrie_types::{FragmentEntry, WallTime};

use super::VodPiece;

/// An HLS segment: consecutive fragments of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VodSegment {
    /// Which of the pieces it is cut from.
    pub piece: usize,
    /// The number of its first fragment.
    pub first: u32,
    /// The number of its last fragment.
    pub last: u32,
    /// The wall time at which its first picture is due.
    pub start: WallTime,
    /// The first moment after it: where the next segment begins, unless something is missing between the two.
    pub end: WallTime,
    /// Bytes of its fragments as they are stored; a player gets a little less.
    pub bytes: u64,
    /// Its timeline does not go on from the segment before.
    pub discontinuity: bool,
    /// Decoding can start at it.
    pub independent: bool,
}

impl VodSegment {
    pub(super) fn begin(piece: usize, entry: &FragmentEntry, discontinuity: bool) -> Self {
        Self {
            piece,
            first: entry.number,
            last: entry.number,
            start: entry.start,
            end: entry.end(),
            bytes: u64::from(entry.length),
            discontinuity,
            independent: entry.starts_gop,
        }
    }

    pub(super) fn extend(&mut self, entry: &FragmentEntry) {
        self.last = entry.number;
        self.end = self.end.max(entry.end());
        self.bytes += u64::from(entry.length);
    }

    pub(super) fn fragments(&self) -> u32 {
        (self.last - self.first).saturating_add(1)
    }

    /// What `EXTINF` says, in microseconds.
    pub fn duration_us(&self) -> u64 {
        u64::try_from(self.end.signed_us_since(self.start)).unwrap_or(0)
    }

    /// Its fragments' entries among those of the pieces it was cut from.
    pub(super) fn entries<'a>(&self, pieces: &'a [VodPiece]) -> &'a [FragmentEntry] {
        let entries = pieces.get(self.piece).map_or(&[][..], |piece| &piece.entries);
        let from = entries.partition_point(|entry| entry.number < self.first);
        let to = entries.partition_point(|entry| entry.number <= self.last);
        entries.get(from..to).unwrap_or_default()
    }
}
