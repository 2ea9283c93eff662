use eyrie_types::SessionId;

use super::ffmpeg::Turn;
use super::still::Still;
use super::{Found, Picture, PictureError, PictureKey};
use crate::GatewayState;

/// The first of `candidates` that is whole, `width` pixels wide.
///
/// # Errors
/// [`PictureError::Lost`] or [`PictureError::Undecodable`] when none is; others at once.
pub(crate) async fn recorded(
    state: &GatewayState,
    session: SessionId,
    candidates: Vec<Found>,
    width: u32,
) -> Result<Picture, PictureError> {
    let mut failed = PictureError::Lost;
    for found in candidates {
        match one(state, session, found, width).await {
            Err(error @ (PictureError::Lost | PictureError::Undecodable)) => failed = error,
            made => return made,
        }
    }
    Err(failed)
}

async fn one(state: &GatewayState, session: SessionId, found: Found, width: u32) -> Result<Picture, PictureError> {
    let key = PictureKey::Fragment { segment: found.row.segment, number: found.entry.number, width };
    let footage = state.node().footage().clone();
    let make = move |turn: Turn| async move {
        let still = Still::read(&footage, &found).await?;
        let jpeg = turn.jpeg(still.track.codec, &still.data, (width, still.height(width))).await?;
        Ok(Picture::new(jpeg, Some(found.entry.start)))
    };
    state.pictures().get(session, key, make).await
}
