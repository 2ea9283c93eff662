use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use eyrie_media::hls::{CachePolicy, LiveAnswer, LiveRequest, Rendition};
use eyrie_media::{AccessUnit, LIVE_SEGMENT_MAX, Read, ReaderKind};
use eyrie_types::CameraStatus;
use ractor::ActorRef;

use super::LiveState;
use crate::camera::CameraMessage;
use crate::context::CameraContext;

/// How long a request may wait for the future. Blocking reload waits for a part (rfc8216bis section 6.2.5.2 lets a server give
/// up after three target durations); the first request of a viewer waits for the camera's first keyframe.
const WAIT_MAX: Duration = Duration::from_secs(LIVE_SEGMENT_MAX.as_secs() * 3);

/// Why there is no live answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LiveError {
    /// No such camera runs here, or none of this tenant.
    #[error("no such camera")]
    NotFound,
    /// No such file: it left the window, or the rendition is another incarnation's.
    #[error("no such live file; start again at index.m3u8")]
    Gone,
    /// It asks for more of the future than a playlist can promise.
    #[error("the playlist asked for is too far ahead")]
    TooFarAhead,
    /// The camera gave nothing in time; its status says why.
    #[error("the camera has no pictures to show now: {}", .0.reason)]
    NotLive(CameraStatus),
    /// Too many requests wait for this camera.
    #[error("too many viewers wait for this camera")]
    Busy,
    /// The node that runs it is cut off from its cell: another may run it now, and nobody could tell which of them is right.
    #[error("the camera's node is cut off from its cell")]
    CutOff,
}

/// An answer for a player.
#[derive(Debug, Clone)]
pub struct LiveResponse {
    /// The media type.
    pub content_type: &'static str,
    /// How long it may be kept.
    pub cache: CachePolicy,
    /// The bytes in order.
    pub chunks: Vec<Bytes>,
}

/// Answers live requests for one incarnation of a camera. Cheap to clone.
#[derive(Clone)]
pub struct LiveHandle {
    camera: Arc<CameraContext>,
    live: Arc<LiveState>,
    actor: ActorRef<CameraMessage>,
}

impl LiveHandle {
    pub(crate) fn new(camera: Arc<CameraContext>, live: Arc<LiveState>, actor: ActorRef<CameraMessage>) -> Self {
        Self { camera, live, actor }
    }

    /// The directory of its playlist and media: requests for another are for another incarnation, and [`LiveError::Gone`].
    pub fn rendition(&self) -> Rendition {
        Rendition { slot: self.camera.placement.slot, epoch: self.camera.placement.epoch }
    }

    /// Counts whoever `viewer` is among those who watch, for a while. Equal values are one viewer.
    pub fn seen(&self, viewer: impl Hash) {
        self.live.viewers.seen(viewer_number(viewer), self.camera.node.clock.monotonic());
    }

    /// The keyframe that the newest GOP begins with, if the ring holds one.
    pub fn latest_keyframe(&self) -> Option<AccessUnit> {
        match self.camera.ring.reader(ReaderKind::Skipping).try_next() {
            Read::Unit(found) if found.unit.is_video() && found.unit.keyframe => Some(found.unit.clone()),
            _ => None,
        }
    }

    /// Answers `request`, waiting for what is about to come, as blocking reload asks.
    ///
    /// # Errors
    /// See [`LiveError`].
    pub async fn get(&self, request: LiveRequest) -> Result<LiveResponse, LiveError> {
        let answer = self.look(&request);
        let answer = if matches!(answer, LiveAnswer::NotYet) { self.wait(&request).await? } else { answer };
        match answer {
            LiveAnswer::Ready(body) => {
                Ok(LiveResponse { content_type: body.content_type, cache: body.cache, chunks: body.chunks })
            }
            LiveAnswer::TooFarAhead => Err(LiveError::TooFarAhead),
            LiveAnswer::NotFound => Err(LiveError::Gone),
            LiveAnswer::NotYet => Err(self.not_live()),
        }
    }

    /// Whether the camera is being packaged now: from its first viewer's first request until nobody asks any more.
    pub fn is_packaging(&self) -> bool {
        self.live.is_running()
    }

    async fn wait(&self, request: &LiveRequest) -> Result<LiveAnswer, LiveError> {
        let _place = self.live.waiters.try_acquire().map_err(|_| LiveError::Busy)?;
        let mut changes = self.live.changes();
        let wait = async {
            loop {
                let answer = self.look(request);
                if !matches!(answer, LiveAnswer::NotYet) || changes.changed().await.is_err() {
                    return answer;
                }
            }
        };
        tokio::time::timeout(WAIT_MAX, wait).await.map_err(|_| self.not_live())
    }

    fn look(&self, request: &LiveRequest) -> LiveAnswer {
        if self.live.ask(&*self.camera.node.clock) && self.actor.send_message(CameraMessage::StartLive).is_err() {
            // The incarnation ended.
            self.live.stopped();
            return LiveAnswer::NotFound;
        }
        self.live.answer(request)
    }

    fn not_live(&self) -> LiveError {
        self.camera.node.events.status(self.camera.placement.camera).map_or(LiveError::NotFound, LiveError::NotLive)
    }
}

/// The number that stands for a viewer.
pub(crate) fn viewer_number(viewer: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    viewer.hash(&mut hasher);
    hasher.finish()
}
