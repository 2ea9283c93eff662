use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use eyrie_media::vod::{InitFacts, VodPiece, VodPlaylist};
use eyrie_storage::footage::{ElsewhereError, Footage, FootageError, FootagePiece, SegmentRef};
use eyrie_storage::ledger::LATE_TAIL_GRACE;
use eyrie_types::{CameraId, NodeId, ProblemCode};

use crate::extract::range_of;
use crate::known_camera::known_camera;
use crate::model::PlaybackQuery;
use crate::principal::Principal;
use crate::{GatewayState, Problem};

/// The longest range: a day of one camera, which is 14,400 segments.
const RANGE_MAX: Duration = Duration::from_secs(24 * 3600);
/// How often a range is looked up anew because a node died meanwhile: two of them would.
const LISTINGS_MAX: usize = 3;
/// When to try again where a node does not answer: it is asked again every few seconds.
const SILENT_RETRY_S: u32 = 5;

/// What a range offers.
pub(crate) struct Listing {
    /// What was recorded.
    pub(crate) playlist: VodPlaylist,
    /// More of the range may become durable, or come into reach.
    pub(crate) grows: bool,
}

/// Finds what was recorded of a camera, deleted or not, in the range that `query` asks for. What is lost, damaged or no longer to
/// be decrypted is left out; the rest plays.
pub(crate) async fn list(
    state: &GatewayState,
    caller: &Principal,
    id: CameraId,
    query: &PlaybackQuery,
) -> Result<Listing, Problem> {
    let range = range_of(query.from, query.to, RANGE_MAX)?;
    let (tenant, footage) = (&caller.tenant, state.node().footage());
    known_camera(state, tenant, id).await?;
    let grows = range.end > state.clock().now() - LATE_TAIL_GRACE;
    let (mut pieces, mut silent, mut why) = (Vec::new(), BTreeSet::new(), None);
    for _ in 0..LISTINGS_MAX {
        let tail = state.node().tails(tenant, id).await;
        let found = footage.pieces(tenant, id, range, &tail).await.map_err(problem)?;
        silent = found.silent;
        (pieces, why) = all_playable(footage, found.pieces).await?;
        // What was to come from a node that has just died, or sends garbage, may be elsewhere, too.
        if why.is_none() {
            break;
        }
    }
    let playlist = VodPlaylist::new(pieces, range.start);
    let out_of_reach = !silent.is_empty() || why.is_some();
    if playlist.segments().is_empty() {
        return Err(match (why, silent.first()) {
            (Some(error), _) => problem(error),
            (None, Some(node)) => self::silent(*node),
            (None, None) => {
                Problem::new(ProblemCode::NotFound, "Nothing that can be played was recorded in this range.")
            }
        });
    }
    Ok(Listing { playlist, grows: grows || out_of_reach })
}

/// What can be played of `found`, and why the last of it could not be had whose node does not answer, or answers garbage.
async fn all_playable(
    footage: &Footage,
    found: Vec<FootagePiece>,
) -> Result<(Vec<VodPiece>, Option<FootageError>), Problem> {
    let (mut pieces, mut why) = (Vec::with_capacity(found.len()), None);
    for piece in found {
        let camera = piece.row.placement.camera;
        match playable(footage, piece).await {
            Ok(piece) => pieces.extend(piece),
            Err(error @ FootageError::Store(_)) => return Err(problem(error)),
            Err(error) => {
                metrics::counter!("eyrie_playback_segments_left_out_total").increment(1);
                tracing::warn!(%camera, %error, "a recorded segment cannot be played");
                if error.is_silence() || error.is_garbage() {
                    why = Some(error);
                }
            }
        }
    }
    Ok((pieces, why))
}

/// What of `piece` lies on disk, with what decodes it; `None` when nothing of it can be played.
async fn playable(footage: &Footage, piece: FootagePiece) -> Result<Option<VodPiece>, FootageError> {
    let head = footage.head(&piece.row).await?;
    let FootagePiece { row, mut entries } = piece;
    // A file that was cut short tells so here rather than in the middle of an answer.
    let bytes = head.bytes.unwrap_or(u64::MAX);
    let whole = entries.partition_point(|entry| entry.offset.saturating_add(u64::from(entry.length)) <= bytes);
    let cut = entries.split_off(whole);
    entries.extend(footage.cut_short(&row, cut).await?);
    let facts = match InitFacts::parse(&head.init) {
        Ok(facts) if facts.codecs().next().is_some() => facts,
        // Sound that HLS does not carry, and no pictures.
        Ok(_) => return Ok(None),
        Err(error) => {
            tracing::warn!(segment = %row.segment, %error, "the init segment of a recording cannot be read");
            return Ok(None);
        }
    };
    Ok(Some(VodPiece {
        name: SegmentRef::from(&row).to_string(),
        source: (row.placement.slot, row.placement.epoch),
        init: Arc::new(facts),
        entries,
    }))
}

/// What clients hear when footage cannot be read.
pub(crate) fn problem(error: FootageError) -> Problem {
    let garbage = error.is_garbage();
    match error {
        FootageError::Store(error) => error.into(),
        FootageError::UnknownSegment => super::delivery::gone(),
        FootageError::Lost(_)
        | FootageError::KeyGone(_)
        | FootageError::Damaged(_)
        | FootageError::Elsewhere { source: ElsewhereError::Lost | ElsewhereError::Damaged, .. } => Problem::new(
            ProblemCode::NotFound,
            "This part of the recording is lost or damaged; load the playlist again.",
        ),
        FootageError::Elsewhere { node, .. } if garbage => {
            let detail = format!("This part of the recording lies on node {node}, which sends something else now.");
            Problem::new(ProblemCode::Unavailable, detail).retry_after(SILENT_RETRY_S)
        }
        FootageError::Elsewhere { node, .. } => silent(node),
        FootageError::Panicked => Problem::new(ProblemCode::Internal, "The node met a fault of its own."),
    }
}

/// What clients hear when what they want lies on a node that does not answer.
pub(crate) fn silent(node: NodeId) -> Problem {
    let detail = format!("This part of the recording lies on node {node}, which does not answer now.");
    Problem::new(ProblemCode::Unavailable, detail).retry_after(SILENT_RETRY_S)
}
