use bytes::Bytes;
use eyrie_media::hls::Rendition;
use eyrie_media::{Purpose, init_segment};
use eyrie_types::NodeId;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use hyper::body::Incoming;
use hyper::{Request, Response};

use super::told::{told, told_keyframe};
use super::{LiveError, LiveHandle, LiveKeyframe, LiveQuestion, LiveWanted};
use crate::control::ControlHandle;
use crate::media_link::{BoxedMediaBody, MediaHandler};
use crate::node::NodeHandle;

/// Answers other nodes about the cameras that run here, of the tenant they name, while this node's lease lasts.
pub(crate) struct LiveServer {
    control: ControlHandle,
    node: NodeHandle,
}

impl LiveServer {
    pub(crate) fn new(control: ControlHandle, node: NodeHandle) -> Self {
        Self { control, node }
    }
}

impl MediaHandler for LiveServer {
    fn answer(&self, _: NodeId, request: Request<Incoming>) -> BoxFuture<'static, Response<BoxedMediaBody>> {
        let (control, node) = (self.control.clone(), self.node.clone());
        async move {
            let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
            let Some(question) = LiveQuestion::parse(path, query) else { return told(Err(LiveError::Gone)) };
            let found = find(&control, &node, &question).await;
            match question.wanted {
                LiveWanted::Keyframe => told_keyframe(found.map(|live| (live.rendition(), keyframe(&live)))),
                LiveWanted::Playlist(request) => match found {
                    Ok(live) => told(live.get(request).await.map(|answer| (live.rendition(), answer))),
                    Err(error) => told(Err(error)),
                },
                LiveWanted::Media(rendition, request) => match found.and_then(|live| of(live, rendition)) {
                    Ok(live) => told(live.get(request).await.map(|answer| (rendition, answer))),
                    Err(error) => told(Err(error)),
                },
            }
        }
        .boxed()
    }
}

async fn find(control: &ControlHandle, node: &NodeHandle, asked: &LiveQuestion) -> Result<LiveHandle, LiveError> {
    let live = node.live(&asked.tenant, asked.camera)?;
    if live.rendition().slot != asked.slot {
        return Err(LiveError::NotFound);
    }
    if !control.may_act_soon().await {
        return Err(LiveError::CutOff);
    }
    Ok(live)
}

fn of(live: LiveHandle, rendition: Rendition) -> Result<LiveHandle, LiveError> {
    if live.rendition() == rendition { Ok(live) } else { Err(LiveError::Gone) }
}

fn keyframe(live: &LiveHandle) -> Option<LiveKeyframe> {
    let unit = live.latest_keyframe()?;
    let init = init_segment(&unit.stream, Purpose::Record).ok()?;
    // A copy: who waits to send it holds none of the ring's memory.
    Some(LiveKeyframe { init, data: Bytes::copy_from_slice(&unit.data), at: unit.wall })
}
