use std::future::Future;
use std::time::Duration;

use ractor::{ActorRef, Message};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// How a task ended: by itself, or by a panic with its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TaskEnd {
    /// It returned.
    Finished,
    /// It panicked.
    Panicked(String),
}

/// A task owned by an actor: the actor hears of its end, and takes it along when it goes. Media runs in such tasks, so that
/// mailboxes carry control only; a panic in the task reaches the actor as [`TaskEnd::Panicked`], which it answers by failing,
/// so that supervision sees it.
#[derive(Debug)]
pub(crate) struct OwnedTask {
    stop: CancellationToken,
    watcher: AbortOnDropHandle<()>,
}

impl OwnedTask {
    /// Runs `body` on `runtime` until it returns or panics, then sends `end` to `owner`.
    pub(crate) fn spawn<M: Message>(
        runtime: &Handle,
        owner: ActorRef<M>,
        body: impl Future<Output = ()> + Send + 'static,
        stop: CancellationToken,
        end: impl FnOnce(TaskEnd) -> M + Send + 'static,
    ) -> Self {
        let task = AbortOnDropHandle::new(runtime.spawn(body));
        let watcher = AbortOnDropHandle::new(tokio::spawn(async move {
            let ended = match task.await {
                Ok(()) => TaskEnd::Finished,
                Err(error) => TaskEnd::Panicked(panic_text(error)),
            };
            // An owner that is gone has no use for it.
            let _ = owner.send_message(end(ended));
        }));
        Self { stop, watcher }
    }

    /// Asks the task to end and waits for it, at most `patience`; then it is aborted.
    pub(crate) async fn stop(self, patience: Duration) {
        self.stop.cancel();
        if tokio::time::timeout(patience, self.watcher).await.is_err() {
            tracing::warn!(?patience, "a task did not end in time and was aborted");
        }
    }
}

fn panic_text(error: tokio::task::JoinError) -> String {
    match error.try_into_panic() {
        Ok(payload) => {
            let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
            text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panic".to_owned())
        }
        Err(_) => "aborted".to_owned(),
    }
}
