use std::sync::Arc;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio_util::sync::CancellationToken;

use super::LiveState;
use crate::context::{CHILD_STOP_PATIENCE, CameraContext};
use crate::owned_task::{OwnedTask, TaskEnd};

/// Supervises the packager of one camera: started by its first viewer, ended by itself when nobody asks any more.
pub(crate) struct LiveActor;

/// What it starts with.
pub(crate) struct LiveArgs {
    pub(crate) camera: Arc<CameraContext>,
    pub(crate) live: Arc<LiveState>,
}

/// The packager ended.
#[derive(Debug)]
pub(crate) struct FeedEnded(TaskEnd);

impl ractor::Message for FeedEnded {}

impl Actor for LiveActor {
    type Msg = FeedEnded;
    type State = Option<OwnedTask>;
    type Arguments = LiveArgs;

    async fn pre_start(&self, me: ActorRef<Self::Msg>, args: LiveArgs) -> Result<Self::State, ActorProcessingErr> {
        let stop = CancellationToken::new();
        let body = (args.camera.node.children.live)(Arc::clone(&args.camera), args.live, stop.clone());
        Ok(Some(OwnedTask::spawn(args.camera.seat.runtime(), me, body, stop, FeedEnded)))
    }

    async fn handle(
        &self,
        me: ActorRef<Self::Msg>,
        FeedEnded(end): FeedEnded,
        _: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match end {
            TaskEnd::Finished => me.stop(None),
            TaskEnd::Panicked(text) => return Err(format!("the live packager panicked: {text}").into()),
        }
        Ok(())
    }

    async fn post_stop(&self, _: ActorRef<Self::Msg>, task: &mut Self::State) -> Result<(), ActorProcessingErr> {
        if let Some(task) = task.take() {
            task.stop(CHILD_STOP_PATIENCE).await;
        }
        Ok(())
    }
}
