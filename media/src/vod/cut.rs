use std::time::Duration;

use eyrie_types::{FragmentEntry, WallTime};

use super::{VodPiece, VodSegment};

/// How long a segment is where the keyframes allow: the target duration that the HLS authoring specification asks for.
pub const SEGMENT_DURATION: Duration = Duration::from_secs(6);
/// A segment without another keyframe is cut after this all the same: a player must have the whole of it before it can go on.
pub const SEGMENT_DURATION_MAX: Duration = Duration::from_secs(12);
/// Most fragments of a segment: 6 s of 42 keyframes a second.
pub const SEGMENT_FRAGMENTS_MAX: u32 = 256;
/// How much longer than [`SEGMENT_DURATION`] a segment of whole GOPs may become: cameras' clocks and frame rates are not exact.
const TOLERANCE_US: i64 = 500_000;
/// Two fragments this close adjoin: the shortest gap of the ledger (absence of access units for more than 500 ms).
const JOIN_US: i64 = 500_000;

/// The end of what was cut last.
struct Reached {
    piece: usize,
    number: u32,
    end: WallTime,
}

/// Cuts `pieces`, which are in the order of time, into segments. What cannot be decoded because something before it is missing is
/// left out: the fragments after a hole up to the next keyframe.
pub(super) fn cut(pieces: &[VodPiece]) -> Vec<VodSegment> {
    let mut segments: Vec<VodSegment> = Vec::new();
    let mut reached: Option<Reached> = None;
    // The start of the GOP that is being added to the last segment.
    let mut gop_start = WallTime::EPOCH;
    for (index, piece) in pieces.iter().enumerate() {
        for entry in &piece.entries {
            let joins = reached.as_ref().is_some_and(|reached| joins(reached, pieces, index, entry));
            if !joins && !entry.starts_gop {
                reached = None;
                continue;
            }
            match segments.last_mut() {
                Some(open) if joins && open.piece == index && !is_full(open, entry, gop_start) => open.extend(entry),
                last => {
                    // Without a hole a segment lasts until the next begins, so that playlist and wall time do not drift apart.
                    if let Some(open) = last.filter(|open| joins && entry.start > open.start) {
                        open.end = entry.start;
                    }
                    let discontinuity = !joins && !segments.is_empty();
                    segments.push(VodSegment::begin(index, entry, discontinuity));
                }
            }
            if entry.starts_gop {
                gop_start = entry.start;
            }
            reached = Some(Reached { piece: index, number: entry.number, end: entry.end() });
        }
    }
    segments
}

/// Whether decoding and the media's clock go on from what was cut last to `entry`.
fn joins(reached: &Reached, pieces: &[VodPiece], index: usize, entry: &FragmentEntry) -> bool {
    let source = |index: usize| pieces.get(index).map(|piece| (piece.source, &piece.init));
    let follows = if reached.piece == index {
        reached.number.checked_add(1) == Some(entry.number)
    } else {
        // A file begins where the one before ended, in the same incarnation and with the same tracks.
        entry.number == 0 && source(reached.piece) == source(index)
    };
    follows && !entry.discontinuity && entry.start.signed_us_since(reached.end).abs() <= JOIN_US
}

/// Whether `entry` begins the next segment rather than going into `open`.
fn is_full(open: &VodSegment, entry: &FragmentEntry, gop_start: WallTime) -> bool {
    let (target, max) = (as_us(SEGMENT_DURATION), as_us(SEGMENT_DURATION_MAX));
    let elapsed = entry.start.signed_us_since(open.start);
    if open.fragments() >= SEGMENT_FRAGMENTS_MAX || elapsed >= max {
        return true;
    }
    // The GOP that begins is taken to be as long as the one that ends.
    let gop = entry.start.signed_us_since(gop_start).max(0);
    entry.starts_gop && elapsed.saturating_add(gop) > target + TOLERANCE_US
}

fn as_us(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
