use std::ops::Range;

use crate::mp4_file::boxes::{Fields, children};

/// The track id of a `tfhd` or `trex`: right after version and flags (clauses 8.8.7 and 8.8.3).
pub(super) fn id_after_flags(full_box: &[u8]) -> Option<u32> {
    let mut fields = Fields::new(full_box, "tfhd or trex");
    fields.version().and_then(|_| fields.u32()).ok()
}

/// The boxes within `range` of `bytes`: type, where they begin, where their body lies.
pub(super) fn placed(bytes: &[u8], range: Range<usize>) -> impl Iterator<Item = ([u8; 4], usize, Range<usize>)> {
    let data = bytes.get(range.clone()).unwrap_or_default();
    let mut at = range.start;
    let boxes = children(data).map(move |(kind, body)| {
        let (begin, body_at) = (at, at + 8);
        at = body_at + body.len();
        (kind, begin, body_at..at)
    });
    // Recorded boxes have sizes of 32 bits. Behind one of 64 bits nothing would lie where it is said to.
    boxes.take_while(|(_, begin, _)| bytes.get(*begin..begin + 4) != Some(&[0, 0, 0, 1]))
}
