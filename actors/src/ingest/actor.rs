use std::sync::Arc;

use eyrie_types::CameraSpec;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio_util::sync::CancellationToken;

use crate::context::{CHILD_STOP_PATIENCE, CameraContext};
use crate::owned_task::{OwnedTask, TaskEnd};

/// Supervises the ingest of one camera. A changed source is a new actor, so its mailbox carries one message only.
pub(crate) struct IngestActor;

/// What it starts with.
pub(crate) struct IngestArgs {
    pub(crate) camera: Arc<CameraContext>,
    pub(crate) spec: CameraSpec,
}

/// The ingest ended.
#[derive(Debug)]
pub(crate) struct IngestEnded(TaskEnd);

impl ractor::Message for IngestEnded {}

impl Actor for IngestActor {
    type Msg = IngestEnded;
    type State = Option<OwnedTask>;
    type Arguments = IngestArgs;

    async fn pre_start(&self, me: ActorRef<Self::Msg>, args: IngestArgs) -> Result<Self::State, ActorProcessingErr> {
        let stop = CancellationToken::new();
        let body = (args.camera.node.children.ingest)(Arc::clone(&args.camera), args.spec, stop.clone());
        Ok(Some(OwnedTask::spawn(args.camera.seat.runtime(), me, body, stop, IngestEnded)))
    }

    async fn handle(
        &self,
        me: ActorRef<Self::Msg>,
        IngestEnded(end): IngestEnded,
        _: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match end {
            TaskEnd::Finished => me.stop(None),
            TaskEnd::Panicked(text) => return Err(format!("the ingest panicked: {text}").into()),
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
