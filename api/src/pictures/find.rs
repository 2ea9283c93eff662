use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use eyrie_storage::footage::{ElsewhereError, FootageError, FootagePiece};
use eyrie_types::{CameraId, FragmentEntry, NodeId, SegmentRow, TenantId, TimeRange, WallTime};

use crate::GatewayState;

/// How far before a moment its picture may lie: further back it would show another time.
pub(crate) const LOOK_BACK: Duration = Duration::from_secs(600);
/// Where the picture of a moment lies but behind a gap: looked at first, as it costs a sixtieth.
const LOOK_BACK_FIRST: Duration = Duration::from_secs(10);
/// Keyframes tried until one is whole.
const CANDIDATES_MAX: usize = 8;
/// How far back the newest picture of a camera is looked for, in days: a query each.
const NEWEST_DAYS_MAX: u32 = 31;
/// Fragments whose clock was slewed may leave so much between them; it is no gap.
const SEAM: Duration = Duration::from_millis(500);

/// A recorded keyframe: that of a fragment.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) row: Arc<SegmentRow>,
    pub(crate) entry: FragmentEntry,
}

/// The last keyframes at or before `at` and within [`LOOK_BACK`], newest first.
pub(crate) async fn newest_before(
    state: &GatewayState,
    tenant: &TenantId,
    camera: CameraId,
    at: WallTime,
) -> Result<Vec<Found>, FootageError> {
    let mut silent = BTreeSet::new();
    for back in [LOOK_BACK_FIRST, LOOK_BACK] {
        let range = TimeRange { start: at - back, end: at.offset_us(1) };
        let tail = state.node().tails(tenant, camera).await;
        let there = state.node().footage().pieces(tenant, camera, range, &tail).await?;
        let found = keyframes(there.pieces, at - LOOK_BACK, at);
        if !found.is_empty() {
            return Ok(found);
        }
        silent.extend(there.silent);
    }
    nothing(&silent)
}

/// No picture; an error where that may be because of nodes that do not answer.
fn nothing(silent: &BTreeSet<NodeId>) -> Result<Vec<Found>, FootageError> {
    let source = ElsewhereError::Silent(None);
    silent.first().map_or(Ok(Vec::new()), |node| Err(FootageError::Elsewhere { node: *node, source }))
}

/// The last keyframes recorded of a camera, newest first, however long ago.
pub(crate) async fn newest(
    state: &GatewayState,
    tenant: &TenantId,
    camera: CameraId,
    now: WallTime,
) -> Result<Vec<Found>, FootageError> {
    match newest_before(state, tenant, camera, now).await {
        // An older one is better than none.
        Err(error) if error.is_silence() => {}
        Ok(recent) if recent.is_empty() => {}
        found => return found,
    }
    let mut silent = BTreeSet::new();
    let day = Duration::from_secs(24 * 3600);
    for ago in 0..NEWEST_DAYS_MAX {
        let end = now - day * ago;
        let rows = state.store().segments(tenant, camera, TimeRange { start: end - day, end }).await?;
        let Some(last) = rows.iter().max_by_key(|row| row.end) else { continue };
        let range = TimeRange { start: last.start, end: last.end.max(last.start.offset_us(1)) };
        let tail = state.node().tails(tenant, camera).await;
        let there = state.node().footage().pieces(tenant, camera, range, &tail).await?;
        let found = keyframes(there.pieces, WallTime::EPOCH, now);
        if !found.is_empty() {
            return Ok(found);
        }
        silent.extend(there.silent);
    }
    nothing(&silent)
}

/// The keyframes shown at each of `moments`: `None` where nothing was recorded.
pub(crate) async fn cells(
    state: &GatewayState,
    tenant: &TenantId,
    camera: CameraId,
    moments: impl Iterator<Item = WallTime>,
) -> Result<Vec<Option<Found>>, FootageError> {
    let tail = state.node().tails(tenant, camera).await;
    let mut cells = Vec::new();
    for at in moments {
        let range = TimeRange { start: at - SEAM, end: at.offset_us(1) };
        let pieces = state.node().footage().pieces(tenant, camera, range, &tail).await?.pieces;
        cells.push(pieces.into_iter().rev().find_map(|piece| shown_at(piece, at)));
    }
    Ok(cells)
}

