use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use eyrie_actors::{LiveError, LiveKeyframe};
use eyrie_media::vod::InitFacts;
use eyrie_types::{CameraId, Monotonic, SessionId, TenantId};
use lru::LruCache;

use super::ffmpeg::Turn;
use super::still::Still;
use super::{Picture, PictureError, PictureKey};
use crate::GatewayState;

/// How old a latest picture may be before another is decoded: whoever wants to see movement plays the live stream.
const FRESH: Duration = Duration::from_secs(3);
/// Cameras and widths of which is known which picture was the latest.
const LATEST_MAX: NonZeroUsize = NonZeroUsize::new(4096).expect("not zero");

/// Which picture of each camera was the latest, and when that was looked up.
#[derive(Debug)]
pub(super) struct Latest(Mutex<LruCache<(CameraId, u32), (Monotonic, PictureKey)>>);

impl Default for Latest {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(LATEST_MAX)))
    }
}

impl Latest {
    fn fresh(&self, camera: CameraId, width: u32, now: Monotonic) -> Option<PictureKey> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(camera, width)).filter(|(since, _)| now.since(*since) < FRESH).map(|(_, key)| key.clone())
    }

    fn note(&self, camera: CameraId, width: u32, now: Monotonic, key: PictureKey) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put((camera, width), (now, key));
    }
}

/// The newest picture of a camera that is in memory, here or at the node that runs it, `width` pixels wide; `None` when there is
/// none.
///
/// # Errors
/// See [`PictureError`].
pub(crate) async fn latest(
    state: &GatewayState,
    tenant: &TenantId,
    session: SessionId,
    camera: CameraId,
    width: u32,
) -> Result<Option<Picture>, PictureError> {
    // Asked first: it knows whose the camera is.
    let here = match state.node().live(tenant, camera) {
        Ok(live) => live.latest_keyframe(),
        Err(LiveError::NotFound) if state.live().knows(tenant, camera) => None,
        // It is switched off, or not this tenant's.
        Err(_) => return Ok(None),
    };
    let (pictures, now) = (state.pictures(), state.clock().monotonic());
    let known = pictures.latest().fresh(camera, width, now);
    if let Some(kept) = known.and_then(|key| pictures.kept(&key)) {
        return Ok(Some(kept));
    }
    let (still, at) = match here {
        Some(unit) => {
            let (_, _, track) = unit.stream.video().ok_or(PictureError::Undecodable)?;
            // A copy: who waits for a decoder holds none of the ring's memory.
            (Still::new(track, &unit.data)?, unit.wall)
        }
        None => {
            let Some(LiveKeyframe { init, data, at }) = state.live().keyframe(tenant, camera).await else {
                return Ok(None);
            };
            let facts = InitFacts::parse(&init).map_err(|_| PictureError::Undecodable)?;
            let (_, track) = facts.video().ok_or(PictureError::Undecodable)?;
            (Still::new(track, &data)?, at)
        }
    };
    let key = PictureKey::Live { camera, at, width };
    let make = move |turn: Turn| async move {
        let jpeg = turn.jpeg(still.track.codec, &still.data, (width, still.height(width))).await?;
        Ok(Picture::new(jpeg, Some(at)))
    };
    let made = pictures.get(session, key.clone(), make).await?;
    pictures.latest().note(camera, width, now, key);
    Ok(Some(made))
}
