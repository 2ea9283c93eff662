use std::ops::Range;

use bytes::Bytes;

/// Where the body of a fragment's `mdat` lies in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    /// From the start of the body of the file's `mdat`.
    pub(super) at: u64,
    /// Bytes of the fragment before the body of its `mdat`.
    pub(super) skip: u32,
    /// Bytes of that body.
    pub(super) bytes: u32,
    /// The caller's number of the fragment.
    pub(super) fragment: u32,
}

/// A stretch of the file's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportPart {
    /// These very bytes.
    Head(Bytes),
    /// What lies in a fragment.
    Fragment {
        /// The number that the fragment was given to the builder with.
        fragment: u32,
        /// Which of its bytes.
        bytes: Range<u32>,
    },
}

/// The finished plan of a file: its head, and for every byte after it the fragment that holds it.
#[derive(Debug, Clone)]
pub struct ExportLayout {
    head: Vec<Bytes>,
    head_bytes: u64,
    pieces: Vec<Piece>,
    mdat_bytes: u64,
}

impl ExportLayout {
    pub(super) fn new(head: Vec<Bytes>, mut pieces: Vec<Piece>, mdat_bytes: u64) -> Self {
        pieces.shrink_to_fit();
        let head_bytes = head.iter().map(|chunk| chunk.len() as u64).sum();
        Self { head, head_bytes, pieces, mdat_bytes }
    }

    /// Bytes of the whole file.
    pub fn bytes(&self) -> u64 {
        self.head_bytes + self.mdat_bytes
    }

    /// Bytes of memory it takes.
    pub fn memory_bytes(&self) -> usize {
        // Far below what a usize holds: the tables have a limit.
        self.head_bytes as usize + self.pieces.capacity() * size_of::<Piece>()
    }

    /// What makes up the bytes `range` of the file, in order; what lies beyond its end is left out.
    pub fn parts(&self, range: Range<u64>) -> impl Iterator<Item = ExportPart> + '_ {
        let range = range.start..range.end.min(self.bytes());
        let mut at = 0u64;
        let head = self.head.iter().filter_map({
            let range = range.clone();
            move |chunk| {
                let begin = at;
                at += chunk.len() as u64;
                let cut = |to: u64| to.clamp(begin, at) - begin;
                let (from, to) = (cut(range.start), cut(range.end));
                // Both are at most the chunk's length.
                (from < to).then(|| ExportPart::Head(chunk.slice(from as usize..to as usize)))
            }
        });
        let (from, to) = (range.start.saturating_sub(self.head_bytes), range.end.saturating_sub(self.head_bytes));
        let first = self.pieces.partition_point(|piece| piece.at + u64::from(piece.bytes) <= from);
        let bodies = self.pieces.iter().skip(first).take_while(move |piece| piece.at < to).filter_map(move |piece| {
            // Clamped to the piece, which has less than 4 GiB.
            let within = |at: u64| piece.skip + at.saturating_sub(piece.at).min(u64::from(piece.bytes)) as u32;
            let bytes = within(from)..within(to);
            (!bytes.is_empty()).then_some(ExportPart::Fragment { fragment: piece.fragment, bytes })
        });
        head.chain(bodies)
    }
}
