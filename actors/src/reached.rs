use std::time::Duration;

use tokio::sync::Notify;

/// Waits until `is_reached`, which is looked at again after each notice of `changed`, at most `patience`. Answers whether it was.
pub(crate) async fn reached(changed: &Notify, patience: Duration, is_reached: impl Fn() -> bool) -> bool {
    let wait = async {
        loop {
            // Before it is looked at, or a notice in between is missed.
            let notice = changed.notified();
            if is_reached() {
                return;
            }
            notice.await;
        }
    };
    tokio::time::timeout(patience, wait).await.is_ok()
}
