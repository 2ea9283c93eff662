use std::ops::Range;

use super::init_facts::track_id;
use super::placed::{id_after_flags, placed};
use crate::mp4_file::boxes::child;

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
