use std::sync::Arc;

use futures::future::BoxFuture;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::owned_task::{OwnedTask, TaskEnd};

/// A loop that serves the whole node, supervised like everything else.
pub(crate) struct Service;

/// Which loop.
#[derive(Clone)]
pub(crate) struct ServiceArgs {
    pub(crate) name: &'static str,
    pub(crate) body: Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>,
}

/// The loop ended.
#[derive(Debug)]
pub(crate) struct ServiceEnded(TaskEnd);

impl ractor::Message for ServiceEnded {}

impl Actor for Service {
    type Msg = ServiceEnded;
    type State = (&'static str, OwnedTask);
    type Arguments = ServiceArgs;

    async fn pre_start(&self, me: ActorRef<Self::Msg>, args: ServiceArgs) -> Result<Self::State, ActorProcessingErr> {
        let task = OwnedTask::spawn(&Handle::current(), me, (args.body)(), CancellationToken::new(), ServiceEnded);
        Ok((args.name, task))
    }

    async fn handle(
        &self,
        me: ActorRef<Self::Msg>,
        ServiceEnded(end): ServiceEnded,
        (name, _): &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match end {
            TaskEnd::Finished => me.stop(None),
            TaskEnd::Panicked(text) => return Err(format!("{name} panicked: {text}").into()),
        }
        Ok(())
    }
}
