use std::sync::Arc;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio_util::sync::CancellationToken;

use crate::context::{CHILD_STOP_PATIENCE, CameraContext};
use crate::owned_task::{OwnedTask, TaskEnd};

/// Supervises the recorder of one camera. Its mailbox carries one message only: that the recorder ended.
pub(crate) struct RecordingActor;

/// What it starts with.
pub(crate) struct RecordingArgs {
    pub(crate) camera: Arc<CameraContext>,
}

/// The recorder ended.
#[derive(Debug)]
pub(crate) struct RecorderEnded(TaskEnd);

impl ractor::Message for RecorderEnded {}

impl Actor for RecordingActor {
    type Msg = RecorderEnded;
    type State = Option<OwnedTask>;
    type Arguments = RecordingArgs;

    async fn pre_start(&self, me: ActorRef<Self::Msg>, args: RecordingArgs) -> Result<Self::State, ActorProcessingErr> {
        let stop = CancellationToken::new();
        let body = (args.camera.node.children.recording)(Arc::clone(&args.camera), stop.clone());
        Ok(Some(OwnedTask::spawn(args.camera.seat.runtime(), me, body, stop, RecorderEnded)))
    }

    async fn handle(
        &self,
        me: ActorRef<Self::Msg>,
        RecorderEnded(end): RecorderEnded,
        _: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match end {
            TaskEnd::Finished => me.stop(None),
            TaskEnd::Panicked(text) => return Err(format!("the recorder panicked: {text}").into()),
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