fn keyframes(pieces: Vec<FootagePiece>, from: WallTime, to: WallTime) -> Vec<Found> {
    let mut found = Vec::new();
    for FootagePiece { row, entries } in pieces.into_iter().rev() {
        let row = Arc::new(row);
        let keyframes =
            entries.into_iter().rev().filter(|entry| entry.starts_gop && entry.start >= from && entry.start <= to);
        found.extend(keyframes.map(|entry| Found { row: Arc::clone(&row), entry }));
        if found.len() >= CANDIDATES_MAX {
            break;
        }
    }
    found.truncate(CANDIDATES_MAX);
    found
}

/// The keyframe that decodes what `piece` shows at `at`.
fn shown_at(piece: FootagePiece, at: WallTime) -> Option<Found> {
    let FootagePiece { row, entries } = piece;
    let shown = entries.iter().rposition(|entry| entry.start <= at && at < entry.end() + SEAM)?;
    let mut number = entries.get(shown)?.number;
    for entry in entries.get(..=shown)?.iter().rev() {
        // Behind a hole nothing tells what was shown.
        if entry.number != number {
            return None;
        }
        if entry.starts_gop {
            return Some(Found { row: Arc::new(row), entry: *entry });
        }
        number = number.checked_sub(1)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use eyrie_types::{Epoch, NodeId, Placement, SegmentId, SegmentState, Slot};

    fn piece(entries: &[(u32, i64, bool)]) -> FootagePiece {
        let placement = Placement {
            tenant: TenantId::default_tenant(),
            camera: CameraId::generate(),
            slot: Slot::OWNER,
            epoch: Epoch::new(0, 1).unwrap(),
        };
        let row = SegmentRow {
            placement,
            segment: SegmentId::generate(),
            node: NodeId::generate(),
            state: SegmentState::Closed,
            start: WallTime::EPOCH,
            end: WallTime::EPOCH,
            runs: Vec::new(),
            fragments: 0,
            bytes: 0,
            key: None,
            merkle_root: None,
        };
        let entry = |&(number, start_ms, starts_gop): &(u32, i64, bool)| FragmentEntry {
            number,
            offset: 0,
            length: 1,
            start: at(start_ms),
            duration_us: 1_000_000,
            starts_gop,
            discontinuity: false,
            leaf: [0; 32],
            stored_hash: [0; 32],
            keyframe_hash: [0; 16],
        };
        FootagePiece { row, entries: entries.iter().map(entry).collect() }
    }

    fn at(ms: i64) -> WallTime {
        // There is no wall time before 1970.
        WallTime::from_unix_us(1_000_000_000 + ms * 1_000)
    }

    #[test]
    fn a_cell_shows_the_keyframe_of_its_gop_and_nothing_in_a_gap() {
        // Fragment 3 is damaged and left out.
        let table = [(0, 0, true), (1, 1_000, false), (2, 2_000, true), (4, 4_000, false), (5, 5_000, true)];
        let shown = |ms| shown_at(piece(&table), at(ms)).map(|found| found.entry.number);
        assert_eq!([0, 999, 1_999, 2_000, 2_999, 5_500].map(shown), [0, 0, 0, 2, 2, 5].map(Some));
        assert_eq!(shown(3_400), Some(2), "a seam is no gap");
        assert_eq!([-1, 3_600, 4_500, 6_600].map(shown), [None; 4]);
    }

    #[test]
    fn keyframes_come_newest_first_and_none_of_later() {
        let pieces = || vec![piece(&[(0, 0, true), (1, 1_000, false)]), piece(&[(0, 2_000, true), (1, 3_000, true)])];
        let starts =
            |from, to| keyframes(pieces(), at(from), at(to)).iter().map(|found| found.entry.start).collect::<Vec<_>>();
        assert_eq!(starts(0, 2_999), [at(2_000), at(0)]);
        assert_eq!(starts(1, 9_000), [at(3_000), at(2_000)]);
        assert_eq!(starts(0, -1), []);
    }
}
