use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use eyrie_media::export::ExportPart;
use eyrie_storage::footage::FootageError;
use tokio::sync::mpsc;

use super::{ExportKey, ExportPlace, Prepared};
use crate::GatewayState;

/// Parts read ahead of the client: one is on its way while the next is read.
const PARTS_AHEAD: usize = 1;
/// How long a client may take no byte. One that paused comes back with a range; one that vanished never does.
const STALL_MAX: Duration = Duration::from_secs(60);

/// Why a body ends before its time; the connection is cut, so that nobody takes it for whole.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CutOff {
    /// A fragment is not what it was when the layout was made, or its node does not answer any more.
    #[error("a fragment cannot be read")]
    Unreadable(#[source] FootageError),
    /// The node stops.
    #[error("the node is stopping")]
    Stopping,
}

/// The bytes `range` of a prepared file. Everything it holds is freed when it ends, is dropped, or stalls.
pub(crate) fn body(
    state: &GatewayState,
    key: ExportKey,
    prepared: Arc<Prepared>,
    range: Range<u64>,
    place: ExportPlace,
) -> Body {
    let (parts, received) = mpsc::channel(PARTS_AHEAD);
    let state = state.clone();
    tokio::spawn(async move {
        let outcome = send(&state, &key, &prepared, range, &parts).await;
        metrics::counter!("eyrie_exports_ended_total", "outcome" => outcome).increment(1);
        drop(place);
    });
    Body::from_stream(futures::stream::unfold(received, |mut received| async move {
        received.recv().await.map(|part| (part, received))
    }))
}

/// Sends part after part; answers how it ended.
async fn send(
    state: &GatewayState,
    key: &ExportKey,
    prepared: &Prepared,
    range: Range<u64>,
    parts: &mpsc::Sender<Result<Bytes, CutOff>>,
) -> &'static str {
    for part in prepared.layout.parts(range) {
        let bytes = match part {
            ExportPart::Head(bytes) => bytes,
            ExportPart::Fragment { fragment, bytes } => match read(state, key, prepared, fragment, bytes).await {
                Ok(bytes) => bytes,
                Err(error) => {
                    let outcome = match &error {
                        FootageError::Elsewhere { .. } => "out_of_reach",
                        _ => "damaged",
                    };
                    // What the client has is not the file it was promised.
                    let _ = parts.send(Err(CutOff::Unreadable(error))).await;
                    return outcome;
                }
            },
        };
        let length = bytes.len() as u64;
        let sent = tokio::select! {
            sent = tokio::time::timeout(STALL_MAX, parts.send(Ok(bytes))) => sent,
            () = state.stopping().cancelled() => {
                let _ = parts.try_send(Err(CutOff::Stopping));
                return "stopping";
            }
        };
        match sent {
            Ok(Ok(())) => metrics::counter!("eyrie_export_bytes_total").increment(length),
            Ok(Err(_)) => return "left",
            Err(_) => return "stalled",
        }
    }
    "whole"
}

/// Bytes of a fragment, verified.
async fn read(
    state: &GatewayState,
    key: &ExportKey,
    prepared: &Prepared,
    fragment: u32,
    bytes: Range<u32>,
) -> Result<Bytes, FootageError> {
    let found = prepared.fragments.get(fragment as usize);
    let found = found.and_then(|(row, entry)| Some((prepared.rows.get(*row as usize)?, entry)));
    let (row, entry) = found.ok_or(FootageError::UnknownSegment)?;
    match state.node().footage().fragment(row, entry).await {
        // The layout was made of this very plaintext: its hash is the index's.
        Ok(plain) if bytes.end as usize <= plain.len() => Ok(plain.slice(bytes.start as usize..bytes.end as usize)),
        Ok(_) => Err(FootageError::UnknownSegment),
        Err(error) => {
            tracing::warn!(%error, camera = %key.camera, segment = %row.segment, number = entry.number, "an export was cut off");
            // What is damaged is booked by now, and the next layout comes without it.
            state.exports().forget(key);
            Err(error)
        }
    }
}
