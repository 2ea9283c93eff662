use std::ops::Range;

use super::init_facts::track_id;
use crate::mp4_file::boxes::{Fields, child, children};

/// Hides the tracks with these ids from players, in an init segment or in fragments: what tells of them becomes a `free` box
/// (ISO/IEC 14496-12 clause 8.1.2). No byte moves, so lengths and offsets stay as they are. Fragments that tell of no other track
/// are hidden whole: a `moof` without tracks is more than browsers bear. Bytes that are no boxes are left alone.
pub fn hide_tracks(bytes: &mut [u8], ids: &[u32]) {
    if ids.is_empty() {
        return;
    }
    for at in hidden_boxes(bytes, ids) {
        if let Some(kind) = bytes.get_mut(at + 4..at + 8) {
            kind.copy_from_slice(b"free");
        }
    }
}

/// Where the boxes begin that are to be hidden.
fn hidden_boxes(bytes: &[u8], ids: &[u32]) -> Vec<usize> {
    let mut hidden = Vec::new();
    let mut hide_mdat = false;
    for (kind, at, body) in placed(bytes, 0..bytes.len()) {
        match &kind {
            b"moov" => {
                for (kind, at, inner) in placed(bytes, body) {
                    let told = bytes.get(inner.clone()).unwrap_or_default();
                    match &kind {
                        b"trak" if child(told, b"tkhd").is_some_and(|tkhd| names(track_id(tkhd).ok(), ids)) => {
                            hidden.push(at);
                        }
                        b"mvex" => hidden.extend(
                            placed(bytes, inner)
                                .filter(|(kind, _, body)| kind == b"trex" && names(first_id(bytes, body), ids))
                                .map(|(_, at, _)| at),
                        ),
                        _ => {}
                    }
                }
            }
            b"moof" => {
                let trafs: Vec<_> = placed(bytes, body).filter(|(kind, _, _)| kind == b"traf").collect();
                let of_hidden = |body: &Range<usize>| {
                    let traf = bytes.get(body.clone()).unwrap_or_default();
                    child(traf, b"tfhd").is_some_and(|tfhd| names(id_after_flags(tfhd), ids))
                };
                let trafs_hidden: Vec<_> = trafs.iter().filter(|(_, _, body)| of_hidden(body)).collect();
                hide_mdat = trafs_hidden.len() == trafs.len();
                if hide_mdat {
                    hidden.push(at);
                } else {
                    hidden.extend(trafs_hidden.iter().map(|(_, at, _)| *at));
                }
            }
            b"mdat" if hide_mdat => hidden.push(at),
            _ => {}
        }
    }
    hidden
}

fn names(id: Option<u32>, ids: &[u32]) -> bool {
    id.is_some_and(|id| ids.contains(&id))
}

fn first_id(bytes: &[u8], body: &Range<usize>) -> Option<u32> {
    bytes.get(body.clone()).and_then(id_after_flags)
}

/// The track id of a `tfhd` or `trex`: right after version and flags (clauses 8.8.7 and 8.8.3).
fn id_after_flags(full_box: &[u8]) -> Option<u32> {
    let mut fields = Fields::new(full_box, "tfhd or trex");
    fields.version().and_then(|_| fields.u32()).ok()
}

/// The boxes within `range` of `bytes`: type, where they begin, where their body lies.
fn placed(bytes: &[u8], range: Range<usize>) -> impl Iterator<Item = ([u8; 4], usize, Range<usize>)> {
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
