use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::{Bytes, BytesMut};
use eyrie_media::vod::{InitFacts, SEGMENT_FRAGMENTS_MAX, VodFile, hide_tracks, keyframe, move_to_wall_time};
use eyrie_storage::footage::{Footage, FootageError, FootagePiece, OpenTail, SegmentRef, StandIn};
use eyrie_storage::segment::plain_length;
use eyrie_types::{CameraId, FragmentEntry, ProblemCode, SegmentRow, TenantId};
use tokio::sync::mpsc::Sender;

use super::PlaybackPlace;
use super::listing::problem;
use crate::principal::Principal;
use crate::{GatewayState, Problem};

/// How long a player may take nothing of an answer before it loses its place.
const STALL_MAX: Duration = Duration::from_secs(30);

/// A fragment, or why the answer ends before its time.
type Chunk = Result<Bytes, FootageError>;

/// Answers a player with a file of media: an init segment, fragments one after the other, or a keyframe.
pub(crate) async fn deliver(
    state: &GatewayState,
    caller: &Principal,
    id: CameraId,
    segment: &str,
    file: &str,
) -> Result<Response, Problem> {
    let segment: SegmentRef = segment.parse().map_err(|_| gone())?;
    let file: VodFile = file.parse().map_err(|_| gone())?;
    let place = state.playback().answer(caller.session).await?;
    let footage = state.node().footage();
    let tail = state.node().tails(&caller.tenant, id).await;
    let piece = footage.segment(&caller.tenant, id, segment, &tail).await.map_err(problem)?;
    let (init, piece) = match footage.init(&piece.row).await {
        Ok(init) => (init, piece),
        Err(error) if is_lost(&error) => {
            // A player that has the playlist was promised this: out of another recording it is the same pictures.
            let init = footage.last_init(&piece.row).ok_or_else(|| problem(error))?;
            (init, piece)
        }
        Err(error) => return Err(problem(error)),
    };
    let facts = InitFacts::parse(&init).map_err(|error| unplayable(&error))?;
    match file {
        VodFile::Init => {
            let mut init = BytesMut::from(init);
            hide_tracks(&mut init, &facts.hidden());
            let length = init.len() as u64;
            Ok(respond(Body::from(init.freeze()), length, Same::Bytes))
        }
        VodFile::Keyframe { number } => {
            let wanted = entries(&piece, number, number)?;
            let entry = wanted.first().copied().ok_or_else(gone)?;
            let (track, _) = facts.video().ok_or_else(gone)?;
            let (fragment, entry, ahead_us, same) = match footage.fragment(&piece.row, &entry).await {
                Ok(fragment) => (fragment, entry, 0, Same::Bytes),
                Err(error) if is_lost(&error) => {
                    let gop = gop(&piece, number);
                    let found = instead(state, &caller.tenant, &piece.row, gop, &init, &tail).await?;
                    let (stand_in, fragment) = found.ok_or_else(|| problem(error))?;
                    let first = stand_in.entries.first().copied().ok_or_else(gone)?;
                    (fragment, first, stand_in.ahead_us, Same::Pictures)
                }
                Err(error) => return Err(problem(error)),
            };
            let alone = keyframe(&playable(fragment, &entry, ahead_us, &facts), track);
            let alone = alone.map_err(|error| unplayable(&error))?;
            let length = alone.len() as u64;
            Ok(respond(Body::from(alone), length, same))
        }
        VodFile::Fragments { first, last } => {
            let wanted = entries(&piece, first, last)?.to_vec();
            let first = wanted.first().ok_or_else(gone)?;
            let stands_in = |(other, opening): (StandIn, Bytes)| {
                (opening, other.row, other.entries, other.ahead_us, Same::Pictures)
            };
            let in_place = || instead(state, &caller.tenant, &piece.row, &wanted, &init, &tail);
            // What was garbled a while ago may be again, in the middle of an answer.
            let other = if footage.recorder_garbles(&piece.row) { in_place().await? } else { None };
            // What is known to be damaged is told with a status; later all that is left is to break off.
            let (opening, row, entries, ahead_us, same) = match other {
                Some(other) => stands_in(other),
                None => match footage.fragment(&piece.row, first).await {
                    Ok(opening) => (opening, piece.row.clone(), wanted.clone(), 0, Same::Bytes),
                    Err(error) if is_lost(&error) => stands_in(in_place().await?.ok_or_else(|| problem(error))?),
                    Err(error) => return Err(problem(error)),
                },
            };
            let sealed = row.key.is_some();
            let length = entries.iter().map(|entry| u64::from(plain_length(entry, sealed))).sum();
            let (first, rest) = entries.split_first().ok_or_else(gone)?;
            let opening = playable(opening, first, ahead_us, &facts);
            let (sender, receiver) = tokio::sync::mpsc::channel::<Chunk>(1);
            let reading = Reading { footage: Arc::clone(footage), row, ahead_us, facts, sender, _place: place };
            tokio::spawn(reading.run(opening, rest.to_vec()));
            let chunks = futures::stream::unfold(receiver, |mut receiver| async move {
                receiver.recv().await.map(|chunk| (chunk, receiver))
            });
            Ok(respond(Body::from_stream(chunks), length, same))
        }
    }
}

/// Whether what a playlist has named may be had out of another recording.
fn is_lost(error: &FootageError) -> bool {
    matches!(error, FootageError::Elsewhere { .. } | FootageError::Lost(_) | FootageError::Damaged(_))
}

/// The fragments of the group of pictures that begins with fragment `number`.
fn gop(piece: &FootagePiece, number: u32) -> &[FragmentEntry] {
    let from = piece.entries.partition_point(|entry| entry.number < number);
    let behind = piece.entries.get(from..).unwrap_or_default();
    behind.chunk_by(|_, next| !next.starts_gop).next().unwrap_or_default()
}

/// The pictures of `wanted` out of another recording, with its first fragment: decoded by the same init segment, so that a player
/// need not know.
async fn instead(
    state: &GatewayState,
    tenant: &TenantId,
    row: &SegmentRow,
    wanted: &[FragmentEntry],
    init: &Bytes,
    tail: &[OpenTail],
) -> Result<Option<(StandIn, Bytes)>, Problem> {
    let footage = state.node().footage();
    for stand_in in footage.stand_ins(tenant, row, wanted, tail).await.map_err(problem)? {
        let Some(first) = stand_in.entries.first() else { continue };
        match footage.init(&stand_in.row).await {
            Ok(other) if other == *init => {}
            Ok(_) => continue,
            Err(error) => {
                tracing::debug!(%error, "a recording cannot stand in for another");
                continue;
            }
        }
        if let Ok(opening) = footage.fragment(&stand_in.row, first).await {
            metrics::counter!("eyrie_playback_stand_ins_total").increment(1);
            return Ok(Some((stand_in, opening)));
        }
    }
    Ok(None)
}

/// What an answer has in common with what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Same {
    /// All of it.
    Bytes,
    /// What it shows: it stands in for what is out of reach now.
    Pictures,
}

/// Fragments on their way to one player: one that waits for it, one that is being read.
struct Reading {
    footage: Arc<Footage>,
    row: SegmentRow,
    ahead_us: i64,
    facts: InitFacts,
    sender: Sender<Chunk>,
    _place: PlaybackPlace,
}

impl Reading {
    async fn run(self, opening: Bytes, rest: Vec<FragmentEntry>) {
        let mut next = Ok(opening);
        let mut rest = rest.into_iter();
        loop {
            let ends = next.is_err();
            if let Err(error) = &next {
                let why = if matches!(error, FootageError::Elsewhere { .. }) { "out_of_reach" } else { "damage" };
                metrics::counter!("eyrie_playback_broken_off_total", "why" => why).increment(1);
                tracing::warn!(camera = %self.row.placement.camera, %error, "an answer to a player is broken off");
            }
            match tokio::time::timeout(STALL_MAX, self.sender.send(next)).await {
                Ok(Ok(())) if !ends => {}
                // It was told, or the player is gone.
                Ok(_) => return,
                Err(_) => {
                    metrics::counter!("eyrie_playback_broken_off_total", "why" => "stalled").increment(1);
                    return;
                }
            }
            let Some(entry) = rest.next() else { return };
            let read = self.footage.fragment(&self.row, &entry).await;
            next = read.map(|fragment| playable(fragment, &entry, self.ahead_us, &self.facts));
        }
    }
}

/// The fragments `first` to `last`, all of them or none.
fn entries(piece: &FootagePiece, first: u32, last: u32) -> Result<&[FragmentEntry], Problem> {
    let count = last.checked_sub(first).filter(|more| *more < SEGMENT_FRAGMENTS_MAX).ok_or_else(gone)? as usize + 1;
    let from = piece.entries.partition_point(|entry| entry.number < first);
    let found = piece.entries.get(from..from + count).ok_or_else(gone)?;
    let whole = found.first().is_some_and(|entry| entry.number == first)
        && found.last().is_some_and(|entry| entry.number == last);
    if whole { Ok(found) } else { Err(gone()) }
}

/// A recorded fragment as players get it: at its wall time, or so far ahead of it, without the tracks that HLS does not carry,
/// and as
/// long as before.
fn playable(fragment: Bytes, entry: &FragmentEntry, ahead_us: i64, facts: &InitFacts) -> Bytes {
    let mut fragment = BytesMut::from(fragment);
    move_to_wall_time(&mut fragment, facts, entry.start.offset_us(ahead_us));
    hide_tracks(&mut fragment, &facts.hidden());
    fragment.freeze()
}

fn respond(body: Body, length: u64, same: Same) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("video/mp4"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    // What is recorded never changes. The viewer was authorized, so no shared cache may answer for us.
    let cached = match same {
        Same::Bytes => HeaderValue::from_static("private, max-age=3600, immutable"),
        Same::Pictures => HeaderValue::from_static("no-store"),
    };
    headers.insert(header::CACHE_CONTROL, cached);
    response
}

pub(super) fn gone() -> Problem {
    Problem::new(ProblemCode::NotFound, "There is no such recorded file; start again at index.m3u8.")
}

fn unplayable(error: &eyrie_media::mp4_file::Mp4Error) -> Problem {
    tracing::warn!(%error, "a recorded file cannot be taken apart");
    Problem::new(ProblemCode::NotFound, "This part of the recording cannot be played.")
}
